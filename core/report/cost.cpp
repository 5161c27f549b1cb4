#include "report/cost.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "report/toml_file.h"

namespace senet {

namespace fs = std::filesystem;

CostProfile load_profile(const fs::path& file) {
  if (!fs::exists(file)) fail_usage(file.string(), ": there is no such profile of costs");
  toml::table table = parsed_toml(file);
  const auto of_key = [&](const char* section, const char* key) {
    const toml::node* node = section ? table[section][key].node() : table[key].node();
    if (!node)
      fail_usage(file.string(), ": has no ", key, section ? text(" under [", section, "]") : text(" at its top"));
    return node;
  };
  const auto wrong = [&](const toml::node& node, const char* key, const char* expected) {
    fail_usage(file.string(), ":", node.source().begin.line, ": ", key, ": expected ", expected);
  };
  const auto number_in = [&](const toml::node& node, const char* key, double least) {
    const auto value = node.value<double>();
    if (!value || !(*value >= least) || std::isinf(*value))
      wrong(node, key, text("a number of at least ", least).c_str());
    return *value;
  };
  const auto number = [&](const char* section, const char* key) { return number_in(*of_key(section, key), key, 0); };
  const auto words = [&](const char* section, const char* key) {
    const toml::node* node = of_key(section, key);
    if (!node->is_string()) wrong(*node, key, "a text");
    return *node->value<std::string>();
  };
  const auto numbers = [&](const char* section, const char* key) {
    const toml::node* node = of_key(section, key);
    if (!node->is_array() || node->as_array()->empty()) wrong(*node, key, "a list of numbers");
    std::vector<double> values;
    for (const toml::node& value : *node->as_array()) values.push_back(number_in(value, key, 0));
    return values;
  };
  CostProfile profile;
  profile.name = file.stem();
  profile.source = words(nullptr, "source");
  profile.online_seconds = number("per_relu", "online_us") * 1e-6;
  profile.offline_seconds = number("per_relu", "offline_us") * 1e-6;
  profile.online_bytes = number("per_relu", "online_bytes");
  profile.offline_bytes = number("per_relu", "offline_bytes");
  profile.storage_bytes = number("per_relu", "storage_bytes");
  profile.linear.model = words("linear", "model");
  profile.linear.macs = static_cast<int64_t>(number_in(*of_key("linear", "macs"), "macs", 1));
  profile.linear.online_seconds = number("linear", "online_s");
  for (const double size : numbers("linear", "input")) profile.linear.input.push_back(std::llround(size));
  profile.linear.offline_seconds = numbers("linear", "offline_s");
  return profile;
}

NetworkCost cost_of(const Result& result, const CostProfile& profile) {
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  NetworkCost all{};
  for (const Json& site : result.json.at("sites")) {
    const auto kept = site.at("kept").get<int64_t>();
    const auto n = static_cast<double>(kept);
    const InferenceCost cost{n * profile.online_seconds, n * profile.offline_seconds, n * profile.online_bytes,
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
    return InferenceCost{share * linear.online_seconds, share * sum, unknown, unknown, unknown};
  };
  all.linear = scaled(json.at("model").at("macs").get<double>());
  const Json layers = json.at("model").value("layers", Json::object());
  for (const auto& [name, macs] : layers.items()) all.linear_layers.push_back({name, 0, scaled(macs.get<double>())});
  return all;
}

}  // namespace senet
