#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace senet {

using Json = nlohmann::ordered_json;

// One object of a JSON document, read field by field with the type that each has to have. A field that is missing (or
// null) is an error, or else the value that the caller gives in its place. Errors say where the field stands, what was
// found and what is expected: "run.json: sites/2/relus is "x", expected a count".
class Fields {
 public:
  // `where` stands before the names of fields: "run.json: ". Throws when `json` is no object. The document has to
  // outlive what is read of it.
  Fields(const Json& json, std::string where);

  bool has(const std::string& name) const { return find(name) != nullptr; }
  std::string text(const std::string& name, std::optional<std::string> otherwise = {}) const;
  bool boolean(const std::string& name, std::optional<bool> otherwise = {}) const;
  int64_t integer(const std::string& name, std::optional<int64_t> otherwise = {}) const;
  int64_t count(const std::string& name, std::optional<int64_t> otherwise = {}) const;  // ≥ 0
  double number(const std::string& name, std::optional<double> otherwise = {}) const;
  double amount(const std::string& name, std::optional<double> otherwise = {}) const;  // ≥ 0
  double share(const std::string& name, std::optional<double> otherwise = {}) const;   // in [0, 1]
  // Lists; an empty one where the field is missing.
  std::vector<std::string> texts(const std::string& name) const;
  std::vector<int64_t> counts(const std::string& name) const;
  std::vector<double> numbers(const std::string& name) const;  // NaN for null
  // Objects: a missing one is an error, a missing list or map is empty.
  Fields object(const std::string& name) const;
  std::vector<Fields> objects(const std::string& name) const;
  std::vector<std::pair<std::string, Fields>> named_objects(const std::string& name) const;
  std::vector<std::pair<std::string, int64_t>> named_counts(const std::string& name) const;
  std::vector<std::pair<std::string, std::vector<double>>> named_numbers(const std::string& name) const;
  // The names of this object's own fields, in the document's order.
  std::vector<std::string> names() const;
  // Null where it is missing, for what has a type of its own.
  const Json& value(const std::string& name) const;

  [[noreturn]] void fail_at(const std::string& name, const std::string& expected) const;

 private:
  const Json* find(const std::string& name) const;
  template <class T>
  T read(const std::string& name, bool (*sound)(const Json&), const char* expected, std::optional<T> otherwise) const;
  template <class T>
  std::vector<T> list(const std::string& name, bool (*sound)(const Json&), const char* expected) const;
  const Json& structured(const std::string& name, bool as_list) const;

  const Json* json_;
  std::string where_;
};

}  // namespace senet
