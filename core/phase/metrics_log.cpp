#include "phase/metrics_log.h"

#include <boost/crc.hpp>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>

#include "senet/error.h"
#include "storage/files.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

// TFRecord's checksum: CRC-32C, rotated and offset.
uint32_t masked_crc(const std::string& bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const uint32_t sum = crc.checksum();
  return ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
}

template <class T>
std::string little_endian(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// Protocol buffers' wire format: field number and wire type, then the value.
std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes += static_cast<char>(value);
}
std::string field_bytes(int number, const std::string& value) {
  return varint(static_cast<uint64_t>(number) << 3 | 2) + varint(value.size()) + value;
}
std::string field_double(int number, double value) {
  return varint(static_cast<uint64_t>(number) << 3 | 1) + little_endian(value);
}
std::string field_float(int number, float value) {
  return varint(static_cast<uint64_t>(number) << 3 | 5) + little_endian(value);
}
std::string field_integer(int number, int64_t value) {
  return varint(static_cast<uint64_t>(number) << 3) + varint(static_cast<uint64_t>(value));
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

int64_t length_of(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

void append(const fs::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::app);
  out << bytes << std::flush;
  SENET_CHECK(out.good(), path.string(), ": cannot be written; is there space left?");
}

void cut(const fs::path& path, int64_t length) {
  if (length_of(path) > length) fs::resize_file(path, static_cast<uintmax_t>(length));
}

}  // namespace

std::string tensorboard_record(double time, int64_t step, const std::string& tag, float value) {
  std::string event = field_double(1, time) + field_integer(2, step);
  if (tag.empty()) {
    event = field_double(1, time) + field_bytes(3, "brain.Event:2");
  } else {
    event += field_bytes(5, field_bytes(1, field_bytes(1, tag) + field_float(2, value)));
  }
  const std::string length = little_endian(static_cast<uint64_t>(event.size()));
  return length + little_endian(masked_crc(length)) + event + little_endian(masked_crc(event));
}

MetricsLog::MetricsLog(const fs::path& folder)
    : lines_(folder / kLines), events_(folder / "events.out.tfevents.0.senet") {}

bool MetricsLog::exists(const fs::path& folder) { return fs::exists(folder / kLines); }

std::vector<nlohmann::ordered_json> MetricsLog::read(const fs::path& folder) {
  std::vector<nlohmann::ordered_json> epochs;
  std::istringstream lines(read_file(folder / kLines));
  for (std::string line; std::getline(lines, line);) epochs.push_back(nlohmann::ordered_json::parse(line));
  return epochs;
}

MetricsLog::Lengths MetricsLog::lengths() const { return {length_of(lines_), length_of(events_)}; }

void MetricsLog::cut_back(const Lengths& lengths) {
  cut(lines_, lengths.lines);
  cut(events_, lengths.events);
}

void MetricsLog::add(const std::string& training, const EpochReport& report) {
  nlohmann::ordered_json line = {{"training", training},
                                 {"epoch", report.epoch},
                                 {"loss", report.loss},
                                 {"accuracy", report.accuracy},
                                 {"lr", report.lr}};
  if (report.held_out) {
    line["held_out_accuracy"] = report.held_out->accuracy;
    line["held_out_loss"] = report.held_out->loss;
  }
  for (const auto& [name, value] : report.metrics->scalars()) line[name] = value;
  std::string events = length_of(events_) == 0 ? tensorboard_record(wall_time(), 0, "", 0) : "";
  for (const auto& [name, value] : line.items()) {
    if (value.is_number() && name != "epoch") {
      events += tensorboard_record(wall_time(), report.epoch, training + "/" + name, value.get<float>());
    }
  }
  for (const auto& [name, values] : report.metrics->all_series()) line[name] = values;
  line["seconds"] = report.seconds;
  line["images_per_second"] = report.images_per_second;
  line["data_wait"] = report.data_wait;
  append(lines_, line.dump() + "\n");
  append(events_, events);
}

}  // namespace senet
