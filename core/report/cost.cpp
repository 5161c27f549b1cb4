#include "report/cost.h"

#include <limits>
#include <numeric>

#include "report/toml_file.h"

namespace senet {

namespace fs = std::filesystem;

CostProfile load_profile(const fs::path& file) {
  if (!fs::exists(file)) fail_usage(file.string(), ": there is no such profile of costs; experiments/costs has them");
  toml::table table = parsed_toml(file);
  const auto lacks = [&](const char* section, const char* key) {
    fail_usage(file.string(), ": has no ", key, section ? " under [" : " at its top", section ? section : "",
               section ? "], or another type than expected" : "");
  };
  const auto number = [&](const char* section, const char* key) {
    const auto value = table[section][key].value<double>();
    if (!value || *value < 0) lacks(section, key);
    return *value;
  };
  const auto name = [&](const toml::node_view<toml::node>& node, const char* section, const char* key) {
    const auto value = node.value<std::string>();
    if (!value) lacks(section, key);
    return *value;
  };
  CostProfile profile;
  profile.name = file.stem();
  profile.source = name(table["source"], nullptr, "source");
  profile.online_seconds = number("per_relu", "online_us") * 1e-6;
  profile.offline_seconds = number("per_relu", "offline_us") * 1e-6;
  profile.online_bytes = number("per_relu", "online_bytes");
  profile.offline_bytes = number("per_relu", "offline_bytes");
  profile.storage_bytes = number("per_relu", "storage_bytes");
  profile.linear.model = name(table["linear"]["model"], "linear", "model");
  profile.linear.macs = static_cast<int64_t>(number("linear", "macs"));
  profile.linear.online_seconds = number("linear", "online_s");
  const toml::array* input = table["linear"]["input"].as_array();
  const toml::array* seconds = table["linear"]["offline_s"].as_array();
  if (!input) lacks("linear", "input");
  if (!seconds || seconds->empty()) lacks("linear", "offline_s");
  for (const toml::node& size : *input) profile.linear.input.push_back(size.value_or(int64_t{0}));
  for (const toml::node& value : *seconds) profile.linear.offline_seconds.push_back(value.value_or(0.0));
  return profile;
}

NetworkCost cost_of(const Result& result, const CostProfile& profile) {
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  NetworkCost all{};
  for (const Json& site : result.json.at("sites")) {
    const auto kept = site.at("kept").get<int64_t>();
    const auto n = static_cast<double>(kept);
    const Cost cost{n * profile.online_seconds, n * profile.offline_seconds, n * profile.online_bytes,
                    n * profile.offline_bytes, n * profile.storage_bytes};
    all.relu_layers.push_back({site.at("name").get<std::string>(), kept, cost});
    all.relus.online_seconds += cost.online_seconds;
    all.relus.offline_seconds += cost.offline_seconds;
    all.relus.online_bytes += cost.online_bytes;
    all.relus.offline_bytes += cost.offline_bytes;
    all.relus.storage_bytes += cost.storage_bytes;
  }
  const auto& linear = profile.linear;
  const Json& json = result.json;
  const double sum = std::accumulate(linear.offline_seconds.begin(), linear.offline_seconds.end(), 0.0);
  all.linear_measured = json.at("model").at("variant") == linear.model && !json.at("model").contains("made_smaller") &&
                        json.at("dataset").value("input", std::vector<int64_t>()) == linear.input;
  if (all.linear_measured) {
    all.linear = {linear.online_seconds, sum, unknown, unknown, unknown};
    for (size_t i = 0; i < linear.offline_seconds.size(); ++i)
      all.linear_layers.push_back(
          {text("linear layer ", i + 1), 0, {unknown, linear.offline_seconds[i], unknown, unknown, unknown}});
    return all;
  }
  const auto scaled = [&](double macs) {
    const double share = macs / static_cast<double>(linear.macs);
    return Cost{share * linear.online_seconds, share * sum, unknown, unknown, unknown};
  };
  all.linear = scaled(json.at("model").at("macs").get<double>());
  const Json layers = json.at("model").value("layers", Json::object());
  for (const auto& [name, macs] : layers.items()) all.linear_layers.push_back({name, 0, scaled(macs.get<double>())});
  return all;
}

}  // namespace senet
