#include "tools/report/cost.h"

#include <limits>
#include <numeric>

#include "config/document.h"
#include "senet/error.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr Option kTop[] = {
    text_option("source", "\"\"", "who measured it, where"),
};
// A default out of bounds: every figure has to be said.
constexpr Option kPerRelu[] = {
    real_option("online_us", "-1", "of the online phase").at_least(0).in("µs"),
    real_option("offline_us", "-1", "of the offline phase").at_least(0).in("µs"),
    real_option("online_bytes", "-1", "sent in the online phase").at_least(0).in("bytes"),
    real_option("offline_bytes", "-1", "sent in the offline phase").at_least(0).in("bytes"),
    real_option("storage_bytes", "-1", "kept from the offline phase until it is used").at_least(0).in("bytes"),
};
constexpr Option kLinear[] = {
    text_option("model", "\"\"", "the network that was measured"),
    integers_option("input", "[]", "its input: C, H, W").at_least(1),
    integer_option("macs", "-1", "its multiply–accumulates").at_least(1),
    reals_option("offline_s", "[]", "of each linear layer").at_least(0).in("s"),
    real_option("online_s", "-1", "of all of them").at_least(0).in("s"),
};

Options required(const Document& document, const std::string& section, const std::vector<Option>& declared) {
  const Options options = document.resolve(section, declared);
  for (const Options::Item& item : options.items()) {
    if (!item.is_default) continue;
    fail_usage(document.name(), ": has no ", item.declaration.name,
               section.empty() ? " at its top" : " under [" + section + "]", " (", item.declaration.help, ")");
  }
  return options;
}

}  // namespace

CostProfile load_profile(const fs::path& file) {
  const Document document = Document::from_file(file.string());
  const Options top = required(document, "", declare(kTop)), relu = required(document, "per_relu", declare(kPerRelu)),
                linear = required(document, "linear", declare(kLinear));
  document.refuse_unread();
  CostProfile profile;
  profile.name = file.stem();
  profile.source = top.text("source");
  profile.online_seconds = relu.real("online_us") * 1e-6;
  profile.offline_seconds = relu.real("offline_us") * 1e-6;
  profile.online_bytes = relu.real("online_bytes");
  profile.offline_bytes = relu.real("offline_bytes");
  profile.storage_bytes = relu.real("storage_bytes");
  profile.linear = {linear.text("model"), linear.integers("input"), linear.integer("macs"), linear.reals("offline_s"),
                    linear.real("online_s")};
  return profile;
}

NetworkCost cost_of(const Result& result, const CostProfile& profile) {
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  NetworkCost all{};
  for (const ResultSite& site : result.sites) {
    const auto n = static_cast<double>(site.counted);
    const InferenceCost cost{n * profile.online_seconds, n * profile.offline_seconds, n * profile.online_bytes,
                             n * profile.offline_bytes, n * profile.storage_bytes};
    all.relu_layers.push_back({site.name, site.counted, cost});
    all.relus.online_seconds += cost.online_seconds;
    all.relus.offline_seconds += cost.offline_seconds;
    all.relus.online_bytes += cost.online_bytes;
    all.relus.offline_bytes += cost.offline_bytes;
    all.relus.storage_bytes += cost.storage_bytes;
  }
  const auto& linear = profile.linear;
  const double sum = std::accumulate(linear.offline_seconds.begin(), linear.offline_seconds.end(), 0.0);
  all.linear_measured =
      result.model.variant == linear.model && !result.model.made_smaller && result.dataset.input == linear.input;
  if (all.linear_measured) {
    all.linear = {linear.online_seconds, sum, unknown, unknown, unknown};
    for (size_t i = 0; i < linear.offline_seconds.size(); ++i)
      all.linear_layers.push_back(
          {text("linear layer ", i + 1), 0, {unknown, linear.offline_seconds[i], unknown, unknown, unknown}});
    return all;
  }
  const auto scaled = [&](int64_t macs) {
    const double share = static_cast<double>(macs) / static_cast<double>(linear.macs);
    return InferenceCost{share * linear.online_seconds, share * sum, unknown, unknown, unknown};
  };
  all.linear = scaled(result.model.macs);
  for (const auto& [name, macs] : result.model.layers) all.linear_layers.push_back({name, 0, scaled(macs)});
  return all;
}

}  // namespace senet
