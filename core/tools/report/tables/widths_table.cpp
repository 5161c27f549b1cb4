#include "display/format.h"
#include "tools/report/tables/every_table.h"
#include "tools/report/tables/rows.h"

namespace senet {

// SENet++: a row a width.
Table widths_table(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "model", "cell", "budget", "width", "acc % (n)", "ReLUs", "MACs", "ReLU saving", "MAC saving"},
              {},
              {}};
  Notes notes;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    for (const ResultWidth& at : cell.first().widths) {
      const std::string width = Json(at.width).dump();
      std::vector<double> accuracies;
      for (const Result* result : cell.results) {
        for (const ResultWidth& row : result->widths) {
          if (row.width == at.width) accuracies.push_back(100 * row.scores.accuracy);
        }
      }
      table.rows.push_back(
          {id_of(source, cell) + "-width-" + slug(width),
           {marked_data(cell.first(), evidence, notes), cell.variant(), marked_label(cell, source, notes),
            cell.budget(), width, text_of(summary(accuracies), 2), grouped(at.scores.relus), grouped(at.macs),
            fixed(at.relu_saving, 2) + "×", fixed(at.mac_saving, 2) + "×"},
           cell.results});
    }
  }
  return finished(std::move(table), std::move(notes), evidence);
}

}  // namespace senet
