#include "storage/environment.h"

namespace senet {

namespace {

struct TextField {
  const char* name;
  std::string Environment::*value;
};
constexpr TextField kTexts[] = {
    {"version", &Environment::version},
    {"revision", &Environment::revision},
    {"abi", &Environment::abi},
    {"libtorch", &Environment::libtorch},
    {"compiler", &Environment::compiler},
    {"device", &Environment::device},
    {"cpu", &Environment::cpu},
    {"cpu_capability", &Environment::cpu_capability},
    {"onednn_isa", &Environment::onednn_isa},
    {"gpu", &Environment::gpu},
    {"precision", &Environment::precision},
    {"visible_devices", &Environment::visible_devices},
};
constexpr const char* kThreads = "threads";

}  // namespace

bool Environment::operator==(const Environment& other) const {
  for (const TextField& field : kTexts) {
    if (field.value != &Environment::visible_devices && this->*field.value != other.*field.value) return false;
  }
  return threads == other.threads;
}

std::vector<EnvironmentField> fields_of(const Environment& environment) {
  std::vector<EnvironmentField> fields;
  for (const TextField& field : kTexts) fields.push_back({field.name, environment.*field.value});
  fields.push_back({kThreads, environment.threads > 0 ? std::to_string(environment.threads) : ""});
  return fields;
}

void form(Form& form, Environment& environment) {
  for (const TextField& field : kTexts) form.text(field.name, environment.*field.value, Form::if_any);
  form.count(kThreads, environment.threads, Form::if_any);
}

}  // namespace senet
