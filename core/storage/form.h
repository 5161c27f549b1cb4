#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "senet/error.h"
#include "storage/json.h"

namespace senet {

// Writes a struct into an object of JSON or reads it out of one, by the same calls: what a record looks like stands in
// one place, a function beside the struct.
//
//   void form(Form& form, Site& site) {
//     form.text("name", site.name);
//     form.count("relus", site.relus);
//   }
//
// Reading, a field that is missing (or null) is an error. Lists and maps are empty then, a std::optional holds nothing,
// and a field with `if_any` keeps the value that it has. Writing, an empty std::optional is left out, and with `if_any`
// what is zero, false or empty. Errors say where a field stands, what was found and what is expected: "run.json:
// sites/2/relus is "x", expected a count".
class Form {
 public:
  enum Presence { always, if_any };

  static Form writing(Json& into) { return {&into, into, ""}; }
  // `where` stands before the names of fields: "run.json: ". Throws when `json` is no object.
  static Form reading(const Json& json, const std::string& where);
  bool reads() const { return into_ == nullptr; }
  bool has(const std::string& name) const { return !at(name).is_null(); }

  // T: the type that the name says, or a std::optional of it.
  template <class T>
  void text(const char* name, T& value, Presence presence = always) {
    field(name, value, kText, presence);
  }
  template <class T>
  void boolean(const char* name, T& value, Presence presence = always) {
    field(name, value, kBoolean, presence);
  }
  template <class T>
  void integer(const char* name, T& value, Presence presence = always) {
    field(name, value, kInteger, presence);
  }
  template <class T>
  void count(const char* name, T& value, Presence presence = always) {  // ≥ 0
    field(name, value, kCount, presence);
  }
  template <class T>
  void number(const char* name, T& value, Presence presence = always) {
    field(name, value, kNumber, presence);
  }
  template <class T>
  void amount(const char* name, T& value, Presence presence = always) {  // ≥ 0
    field(name, value, kAmount, presence);
  }
  template <class T>
  void share(const char* name, T& value, Presence presence = always) {  // in [0, 1]
    field(name, value, kShare, presence);
  }
  void texts(const char* name, std::vector<std::string>& values, Presence presence = always) {
    list(name, values, kText, "a list of texts", presence);
  }
  void counts(const char* name, std::vector<int64_t>& values, Presence presence = always) {
    list(name, values, kCount, "a list of counts", presence);
  }
  void numbers(const char* name, std::vector<double>& values, Presence presence = always);  // NaN is null

  // A struct of a form of its own, or a std::optional of one; or what `fields(Form&)` asks of that object.
  template <class T>
  void object(const char* name, T& value);
  template <class T>
  void object(const char* name, std::optional<T>& value);
  template <class Fields>
  void within(const char* name, const Fields& fields);
  template <class T>
  void objects(const char* name, std::vector<T>& values, Presence presence = always);
  // An object whose names are free: a std::map, or a vector of pairs in the document's order; of counts, texts, lists
  // of numbers, structs or further maps.
  template <class Map>
  void named(const char* name, Map& values, Presence presence = always);
  // What has a type of its own: `to(value)` gives its JSON, `from(json)` reads it.
  template <class T, class To, class From>
  void as(const char* name, T& value, const To& to, const From& from) {
    if (reads()) {
      value = from(at(name));
    } else {
      (*into_)[name] = to(value);
    }
  }

  [[noreturn]] void fail_at(const std::string& name, const std::string& expected) const;

 private:
  struct Sound {
    const char* expected;
    bool (*test)(const Json&);
  };
  static const Sound kText, kBoolean, kInteger, kCount, kNumber, kAmount, kShare;

  Form(Json* into, const Json& json, std::string where) : into_(into), json_(json), where_(std::move(where)) {}
  const Json& at(const std::string& name) const;
  // An empty one where the field is missing.
  const Json& structured(const char* name, bool as_list) const;
  Form inner(const Json& json, const std::string& name) const { return reading(json, where_ + name + "/"); }

  template <class T>
  void field(const char* name, T& value, const Sound& sound, Presence presence);
  template <class T>
  void field(const char* name, std::optional<T>& value, const Sound& sound, Presence presence);
  template <class T>
  void list(const char* name, std::vector<T>& values, const Sound& sound, const char* expected, Presence presence);

  void element(const char* name, int64_t& value) { count(name, value); }
  void element(const char* name, std::string& value) { text(name, value); }
  void element(const char* name, std::vector<double>& value) { numbers(name, value); }
  template <class T>
  void element(const char* name, std::map<std::string, T>& value) {
    named(name, value);
  }
  template <class T>
  void element(const char* name, T& value) {
    object(name, value);
  }
  template <class T>
  static void add(std::map<std::string, T>& map, const std::string& name, T value) {
    map[name] = std::move(value);
  }
  template <class T>
  static void add(std::vector<std::pair<std::string, T>>& pairs, const std::string& name, T value) {
    pairs.emplace_back(name, std::move(value));
  }

  Json* into_;  // null where it reads
  const Json& json_;
  std::string where_;
};

// The JSON of a struct that has a form.
template <class T>
auto to_json(T record) -> decltype(form(std::declval<Form&>(), record), Json()) {
  Json json = Json::object();
  Form writer = Form::writing(json);
  form(writer, record);
  return json;
}
template <class T>
T read_as(const Json& json, const std::string& where) {
  T record;
  Form reader = Form::reading(json, where);
  form(reader, record);
  return record;
}

template <class T>
void Form::field(const char* name, T& value, const Sound& sound, Presence presence) {
  if (!reads()) {
    if (presence == always || value != T()) (*into_)[name] = value;
  } else if (has(name) || presence == always) {
    if (!sound.test(at(name))) fail_at(name, sound.expected);
    value = at(name).get<T>();
  }
}

template <class T>
void Form::field(const char* name, std::optional<T>& value, const Sound& sound, Presence) {
  if (reads() && !has(name)) return value.reset();
  if (!reads() && !value) return;
  if (reads()) value.emplace();
  field(name, *value, sound, always);
}

template <class T>
void Form::list(const char* name, std::vector<T>& values, const Sound& sound, const char* expected, Presence presence) {
  if (!reads()) {
    if (presence == always || !values.empty()) (*into_)[name] = values;
    return;
  }
  values.clear();
  for (const Json& value : structured(name, true)) {
    if (!sound.test(value)) fail_at(name, expected);
    values.push_back(value.get<T>());
  }
}

template <class Fields>
void Form::within(const char* name, const Fields& fields) {
  if (reads()) {
    Form reader = inner(at(name), name);
    fields(reader);
  } else {
    Form writer = writing((*into_)[name] = Json::object());
    fields(writer);
  }
}

template <class T>
void Form::object(const char* name, T& value) {
  within(name, [&](Form& own) { form(own, value); });
}

template <class T>
void Form::object(const char* name, std::optional<T>& value) {
  if (reads()) value = has(name) ? std::optional<T>(T()) : std::nullopt;
  if (value) object(name, *value);
}

template <class T>
void Form::objects(const char* name, std::vector<T>& values, Presence presence) {
  if (!reads()) {
    if (values.empty() && presence == if_any) return;
    Json& all = (*into_)[name] = Json::array();
    for (const T& value : values) all.push_back(to_json(value));
    return;
  }
  values.clear();
  for (const Json& value : structured(name, true)) {
    Form reader = inner(value, std::string(name) + "/" + std::to_string(values.size()));
    form(reader, values.emplace_back());
  }
}

template <class Map>
void Form::named(const char* name, Map& values, Presence presence) {
  if (!reads()) {
    if (values.empty() && presence == if_any) return;
    Form writer = writing((*into_)[name] = Json::object());
    for (auto& [key, value] : values) writer.element(key.c_str(), value);
    return;
  }
  values.clear();
  const Json& all = structured(name, false);
  Form reader = inner(all, name);
  for (const auto& [key, value] : all.items()) {
    typename Map::value_type::second_type read{};
    reader.element(key.c_str(), read);
    add(values, key, std::move(read));
  }
}

}  // namespace senet
