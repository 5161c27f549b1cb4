#pragma once

#include "support/program.h"

namespace senet::testing {

// The lines of a README's shell blocks that begin with one of these programs: joined where one goes on, without the
// comments behind them.
inline std::vector<std::string> commands_of(const fs::path& readme,
                                            const std::vector<std::string>& programs = {"senet"}) {
  std::vector<std::string> commands;
  std::istringstream lines(slurp(readme));
  bool in_block = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("```", 0) == 0) in_block = line == "```sh";
    const auto begins = [&](const std::string& program) { return line.rfind(program + " ", 0) == 0; };
    if (!in_block || std::none_of(programs.begin(), programs.end(), begins)) continue;
    for (std::string more; line.back() == '\\' && std::getline(lines, more);)
      line = line.substr(0, line.size() - 1) + more;
    line = line.substr(0, line.find("  #"));
    commands.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
  }
  return commands;
}

}  // namespace senet::testing
