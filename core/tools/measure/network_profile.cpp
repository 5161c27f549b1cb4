#include "tools/measure/network_profile.h"

#include <algorithm>

#include "config/document.h"
#include "senet/error.h"

namespace senet {

namespace {

constexpr Option kOptions[] = {
    text_option("name", "\"\"", "what tables call it"),
    real_option("bandwidth", "0", "in each direction").at_least(1e-3).in("Mb/s"),
    real_option("round_trip", "-1", "of a message and its answer").at_least(0).in("ms"),
};

}  // namespace

NetworkProfile load_network_profile(const std::filesystem::path& file) {
  const Document document = Document::from_file(file.string());
  const Options options = document.resolve("", declare(kOptions));
  document.refuse_unread();
  NetworkProfile profile{options.text("name"), options.real("bandwidth"), options.real("round_trip")};
  if (profile.name.empty() || profile.bandwidth <= 0 || profile.round_trip < 0) {
    fail_usage(file.string(), ": a network's profile needs `name`, `bandwidth` (Mb/s) and `round_trip` (ms)");
  }
  return profile;
}

double latency(const Traffic& traffic, const NetworkProfile& profile) {
  const int64_t bytes =
      traffic.in_turns ? traffic.sent[0] + traffic.sent[1] : std::max(traffic.sent[0], traffic.sent[1]);
  return traffic.seconds + static_cast<double>(traffic.rounds) * profile.round_trip / 2e3 +
         8e-6 * static_cast<double>(bytes) / profile.bandwidth;
}

}  // namespace senet
