#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace senet {

// A text as a string of a gnuplot script.
std::string quoted(const std::string& text);

// Runs a gnuplot script that lies in `folder`, in that folder. Throws when gnuplot is missing or fails.
void run_gnuplot(const std::filesystem::path& folder, const std::string& script, const std::string& definitions = "");

// Runs a script that is not kept, beside data files that are not kept either: by name, their bytes.
void draw_once(const std::string& script, const std::map<std::string, std::string>& files);

}  // namespace senet
