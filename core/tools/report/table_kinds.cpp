#include "tools/report/table_kinds.h"

#include "results/result_json.h"
#include "senet/error.h"

namespace senet {

const std::vector<Kind<Table>>& table_kinds() {
  static const Option notes = texts_option("notes", "what a reader has to know of a cell: \"label: text\"");
  static const std::vector<Kind<Table>> kinds = {
      {"main",
       {notes, texts_option("budgets", "of every label: what was not run of them is said"),
        texts_option("reproduces", "which cells stand beside which published method: \"label: method\""),
        texts_option("published", "data sets of which it says what is published and was not run")},
       main_table},
      {"overview", {notes, texts_option("budgets", "the columns; none: those there are, ascending")}, overview_table},
      {"differences",
       {notes,
        texts_option("against", "what cells are compared with: \"label: base\", and for others the bases alone")},
       differences_table},
      {"widths", {}, widths_table},
      {"accounting", {notes}, accounting_table},
      {"choice",
       {notes, texts_option("choices", "what a cell was tried for: \"label: choice\"; none: its method")},
       choice_table},
      {"sensitivity", {}, sensitivity_table},
      {"measured",
       {notes, texts_option("budgets", "whose networks it shows; none: all"),
        integer_option("seed", "0", "the same; 0: of every seed"),
        texts_option("columns", "which it shows, in this order; none: all"),
        text_option("profile", "\"\"",
                    "a published cost of a ReLU and of linear layers to set beside it; seen from the source's "
                    "folder; none: no column for it")},
       measured_table},
  };
  return kinds;
}

Json explained(const std::vector<Table>& tables, const std::string& id) {
  std::string known;
  std::vector<Json> found;
  for (const Table& table : tables) {
    for (const Table::Row& row : table.rows) {
      known += "\n  " + row.id;
      if (row.id != id) continue;
      Json json = {{"row", row.id}, {"cells", Json::object()}, {"runs", Json::array()}};
      for (size_t i = 0; i < row.cells.size(); ++i) json["cells"][table.columns[i].name] = rendered(row.cells[i]);
      json["notes"] = Json::array();
      for (const Note& note : table.notes) json["notes"].push_back(said({note}));
      json["doubts"] = row.doubts;
      for (const Result* result : row.evidence) {
        Json phases = Json::array();
        for (const ResultPhase& phase : result->phases) phases.push_back(to_json(phase));
        json["runs"].push_back({{"file", result->file.string()},
                                {"cell", result->label},
                                {"seed", result->seed},
                                {"accuracy", result->network.accuracy},
                                {"relus", result->network.relus},
                                {"environment", to_json(result->environment)},
                                {"phases", phases},
                                {"finished", result->finished}});
      }
      json["deviations"] = deviations_of(*row.evidence.front());
      json["settings"] = to_json(row.evidence.front()->settings);
      found.push_back(std::move(json));
    }
  }
  if (found.size() > 1)
    fail_usage(found.size(), " rows are called '", id, "': give their cells labels that differ in letters");
  if (found.size() == 1) return found.front();
  fail_usage("no row is called '", id, "'", known.empty() ? "; the tables are empty" : "; there are:" + known);
}

}  // namespace senet
