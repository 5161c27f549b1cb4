#include "tools/report/measurements.h"

#include <algorithm>

#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

double Traffic::megabytes() const { return 1e-6 * (static_cast<double>(sent[0]) + static_cast<double>(sent[1])); }

Json to_json(const Traffic& traffic) {
  return {{"seconds", traffic.seconds},
          {"sent", {traffic.sent[0], traffic.sent[1]}},
          {"messages", {traffic.messages[0], traffic.messages[1]}},
          {"rounds", traffic.rounds}};
}

Traffic traffic_from(const Fields& fields) {
  Traffic traffic;
  traffic.seconds = fields.number("seconds");
  traffic.rounds = fields.count("rounds");
  for (const auto& [name, of_parties] : {std::pair("sent", traffic.sent), std::pair("messages", traffic.messages)}) {
    const std::vector<int64_t> counts = fields.counts(name);
    if (counts.size() != 2) fields.fail_at(name, "a count of each party");
    std::copy(counts.begin(), counts.end(), of_parties);
  }
  return traffic;
}

std::string Measurement::Latency::name() const {
  return network + " (" + Json(bandwidth).dump() + " Mb/s, " + Json(round_trip).dump() + " ms)";
}

std::string Measurement::at_its_width() const { return width == 1 ? "" : " at width " + Json(width).dump(); }

std::string Measurement::title(const std::string& label) const {
  return label + at_its_width() + (masking == "gather" ? "" : ", masks by " + masking);
}

double Measurement::megabytes(const char* kind) const { return cost.count(kind) ? cost.at(kind).megabytes() : 0; }

double Measurement::latency(const char* network) const {
  for (const Latency& row : latencies) {
    if (row.network == network) return row.seconds;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

namespace {

Measurement read(const Fields& fields) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  Measurement measurement;
  measurement.run = fields.text("run");
  measurement.protocol = fields.text("protocol");
  measurement.masking = fields.text("masking");
  measurement.width = fields.number("width");
  measurement.relus = fields.count("relus");
  measurement.images = fields.count("images", 0);
  const Fields comparisons = fields.object("comparisons");
  measurement.relu_comparisons = comparisons.count("relu");
  measurement.max_pool_comparisons = comparisons.count("max_pool");
  measurement.caveats = fields.texts("caveats");
  measurement.first = traffic_from(fields.object("first"));
  if (fields.has("later")) measurement.later = traffic_from(fields.object("later"));
  for (const auto& [kind, part] : fields.named_objects("cost")) measurement.cost[kind] = traffic_from(part);
  for (const Fields& row : fields.objects("latency")) {
    measurement.latencies.push_back({row.text("network"), row.number("bandwidth", kUnknown),
                                     row.number("round_trip", kUnknown),
                                     row.number(row.has("later") ? "later" : "first")});
  }
  if (fields.has("agreement")) {
    measurement.same_class = fields.object("agreement").share("same_class");
    measurement.largest_error = fields.object("agreement").number("largest_error");
  }
  measurement.memory = fields.counts("memory");
  return measurement;
}

}  // namespace

Measurement measurement_from(const Json& json, const fs::path& file) {
  const Json schema = json.is_object() ? json.value("schema", Json()) : Json(kMeasurementSchema);
  if (schema != kMeasurementSchema) {
    fail_usage(file.string(), ": has the schema ", schema.dump(), ", this program reads ", kMeasurementSchema,
               "; `senet measure` measures it again");
  }
  try {
    Measurement measurement = read(Fields(json, ""));
    measurement.file = file;
    return measurement;
  } catch (const Error& error) {
    fail_usage(file.string(), ": is not a measurement of `senet measure`: ", error.what());
  }
}

std::vector<Measurement> measurements_of(const Result& result) {
  const fs::path folder = result.file.parent_path() / "measured";
  std::vector<Measurement> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& file = entry.path();
    if (file.extension() != ".json" || file.filename().string().rfind(result.file.stem().string() + ".", 0) != 0)
      continue;
    found.push_back(measurement_from(parse_json(read_file(file), file.string()), file));
    const Measurement& measurement = found.back();
    const int64_t relus = result.at_width(measurement.width).scores.relus;
    if (measurement.run != result.id() || measurement.relus != relus) {
      fail_usage(file.string(), ": was measured of another network than ", result.file.string(),
                 "; `senet measure` measures it again");
    }
  }
  std::sort(found.begin(), found.end(), [](const Measurement& a, const Measurement& b) { return a.file < b.file; });
  return found;
}

}  // namespace senet
