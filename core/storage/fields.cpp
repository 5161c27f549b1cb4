#include "storage/fields.h"

#include <limits>

#include "senet/error.h"

namespace senet {

namespace {

bool is_text(const Json& value) { return value.is_string(); }
bool is_boolean(const Json& value) { return value.is_boolean(); }
bool is_integer(const Json& value) { return value.is_number_integer(); }
bool is_count(const Json& value) { return value.is_number_integer() && value >= 0; }
bool is_number(const Json& value) { return value.is_number(); }
bool is_number_or_null(const Json& value) { return value.is_number() || value.is_null(); }
bool is_amount(const Json& value) { return value.is_number() && value >= 0; }
bool is_share(const Json& value) { return value.is_number() && value >= 0 && value <= 1; }

}  // namespace

Fields::Fields(const Json& json, std::string where) : json_(&json), where_(std::move(where)) {
  const bool inner = !where_.empty() && where_.back() == '/';
  SENET_CHECK(json.is_object(), inner ? where_.substr(0, where_.size() - 1) + " " : where_, "is ", json.dump(),
              ", expected an object");
}

const Json* Fields::find(const std::string& name) const {
  const auto found = json_->find(name);
  return found == json_->end() || found->is_null() ? nullptr : &*found;
}

const Json& Fields::value(const std::string& name) const {
  static const Json nothing;
  const Json* found = find(name);
  return found ? *found : nothing;
}

void Fields::fail_at(const std::string& name, const std::string& expected) const {
  fail(where_, name, " is ", value(name).dump(), ", expected ", expected);
}

template <class T>
T Fields::read(const std::string& name, bool (*sound)(const Json&), const char* expected,
               std::optional<T> otherwise) const {
  const Json* found = find(name);
  if (!found && otherwise) return *std::move(otherwise);
  if (!found || !sound(*found)) fail_at(name, expected);
  return found->get<T>();
}

std::string Fields::text(const std::string& name, std::optional<std::string> otherwise) const {
  return read<std::string>(name, is_text, "a text", std::move(otherwise));
}
bool Fields::boolean(const std::string& name, std::optional<bool> otherwise) const {
  return read<bool>(name, is_boolean, "true or false", otherwise);
}
int64_t Fields::integer(const std::string& name, std::optional<int64_t> otherwise) const {
  return read<int64_t>(name, is_integer, "an integer", otherwise);
}
int64_t Fields::count(const std::string& name, std::optional<int64_t> otherwise) const {
  return read<int64_t>(name, is_count, "a count", otherwise);
}
double Fields::number(const std::string& name, std::optional<double> otherwise) const {
  return read<double>(name, is_number, "a number", otherwise);
}
double Fields::amount(const std::string& name, std::optional<double> otherwise) const {
  return read<double>(name, is_amount, "an amount", otherwise);
}
double Fields::share(const std::string& name, std::optional<double> otherwise) const {
  return read<double>(name, is_share, "a share of 1", otherwise);
}

const Json& Fields::structured(const std::string& name, bool as_list) const {
  static const Json nothing = Json::array();
  const Json* found = find(name);
  if (!found) return nothing;
  if (as_list ? !found->is_array() : !found->is_object()) fail_at(name, as_list ? "a list" : "an object");
  return *found;
}

template <class T>
std::vector<T> Fields::list(const std::string& name, bool (*sound)(const Json&), const char* expected) const {
  std::vector<T> values;
  for (const Json& value : structured(name, true)) {
    if (!sound(value)) fail_at(name, expected);
    if constexpr (std::is_same_v<T, double>) {
      values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
    } else {
      values.push_back(value.get<T>());
    }
  }
  return values;
}

std::vector<std::string> Fields::texts(const std::string& name) const {
  return list<std::string>(name, is_text, "a list of texts");
}
std::vector<int64_t> Fields::counts(const std::string& name) const {
  return list<int64_t>(name, is_count, "a list of counts");
}
std::vector<double> Fields::numbers(const std::string& name) const {
  return list<double>(name, is_number_or_null, "a list of numbers");
}

Fields Fields::object(const std::string& name) const { return {value(name), where_ + name + "/"}; }

std::vector<Fields> Fields::objects(const std::string& name) const {
  std::vector<Fields> all;
  for (const Json& value : structured(name, true))
    all.emplace_back(value, where_ + name + "/" + std::to_string(all.size()) + "/");
  return all;
}

std::vector<std::pair<std::string, Fields>> Fields::named_objects(const std::string& name) const {
  std::vector<std::pair<std::string, Fields>> all;
  for (const auto& [key, value] : structured(name, false).items())
    all.emplace_back(key, Fields(value, where_ + name + "/" + key + "/"));
  return all;
}

std::vector<std::pair<std::string, int64_t>> Fields::named_counts(const std::string& name) const {
  std::vector<std::pair<std::string, int64_t>> all;
  if (!has(name)) return all;
  const Fields own = object(name);
  for (const std::string& key : own.names()) all.emplace_back(key, own.count(key));
  return all;
}

std::vector<std::pair<std::string, std::vector<double>>> Fields::named_numbers(const std::string& name) const {
  std::vector<std::pair<std::string, std::vector<double>>> all;
  if (!has(name)) return all;
  const Fields own = object(name);
  for (const std::string& key : own.names()) all.emplace_back(key, own.numbers(key));
  return all;
}

std::vector<std::string> Fields::names() const {
  std::vector<std::string> all;
  for (const auto& [name, value] : json_->items()) all.push_back(name);
  return all;
}

}  // namespace senet
