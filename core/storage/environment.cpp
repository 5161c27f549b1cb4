#include "storage/environment.h"

#include "senet/error.h"

namespace senet {

namespace {

using Json = nlohmann::ordered_json;

struct TextField {
  const char* name;
  std::string Environment::*value;
};
constexpr TextField kTexts[] = {
    {"version", &Environment::version},   {"revision", &Environment::revision},
    {"abi", &Environment::abi},           {"libtorch", &Environment::libtorch},
    {"compiler", &Environment::compiler}, {"device", &Environment::device},
    {"cpu", &Environment::cpu},           {"cpu_capability", &Environment::cpu_capability},
    {"gpu", &Environment::gpu},           {"precision", &Environment::precision},
};
constexpr const char* kThreads = "threads";

}  // namespace

bool Environment::operator==(const Environment& other) const {
  for (const TextField& field : kTexts) {
    if (this->*field.value != other.*field.value) return false;
  }
  return threads == other.threads;
}

std::vector<EnvironmentField> fields_of(const Environment& environment) {
  std::vector<EnvironmentField> fields;
  for (const TextField& field : kTexts) fields.push_back({field.name, environment.*field.value});
  fields.push_back({kThreads, environment.threads > 0 ? std::to_string(environment.threads) : ""});
  return fields;
}

Json to_json(const Environment& environment) {
  Json json = Json::object();
  for (const TextField& field : kTexts) {
    if (!(environment.*field.value).empty()) json[field.name] = environment.*field.value;
  }
  if (environment.threads > 0) json[kThreads] = environment.threads;
  return json;
}

Environment environment_from_json(const Json& json, const std::string& where) {
  SENET_CHECK(json.is_object(), where, " is ", json.dump(), ", expected an object");
  Environment environment;
  for (const TextField& field : kTexts) {
    const Json value = json.value(field.name, Json());
    SENET_CHECK(value.is_null() || value.is_string(), where, "/", field.name, " is ", value.dump(),
                ", expected a text");
    if (value.is_string()) environment.*field.value = value.get<std::string>();
  }
  const Json threads = json.value(kThreads, Json());
  SENET_CHECK(threads.is_null() || (threads.is_number_integer() && threads >= 0), where, "/", kThreads, " is ",
              threads.dump(), ", expected a count");
  if (threads.is_number_integer()) environment.threads = threads.get<int64_t>();
  return environment;
}

}  // namespace senet
