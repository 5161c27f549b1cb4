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

TEST(MetricsLog, CutsBackToWhereACheckpointStands) {
  const TemporaryFolder folder;
  Metrics metrics;
  MetricsLog log(folder.path());
  log.add("network", report(0, metrics));
  const auto lengths = log.lengths();
  const std::string before = slurp(folder / "metrics.jsonl");
  log.add("network", report(1, metrics));
  MetricsLog again(folder.path());
  again.cut_back(lengths);
  EXPECT_EQ(slurp(folder / "metrics.jsonl"), before);
  EXPECT_EQ(again.lengths().events, lengths.events);
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
