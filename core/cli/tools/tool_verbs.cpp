#include "cli/tools/tool_verbs.h"

#include "cli/commands.h"
#include "cli/tools_library.h"
#include "tools/measure/engine.h"
#include "tools/report/figure_kinds.h"

namespace senet {

namespace {

std::filesystem::path draw_layers(const std::vector<Result>& results, const std::filesystem::path& folder) {
  return draw(figure_of_layers(results, "sensitivity"), folder);
}

std::string engine_version() {
  return "SecretFlow SPU " + Engine("", installation_prefix()).versions().at("spu").get<std::string>();
}

}  // namespace

// What the library is asked for by name: a table for the verbs of running, and its entry for the program.
extern "C" const ToolFunctions senet_tool_functions;
const ToolFunctions senet_tool_functions = {draw_layers, engine_version};

extern "C" int senet_execute_tool(const Arguments* arguments, std::ostream* out) {
  static const Verbs verbs = {{"tables", make_tables},   {"figures", make_figures}, {"report", make_report},
                              {"results", list_results}, {"cost", show_cost},       {"differences", show_differences},
                              {"export", export_run},    {"measure", measure_runs}};
  return execute(verbs, *arguments, *out);
}

}  // namespace senet
