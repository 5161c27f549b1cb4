#pragma once

#include <string>

namespace CLI {
class App;
}

namespace senet {

// What the declarations of verbs and options say, in the forms that a shell and `man` read: a completion for bash, to
// be sourced, and a page for man.
std::string bash_completion(const CLI::App& program);
std::string manual(const CLI::App& program);

}  // namespace senet
