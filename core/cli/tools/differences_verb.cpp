#include <cmath>

#include "cli/commands.h"
#include "cli/tools/tool_verbs.h"
#include "display/format.h"
#include "results/result.h"
#include "tools/report/paired_differences.h"

namespace senet {

namespace {

std::string points(double share, bool sign) {
  char digits[32];
  std::snprintf(digits, sizeof digits, sign ? "%+.2f" : "%.2f", 100 * share);
  return std::isnan(share) ? "" : digits;
}

}  // namespace

int show_differences(const Arguments& arguments) {
  const auto differences = paired_differences(load_results(arguments.results, arguments.subject), arguments.other);
  if (arguments.json) {
    Json json = {{"experiment", arguments.subject}, {"against", arguments.other}, {"cells", Json::array()}};
    for (const PairedDifference& cell : differences) {
      Json& row = json["cells"].emplace_back(Json{{"label", cell.label},
                                                  {"budget", cell.budget},
                                                  {"seeds", cell.seeds},
                                                  {"accuracy", cell.accuracy},
                                                  {"difference", cell.difference}});
      row["standard_error"] = std::isnan(cell.standard_error) ? Json() : Json(cell.standard_error);
    }
    output() << readable(json) << "\n";
    return 0;
  }
  std::vector<std::vector<std::string>> table = {
      {"cell", "budget", "seeds", "acc %", "against " + arguments.other + ", points", "± standard error"}};
  for (const PairedDifference& cell : differences) {
    table.push_back({cell.label, cell.budget, std::to_string(cell.seeds), points(cell.accuracy, false),
                     points(cell.difference, true), points(cell.standard_error, false)});
  }
  output() << aligned(table);
  return 0;
}

}  // namespace senet
