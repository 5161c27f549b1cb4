#include "reduction.h"

#include <algorithm>
#include <sstream>

namespace senet {

namespace {

std::string joined(const std::vector<int64_t>& numbers) {
  std::string all;
  for (const int64_t number : numbers) all += "-" + std::to_string(number);
  return all;
}

// "layer2.0" of "layer2.0.relu2"; empty for a site in no block, as "features.5" of a chain of layers is.
std::string block_of(const ReluSite& site) {
  const std::string block = site.name().substr(0, std::min(site.name().size(), site.name().rfind('.')));
  return block == site.name() || block.find('.') == std::string::npos ? "" : block;
}

}  // namespace

std::string Reduction::name() const {
  std::vector<std::string> parts;
  if (!culled.empty()) parts.push_back("culled" + joined(culled));
  if (thinned) parts.push_back("thinned");
  if (channels != 1) {
    std::ostringstream part;
    part << "channels-" << channels;
    parts.push_back(part.str());
  }
  if (stem_stride != 1) {
    std::ostringstream part;
    part << "resolution-" << 1.0 / static_cast<double>(stem_stride);
    parts.push_back(part.str());
  }
  if (!blocks.empty()) parts.push_back("blocks" + joined(blocks));
  std::string name;
  for (const std::string& part : parts) name += (name.empty() ? "" : "_") + part;
  return name;
}

NetworkShape Reduction::shape(const NetworkShape& model) const {
  NetworkShape shape = model.at_scale(channels);
  shape.stem_stride = stem_stride;
  shape.blocks = blocks;
  return shape;
}

bool Reduction::keeps(const Network& network, const ReluSite& site) const {
  if (std::find(culled.begin(), culled.end(), site.stage()) != culled.end()) return false;
  if (!thinned || block_of(site).empty() || site.index() == 0) return true;
  return block_of(network.sites()[site.index() - 1]) != block_of(site);
}

int64_t Reduction::relus(const Network& network) const {
  int64_t relus = 0;
  for (const ReluSite& site : network.sites()) relus += keeps(network, site) ? site.relus() : 0;
  return relus;
}

void Reduction::apply(Network& network) const {
  for (const ReluSite& site : network.sites()) {
    if (!keeps(network, site)) network.set_activation(site, std::make_shared<Linear>(site.shape()));
  }
}

std::vector<Reduction> reductions(const std::vector<int64_t>& order, int64_t culled_at_most, int64_t stages,
                                  const std::vector<int64_t>& blocks) {
  std::vector<Reduction> all;
  const int64_t most = std::min({culled_at_most, static_cast<int64_t>(order.size()), stages - 1});
  for (int64_t count = 0; count <= most; ++count) {
    std::vector<int64_t> culled(order.begin(), order.begin() + count);
    std::sort(culled.begin(), culled.end());
    if (count > 0) all.push_back({culled});
    all.push_back({culled, true});
    all.push_back({culled, true, 0.5});
    all.push_back({culled, true, 1, 2});
    all.push_back({culled, true, 0.5, 2});
    if (!blocks.empty()) all.push_back({culled, true, 0.5, 2, blocks});
  }
  return all;
}

}  // namespace senet
