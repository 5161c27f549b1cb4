#include "storage/environment.h"

namespace senet {

namespace {

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

Environment environment_from(const Fields& fields) {
  Environment environment;
  for (const TextField& field : kTexts) environment.*field.value = fields.text(field.name, "");
  environment.threads = fields.count(kThreads, 0);
  return environment;
}

}  // namespace senet
