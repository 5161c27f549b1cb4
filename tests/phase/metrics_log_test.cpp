#include "phase/metrics_log.h"

#include <boost/crc.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

#include "support/support.h"

namespace senet {
namespace {

using testing::slurp;
using testing::TemporaryFolder;

EpochReport report(int64_t epoch, const Metrics& metrics) {
  return {epoch, 1.5, 0.25, 0.05, 2.0, 100.0, 0.01, Score{0.5, 1.25, 10}, &metrics};
}

TEST(MetricsLog, OneJsonObjectALine) {
  const TemporaryFolder folder;
  MetricsLog log(folder.path());
  Metrics metrics;
  metrics.scalar("nhd", 0.125);
  metrics.series("density", {0.5, 0.25});
  log.add("network", report(0, metrics));
  log.add("network", report(1, metrics));
  std::istringstream lines(slurp(folder / "metrics.jsonl"));
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["training"], "network");
  EXPECT_EQ(json["loss"], 1.5);
  EXPECT_EQ(json["held_out_accuracy"], 0.5);
  EXPECT_EQ(json["nhd"], 0.125);
  EXPECT_EQ(json["density"], (std::vector<double>{0.5, 0.25}));
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(nlohmann::json::parse(line)["epoch"], 1);
}

TEST(MetricsLog, GoesBackToWhereACheckpointStands) {
  const TemporaryFolder folder;
  Metrics metrics;
  MetricsLog log(folder.path());
  log.add("first", report(0, metrics));
  log.add("network", report(0, metrics));
  const auto events = log.events();
  const std::string before = slurp(folder / "metrics.jsonl");
  log.add("network", report(1, metrics));
  MetricsLog again(folder.path());
  again.go_back("network", 1, events);
  EXPECT_EQ(slurp(folder / "metrics.jsonl"), before);
  EXPECT_EQ(again.events(), events);
}

TEST(MetricsLog, PassesOverWhatACrashLeft) {
  const TemporaryFolder folder;
  Metrics metrics;
  MetricsLog log(folder.path());
  for (int epoch = 0; epoch < 3; ++epoch) log.add("network", report(epoch, metrics));
  std::string lines = slurp(folder / "metrics.jsonl"), events = slurp(folder / "events.out.tfevents.0.senet");
  const size_t second = lines.find('\n') + 1;
  std::fill(lines.begin() + second, lines.begin() + second + 40, '\0');
  testing::write_file(folder / "metrics.jsonl", lines + "{\"training\": \"netw");
  testing::write_file(folder / "events.out.tfevents.0.senet", events.substr(0, events.size() - 7));
  const auto found = MetricsLog::read(folder.path());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0]["epoch"], 0);
  EXPECT_EQ(found[1]["epoch"], 2);
  MetricsLog again(folder.path());
  again.go_back("network", 3, again.events());
  again.add("network", report(3, metrics));
  EXPECT_EQ(MetricsLog::read(folder.path()).size(), 3u) << "an epoch after half a line is a line of its own";
  EXPECT_LT(slurp(folder / "events.out.tfevents.0.senet").find("network"), events.size());
}

TEST(MetricsLog, Crc32cIsTheCastagnoliOne) {
  // The check value that the polynomial's catalogue gives for "123456789".
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes("123456789", 9);
  EXPECT_EQ(crc.checksum(), 0xE3069283u);
}

TEST(MetricsLog, ATensorboardRecordIsItsBytes) {
  const std::string record = tensorboard_record(1.0, 3, "a", 0.5f);
  // Event: wall_time (1, double) = 1.0, step (2) = 3, summary (5) { value (1) { tag (1) "a", simple_value (2) 0.5 } }.
  const std::string event(
      "\x09\0\0\0\0\0\0\xf0\x3f\x10\x03\x2a\x0a\x0a\x08\x0a\x01"
      "a\x15\0\0\0\x3f",
      23);
  uint64_t length;
  ASSERT_EQ(record.size(), 8 + 4 + event.size() + 4);
  std::memcpy(&length, record.data(), 8);
  EXPECT_EQ(length, event.size());
  EXPECT_EQ(record.substr(12, event.size()), event);
  const auto masked = [](const std::string& bytes) {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    const uint32_t sum = crc.checksum();
    return ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
  };
  uint32_t header_sum, event_sum;
  std::memcpy(&header_sum, record.data() + 8, 4);
  std::memcpy(&event_sum, record.data() + 12 + event.size(), 4);
  EXPECT_EQ(header_sum, masked(record.substr(0, 8)));
  EXPECT_EQ(event_sum, masked(event));
}

}  // namespace
}  // namespace senet
