#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/result.h"

namespace senet {

// What verbs of running ask of libsenet_tools, which an installation may lack.
struct ToolFunctions {
  // Draws the sensitivity of each layer and the ReLUs that it keeps into a folder; returns the PNG's path.
  std::filesystem::path (*draw_layers)(const std::vector<Result>& results, const std::filesystem::path& folder);
  // The engine of `senet measure`, name and version. Throws with what to do where there is none.
  std::string (*engine_version)();
};

std::filesystem::path tools_library();  // its file, whether it is there or not
// Throws with the file's name and what to do where the library cannot be loaded.
const ToolFunctions& load_tools();

}  // namespace senet
