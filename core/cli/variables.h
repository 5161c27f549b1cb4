#pragma once

#include <string>

namespace senet {

// What the environment has for a variable; empty where it is not set.
std::string variable(const char* name);
// `word`, which the variable `name` has, as a number from `least` to `most`. Throws (exit code 2) where it is none;
// `means` ends the message: what the number says, and what else to do.
int number_of(const std::string& word, const char* name, int least, int most, const std::string& means = "");
// The variable's whole value as such a number.
int number_in(const char* name, int least, int most, const std::string& means = "");

}  // namespace senet
