#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace senet {

// A text as a string of a gnuplot script.
std::string gnuplot_text(const std::string& text);

// Runs gnuplot commands in a folder. Throws when gnuplot is missing or fails.
void run_gnuplot(const std::filesystem::path& folder, const std::string& commands);

// Runs a script that is not kept, beside data files that are not kept either: by name, their bytes. Returns the bytes
// of the file `made` that it leaves, where one is named.
std::string draw_once(const std::string& script, const std::map<std::string, std::string>& files,
                      const std::string& made = "");

}  // namespace senet
