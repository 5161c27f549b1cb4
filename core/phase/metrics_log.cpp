#include "phase/metrics_log.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <chrono>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

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

// What the log has of every epoch: a metric of one of these names would replace it.
const std::set<std::string> kOwn = {"training",          "epoch",         "loss",    "accuracy",          "lr",
                                    "held_out_accuracy", "held_out_loss", "seconds", "images_per_second", "data_wait"};

std::optional<Json> epoch_of(const std::string& line) {
  try {
    Json json = parse_json(line, "a line");
    const bool sound = json.is_object() && json.value("training", Json()).is_string() &&
                       json.value("epoch", Json()).is_number_integer() && json.value("seconds", Json()).is_number();
    if (sound) return json;
  } catch (const Error&) {
    // A crash of the file system may leave anything: a part of a line, or zeros.
  }
  return std::nullopt;
}

std::vector<std::string> lines_of(const std::string& content) {
  std::vector<std::string> lines;
  std::istringstream stream(content);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// How far an event file holds whole records, each between checksums.
size_t whole_records(const std::string& bytes) {
  const auto read = [&](size_t at, auto value) {
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  constexpr size_t kHeader = 12, kFooter = 4;
  size_t end = 0;
  while (bytes.size() - end >= kHeader + kFooter) {
    const auto length = read(end, uint64_t{});
    if (length > bytes.size() - end - kHeader - kFooter) break;
    const bool sound = read(end + 8, uint32_t{}) == masked_crc(bytes.substr(end, 8)) &&
                       read(end + kHeader + length, uint32_t{}) == masked_crc(bytes.substr(end + kHeader, length));
    if (!sound) break;
    end += kHeader + length + kFooter;
  }
  return end;
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

std::vector<Json> MetricsLog::read(const fs::path& folder) {
  std::vector<Json> epochs;
  for (const std::string& line : lines_of(read_if_there(folder / kLines).value_or(""))) {
    if (std::optional<Json> epoch = epoch_of(line)) epochs.push_back(std::move(*epoch));
  }
  return epochs;
}

int64_t MetricsLog::events() const { return length_of(events_); }

void MetricsLog::go_back(const std::string& training, int64_t epochs, int64_t events) {
  const std::string content = read_if_there(lines_).value_or("");
  std::string kept;
  for (const std::string& line : lines_of(content)) {
    const std::optional<Json> epoch = epoch_of(line);
    if (epoch && (epoch->at("training") != training || epoch->at("epoch") < epochs)) kept += line + "\n";
  }
  if (kept != content) write_atomically(lines_, kept);
  const std::string bytes = read_if_there(events_).value_or("");
  const size_t most = std::min(bytes.size(), static_cast<size_t>(events)), end = whole_records(bytes.substr(0, most));
  if (end < bytes.size()) fs::resize_file(events_, end);
}

void MetricsLog::flush() {
  if (!unflushed_) return;
  flush_to_disk(lines_);
  flush_to_disk(events_);
  unflushed_ = false;
}

void MetricsLog::add(const std::string& training, const EpochReport& report) {
  Json line = {{"training", training},
               {"epoch", report.epoch},
               {"loss", report.loss},
               {"accuracy", report.accuracy},
               {"lr", report.lr}};
  if (report.held_out) {
    line["held_out_accuracy"] = report.held_out->accuracy;
    line["held_out_loss"] = report.held_out->loss;
  }
  const auto check = [&](const std::string& name) {
    if (kOwn.count(name) || line.contains(name)) {
      fail_usage("training '", training, "' has a metric called '", name,
                 "', which the log has for its own or was given already; call it something else");
    }
  };
  for (const auto& [name, value] : report.metrics->scalars()) {
    check(name);
    line[name] = value;
  }
  std::string events = length_of(events_) == 0 ? tensorboard_record(wall_time(), 0, "", 0) : "";
  for (const auto& [name, value] : line.items()) {
    if (value.is_number() && name != "epoch") {
      events += tensorboard_record(wall_time(), report.epoch, training + "/" + name, value.get<float>());
    }
  }
  for (const auto& [name, values] : report.metrics->all_series()) {
    check(name);
    line[name] = values;
  }
  line["seconds"] = report.seconds;
  line["images_per_second"] = report.images_per_second;
  line["data_wait"] = report.data_wait;
  append(lines_, line.dump() + "\n");
  append(events_, events);
  unflushed_ = true;
}

}  // namespace senet
