#include <limits>
#include <map>
#include <set>

#include "display/format.h"
#include "senet/error.h"
#include "tools/report/tables/every_table.h"
#include "tools/report/tables/rows.h"

namespace senet {

namespace {

std::string machine_of(const Environment& environment) {
  if (!environment.gpu.empty()) return environment.gpu;
  return text(environment.cpu.empty() ? "?" : environment.cpu, ", ", environment.threads, " threads");
}

}  // namespace

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
      for (const ResultPhase& phase : result->phases) budgets_of[phase.key].insert(cell.label() + " " + cell.budget());
    }
  }
  for (const MeasuredCell& cell : cells) {
    std::vector<double> passes, minutes, shared;
    for (const Result* result : cell.results) {
      double all = 0, time = 0, common = 0;
      for (const ResultPhase& phase : result->phases) {
        if (&phase == result->teacher_phase()) continue;
        const double images = phase.image_passes ? static_cast<double>(*phase.image_passes) / 1000
                                                 : std::numeric_limits<double>::quiet_NaN();
        all += images;
        time += phase.training_seconds / 60;
        if (budgets_of.at(phase.key).size() > 1) common += images;
      }
      passes.push_back(all);
      minutes.push_back(time);
      shared.push_back(common);
    }
    const Environment& environment = cell.first().environment;
    const size_t widths = cell.first().widths.size();
    const std::string several = widths > 1 ? text("each image passes at ", widths, " widths, and is counted once") : "";
    // Notes are numbered in the order in which they are asked for.
    const std::string data = marked_data(cell.first(), evidence, notes), label = marked_label(cell, source, notes);
    table.rows.push_back(
        {id_of(source, cell),
         {data, cell.variant(), label + notes.mark(several), cell.budget(), fixed(summary(passes).mean, 1),
          fixed(summary(shared).mean, 1), fixed(summary(minutes).mean, 1), machine_of(environment)},
         cell.results});
  }
  add_missing(table, source, cells);
  return finished(std::move(table), std::move(notes), evidence);
}

}  // namespace senet
