#include "tools/report/measurements.h"

#include <algorithm>
#include <limits>

#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

double Traffic::megabytes() const { return 1e-6 * (static_cast<double>(sent[0]) + static_cast<double>(sent[1])); }

void form(Form& form, Traffic& traffic) {
  form.number("seconds", traffic.seconds);
  form.counts("sent", traffic.sent);
  form.counts("messages", traffic.messages);
  form.count("rounds", traffic.rounds);
  for (const auto& [name, counts] : {std::pair("sent", &traffic.sent), std::pair("messages", &traffic.messages)}) {
    if (counts->size() != 2) form.fail_at(name, "a count of each party");
  }
}

static void form(Form& form, Measurement::Latency& latency) {
  form.text("network", latency.network);
  form.number("bandwidth", latency.bandwidth);
  form.number("round_trip", latency.round_trip);
  form.number("first", latency.first);
  form.number("later", latency.later);
}

static void form(Form& form, Measurement& measurement) {
  form.text("run", measurement.run);
  form.number("width", measurement.width);
  form.text("masking", measurement.masking);
  form.count("relus", measurement.relus);
  form.within("comparisons", [&](Form& comparisons) {
    comparisons.count("relu", measurement.relu_comparisons);
    comparisons.count("max_pool", measurement.max_pool_comparisons);
  });
  // Earlier programs measured no network that multiplies.
  if (form.has("multiplications")) form.object("multiplications", measurement.multiplications);
  form.text("protocol", measurement.protocol);
  form.count("images", measurement.images, Form::if_any);
  form.texts("caveats", measurement.caveats);
  if (form.has("agreement")) {
    form.within("agreement", [&](Form& agreement) {
      agreement.share("same_class", measurement.same_class);
      agreement.number("largest_error", measurement.largest_error);
    });
  }
  form.object("first", measurement.first);
  form.object("later", measurement.later);
  form.named("cost", measurement.cost);
  form.objects("latency", measurement.latencies);
  form.counts("memory", measurement.memory);
}

std::string Measurement::Latency::name() const {
  const auto known = [](const std::optional<double>& number) { return number ? Json(*number).dump() : "null"; };
  return network + " (" + known(bandwidth) + " Mb/s, " + known(round_trip) + " ms)";
}

std::string Measurement::at_its_width() const { return width == 1 ? "" : " at width " + Json(width).dump(); }

std::string Measurement::title(const std::string& label) const {
  return label + at_its_width() + (masking == "gather" ? "" : ", masks by " + masking);
}

double Measurement::megabytes(const char* kind) const { return cost.count(kind) ? cost.at(kind).megabytes() : 0; }

double Measurement::latency(const char* network) const {
  for (const Latency& row : latencies) {
    if (row.network == network) return row.seconds();
  }
  return std::numeric_limits<double>::quiet_NaN();
}

Measurement measurement_from(const Json& json, const fs::path& file) {
  const Json schema = json.is_object() ? json.value("schema", Json()) : Json(kMeasurementSchema);
  if (schema != kMeasurementSchema) {
    fail_usage(file.string(), ": has the schema ", schema.dump(), ", this program reads ", kMeasurementSchema,
               "; `senet measure` measures it again");
  }
  try {
    auto measurement = read_as<Measurement>(json, "");
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
