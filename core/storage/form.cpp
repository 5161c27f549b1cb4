#include "storage/form.h"

#include <limits>

namespace senet {

const Form::Sound Form::kText = {"a text", [](const Json& value) { return value.is_string(); }};
const Form::Sound Form::kBoolean = {"true or false", [](const Json& value) { return value.is_boolean(); }};
const Form::Sound Form::kInteger = {"an integer", [](const Json& value) { return value.is_number_integer(); }};
const Form::Sound Form::kCount = {"a count", [](const Json& value) { return value.is_number_integer() && value >= 0; }};
const Form::Sound Form::kNumber = {"a number", [](const Json& value) { return value.is_number(); }};
const Form::Sound Form::kAmount = {"an amount", [](const Json& value) { return value.is_number() && value >= 0; }};
const Form::Sound Form::kShare = {"a share of 1",
                                  [](const Json& value) { return value.is_number() && value >= 0 && value <= 1; }};

Form Form::reading(const Json& json, const std::string& where) {
  const bool inner = !where.empty() && where.back() == '/';
  SENET_CHECK(json.is_object(), inner ? where.substr(0, where.size() - 1) + " " : where, "is ", json.dump(),
              ", expected an object");
  return {nullptr, json, where};
}

void Form::fail_at(const std::string& name, const std::string& expected) const {
  fail(where_, name, " is ", at(name).dump(), ", expected ", expected);
}

const Json& Form::at(const std::string& name) const {
  static const Json nothing;
  const auto found = json_.find(name);
  return found == json_.end() ? nothing : *found;
}

const Json& Form::structured(const char* name, bool as_list) const {
  static const Json list = Json::array(), object = Json::object();
  if (!has(name)) return as_list ? list : object;
  const Json& found = at(name);
  if (as_list ? !found.is_array() : !found.is_object()) fail_at(name, as_list ? "a list" : "an object");
  return found;
}

void Form::numbers(const char* name, std::vector<double>& values, Presence presence) {
  if (!reads()) {
    if (presence == always || !values.empty()) (*into_)[name] = values;
    return;
  }
  values.clear();
  for (const Json& value : structured(name, true)) {
    if (!value.is_number() && !value.is_null()) fail_at(name, "a list of numbers");
    values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
  }
}

}  // namespace senet
