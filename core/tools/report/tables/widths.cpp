#include "config/format.h"
#include "tools/report/tables/rows.h"
#include "tools/report/tables/tables.h"

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
    const Json& json = cell.first();
    for (const Json& at : json.value("widths", Json::array())) {
      const std::string width = at.at("width").dump();
      std::vector<double> accuracies;
      for (const Result* result : cell.results) {
        for (const Json& row : result->json.value("widths", Json::array())) {
          if (row.at("width") == at.at("width")) accuracies.push_back(100 * row.at("accuracy").get<double>());
        }
      }
      table.rows.push_back(
          {id_of(source, cell) + "-width-" + slug(width),
           {marked_data(*cell.results.front(), evidence, notes), variant(json), marked_label(cell, source, notes),
            cell.budget(), width, text_of(summary(accuracies), 2), grouped(at.at("relus").get<int64_t>()),
            grouped(at.at("macs").get<int64_t>()), fixed(at.at("relu_saving").get<double>(), 2) + "×",
            fixed(at.at("mac_saving").get<double>(), 2) + "×"},
           cell.results});
    }
  }
  return finished(std::move(table), std::move(notes), evidence);
}

}  // namespace senet
