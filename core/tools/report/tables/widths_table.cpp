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
      std::vector<double> accuracies;
      for (const Result* result : cell.results) {
        for (const ResultWidth& row : result->widths) {
          if (row.width == at.width) accuracies.push_back(100 * row.scores.accuracy);
        }
      }
      maker.add(maker.id_of(cell) + "-width-" + slug(width),
                {maker.data(cell.first()), cell.variant(), maker.label(cell), cell.budget(), width,
                 mean_cell(summary(accuracies)), count_cell(at.scores.relus), count_cell(at.macs),
                 number_cell(at.relu_saving, 2, "×"), number_cell(at.mac_saving, 2, "×")},
                cell.results);
    }
  }
  return maker.finished();
}

}  // namespace senet
