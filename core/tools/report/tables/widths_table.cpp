#include <cmath>

#include "tools/report/table_kinds.h"
#include "tools/report/tables/table_maker.h"

namespace senet {

// SENet++: a row a width.
Table widths_table(const Source& source, const Evidence& evidence) {
  TableMaker maker(source, evidence,
                   {condition("data"), condition("model"), name_column("cell"), condition("budget"), "width",
                    "acc % (n)", "ReLUs", "MACs", "ReLU saving", "MAC saving"});
  for (const MeasuredCell& cell : maker.cells) {
    for (const ResultWidth& at : cell.first().widths) {
      const std::string width = Json(at.width).dump();
      std::vector<double> accuracies, relus;
      for (const Result* result : cell.results) {
        for (const ResultWidth& row : result->widths) {
          if (row.width != at.width) continue;
          accuracies.push_back(100 * row.scores.accuracy);
          relus.push_back(static_cast<double>(row.scores.relus));
        }
      }
      const double mean_relus = summary(relus).mean;
      const double saving = at.relu_saving * static_cast<double>(at.scores.relus) / mean_relus;
      maker.add(maker.id_of(cell) + "-width-" + slug(width),
                {maker.data(cell.first()), cell.variant(), maker.label(cell), cell.budget(), width,
                 mean_cell(summary(accuracies)), count_cell(std::llround(mean_relus)), count_cell(at.macs),
                 number_cell(saving, 2, "×"), number_cell(at.mac_saving, 2, "×")},
                cell.results);
    }
  }
  return maker.finished();
}

}  // namespace senet
