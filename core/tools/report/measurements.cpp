#include "tools/report/measurements.h"

#include <algorithm>
#include <limits>

#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

double megabytes_of(const Json& part) {
  return 1e-6 * (part.at("sent").at(0).get<double>() + part.at("sent").at(1).get<double>());
}

}  // namespace

double Measurement::megabytes(const char* part) const {
  const Json& cost = json.at("cost");
  return cost.contains(part) ? megabytes_of(cost.at(part)) : 0;
}

std::string Measurement::at_its_width() const { return width() == 1 ? "" : " at width " + Json(width()).dump(); }

std::string Measurement::title(const std::string& label) const {
  const std::string masking = json.at("masking").get<std::string>();
  return label + at_its_width() + (masking == "gather" ? "" : ", masks by " + masking);
}

const Json& Measurement::whole() const { return json.contains("later") ? json.at("later") : json.at("first"); }

double Measurement::total_megabytes() const { return megabytes_of(whole()); }

double Measurement::latency(const char* network) const {
  for (const Json& row : json.at("latency")) {
    if (row.at("network") == network) return row.at(row.contains("later") ? "later" : "first").get<double>();
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<Measurement> measurements_of(const Result& result) {
  const fs::path folder = result.file.parent_path() / "measured";
  std::vector<Measurement> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string(), run = result.file.stem().string() + ".";
    if (entry.path().extension() != ".json" || name.rfind(run, 0) != 0) continue;
    const Json json = parse_json(read_file(entry.path()), entry.path().string());
    const Measurement measurement{entry.path(), json};
    int64_t relus = 0;
    if (json.is_object() && json.value("schema", 0) != kMeasurementSchema) {
      fail_usage(entry.path().string(), ": has the schema ", json.value("schema", Json()).dump(),
                 ", this program reads ", kMeasurementSchema, "; `senet measure` measures it again");
    }
    // What readers will ask for.
    try {
      for (const char* section : {"run", "protocol", "masking"}) json.at(section).get<std::string>();
      for (const char* kind : {"relu", "max_pool"}) json.at("comparisons").at(kind).get<int64_t>();
      for (const char* part : {"linear", "relu", "max_pool"}) measurement.megabytes(part);
      measurement.whole().at("rounds").get<int64_t>();
      measurement.total_megabytes();
      for (const Json& row : json.at("latency")) measurement.latency(row.at("network").get<std::string>().c_str());
      relus = result.at_width(measurement.width()).scores.relus;
    } catch (const Json::exception& error) {
      fail_usage(entry.path().string(), ": is not a measurement of `senet measure`: ", error.what());
    }
    if (json.at("run") != result.id() || json.value("relus", Json()) != relus) {
      fail_usage(entry.path().string(), ": was measured of another network than ", result.file.string(),
                 "; `senet measure` measures it again");
    }
    found.push_back(measurement);
  }
  std::sort(found.begin(), found.end(), [](const Measurement& a, const Measurement& b) { return a.file < b.file; });
  return found;
}

}  // namespace senet
