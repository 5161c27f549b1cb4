#include <limits>
#include <map>
#include <set>

#include "config/format.h"
#include "senet/error.h"
#include "tools/report/tables/rows.h"
#include "tools/report/tables/tables.h"

namespace senet {

// What each cell took beside the teacher: image passes and minutes. What rows share stands in each of them.
Table trainings_table(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "model", "method", "budget", "image passes, thousands", "of them shared with other rows",
               "minutes", "device"},
              {},
              {}};
  Notes notes;
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  check_notes(source, cells);
  std::map<std::string, std::set<std::string>> budgets_of;  // by the key of a phase
  for (const MeasuredCell& cell : cells) {
    for (const Result* result : cell.results) {
      for (const Json& phase : result->json.at("phases"))
        budgets_of[phase.at("key")].insert(cell.label() + " " + cell.budget());
    }
  }
  for (const MeasuredCell& cell : cells) {
    std::vector<double> passes, minutes, shared;
    for (const Result* result : cell.results) {
      double all = 0, time = 0, common = 0;
      for (const Json& phase : result->json.at("phases")) {
        const std::string kind = phase.at("kind").get<std::string>();
        if (kind == "teacher") continue;
        const double images = phase.value("image_passes", std::numeric_limits<double>::quiet_NaN()) / 1000;
        all += images;
        time += phase.at("training_seconds").get<double>() / 60;
        if (budgets_of.at(phase.at("key")).size() > 1) common += images;
      }
      passes.push_back(all);
      minutes.push_back(time);
      shared.push_back(common);
    }
    const Json& json = cell.first();
    const Json& environment = json.at("environment");
    const auto widths = json.value("widths", Json::array()).size();
    const std::string several = widths > 1 ? text("each image passes at ", widths, " widths, and is counted once") : "";
    // Notes are numbered in the order in which they are asked for.
    const std::string data = marked_data(*cell.results.front(), evidence, notes),
                      label = marked_label(cell, source, notes);
    table.rows.push_back(
        {id_of(source, cell),
         {data, variant(json), label + notes.mark(several), cell.budget(), fixed(summary(passes).mean, 1),
          fixed(summary(shared).mean, 1), fixed(summary(minutes).mean, 1),
          environment.value("gpu",
                            text(environment.value("cpu", "?"), ", ", environment.value("threads", 0), " threads"))},
         cell.results});
  }
  add_missing(table, source, cells);
  return finished(std::move(table), std::move(notes), evidence);
}

}  // namespace senet
