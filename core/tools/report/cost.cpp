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

constexpr double InferenceCost::*kFigures[] = {&InferenceCost::online_seconds, &InferenceCost::offline_seconds,
                                               &InferenceCost::online_bytes, &InferenceCost::offline_bytes,
                                               &InferenceCost::storage_bytes};

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
  return {file.stem(),
          top.text("source"),
          {relu.real("online_us") * 1e-6, relu.real("offline_us") * 1e-6, relu.real("online_bytes"),
           relu.real("offline_bytes"), relu.real("storage_bytes")},
          {linear.text("model"), linear.integers("input"), linear.integer("macs"), linear.reals("offline_s"),
           linear.real("online_s")}};
}

NetworkCost cost_of(const Result& result, const CostProfile& profile) {
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  NetworkCost all{};
  all.multiplications = result.network.multiplications;
  for (const ResultSite& site : result.sites) {
    const auto n = static_cast<double>(site.counted);
    all.relu_layers.push_back({site.name, site.counted, {}, site.multiplications});
    InferenceCost& layer = all.relu_layers.back().cost;
    for (double InferenceCost::*const figure : kFigures) {
      layer.*figure = n * profile.relu.*figure;
      all.relus.*figure += layer.*figure;
    }
  }
  const auto& linear = profile.linear;
  const double sum = std::accumulate(linear.offline_seconds.begin(), linear.offline_seconds.end(), 0.0);
  all.linear_measured =
      result.model.variant == linear.model && !result.model.made_smaller && result.dataset.input == linear.input;
  if (all.linear_measured) {
    all.linear = {linear.online_seconds, sum, unknown, unknown, unknown};
    for (size_t i = 0; i < linear.offline_seconds.size(); ++i)
      all.linear_layers.push_back(
          {text("linear layer ", i + 1), 0, {unknown, linear.offline_seconds[i], unknown, unknown, unknown}, {}});
    return all;
  }
  const auto scaled = [&](int64_t macs) {
    const double share = static_cast<double>(macs) / static_cast<double>(linear.macs);
    return InferenceCost{share * linear.online_seconds, share * sum, unknown, unknown, unknown};
  };
  all.linear = scaled(result.model.macs);
  for (const auto& [name, macs] : result.model.layers) all.linear_layers.push_back({name, 0, scaled(macs), {}});
  return all;
}

}  // namespace senet
