#include <limits>
#include <map>
#include <set>

#include "senet/error.h"
#include "tools/report/table_kinds.h"
#include "tools/report/tables/table_maker.h"

namespace senet {

namespace {

std::string machine_of(const Environment& environment) {
  if (!environment.gpu.empty()) return environment.gpu;
  return text(environment.cpu.empty() ? "?" : environment.cpu, ", ", environment.threads, " threads");
}

}  // namespace

// What each cell took beside the teacher: image passes and minutes. What rows share stands in each of them.
Table trainings_table(const Source& source, const Evidence& evidence) {
  TableMaker maker(source, evidence,
                   {condition("data"), condition("model"), name_column("method"), condition("budget"),
                    "image passes, thousands", "of them shared with other rows", "minutes", condition("device")});
  std::map<std::string, std::set<std::string>> budgets_of;  // by the key of a phase
  for (const MeasuredCell& cell : maker.cells) {
    for (const Result* result : cell.results) {
      for (const ResultPhase& phase : result->phases) budgets_of[phase.key].insert(cell.label() + " " + cell.budget());
    }
  }
  for (const MeasuredCell& cell : maker.cells) {
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
    maker.add(maker.id_of(cell),
              {maker.data(cell.first()), cell.variant(), maker.label(cell).mark(maker.notes.number(several)),
               cell.budget(), number_cell(summary(passes).mean, 1), number_cell(summary(shared).mean, 1),
               number_cell(summary(minutes).mean, 1), machine_of(environment)},
              cell.results);
  }
  maker.say_what_was_not_run();
  return maker.finished();
}

}  // namespace senet
