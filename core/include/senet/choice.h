#pragma once

#include <cstddef>
#include <string>

#include "senet/error.h"
#include "senet/options.h"

namespace senet {

// The name that a value of an enumeration has in files and options. One table of all values serves both ways:
//
//   constexpr senet::Choice<Schedule> kSchedules[] = {{"step", Schedule::step}, {"cosine", Schedule::cosine}};
template <class Enum>
struct Choice {
  const char* name;
  Enum value;
};

template <class Enum, size_t count>
const char* name_of(Enum value, const Choice<Enum> (&choices)[count]) {
  for (const Choice<Enum>& choice : choices) {
    if (choice.value == value) return choice.name;
  }
  fail("a value without a name in the table that begins with '", choices[0].name, "'");
}

// Throws (exit code 2) for a name that is not in the table, saying which are; `what` is named: "masking".
template <class Enum, size_t count>
Enum value_named(const std::string& name, const Choice<Enum> (&choices)[count], const std::string& what) {
  std::string known;
  for (const Choice<Enum>& choice : choices) {
    if (name == choice.name) return choice.value;
    known += (known.empty() ? "" : ", ") + std::string(choice.name);
  }
  fail_usage(what, ": there is no '", name, "'; known: ", known);
}

// The value that a text option names.
template <class Enum, size_t count>
Enum choice_of(const Options& options, const std::string& name, const Choice<Enum> (&choices)[count]) {
  return value_named(options.text(name), choices, options.item(name).origin + ": " + options.section() + "." + name);
}

}  // namespace senet
