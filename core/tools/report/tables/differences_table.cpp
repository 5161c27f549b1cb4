#include <algorithm>
#include <cmath>
#include <set>

#include "config/nearest.h"
#include "senet/error.h"
#include "tools/report/paired_differences.h"
#include "tools/report/table_kinds.h"
#include "tools/report/tables/table_maker.h"

namespace senet {

namespace {

// What a cell is compared with: the source's "label: base", or else each base that it names for all.
std::vector<std::string> bases_of(const Source& source, const std::string& label) {
  std::vector<std::string> bases = source.of_label("against", label);
  if (!bases.empty()) return bases;
  for (const std::string& entry : source.texts("against")) {
    if (entry.find(": ") == std::string::npos) bases.push_back(entry);
  }
  return bases;
}

bool comparable(const MeasuredCell& a, const MeasuredCell& b) {
  return a.data() == b.data() && a.variant() == b.variant();
}

// "+3.30 ± 0.34 (3)" over the seeds that both have; why there is none in words.
Table::Cell difference_of(const MeasuredCell& cell, const MeasuredCell& base) {
  const auto found = paired_difference(cell, base);
  if (!found) return "no seed in common";
  return signed_cell({found->seeds, 100 * found->difference, 100 * found->standard_error});
}

}  // namespace

Table differences_table(const Source& source, const Evidence& evidence) {
  if (source.texts("against").empty())
    fail_usage(source.file.string(), ": 'against' is missing: labels to compare with, or \"label: base\"");
  Source everything = source;
  everything.options.replace("labels", std::vector<std::string>(), source.file.string());
  const std::vector<MeasuredCell> all = evidence.cells(everything);
  TableMaker maker(source, evidence,
                   {condition("data"), condition("model"), name_column("cell"), condition("budget"),
                    condition("ReLUs counted"), accuracy_column("acc % (n)"), "against", "points (n)"});
  maker.table.columns.back().spread = "standard error";
  maker.table.remarks.emplace_back(
      "Points: the accuracy's difference over the seeds that both cells have, ± its standard error.");
  std::set<std::string> labels;
  for (const MeasuredCell& cell : all) labels.insert(cell.label());
  for (const MeasuredCell& cell : maker.cells) {
    const Table::Row plain{maker.id_of(cell),
                           {maker.data(cell.first()), cell.variant(), maker.label(cell), cell.budget(),
                            count_cell(cell.counted()), mean_cell(cell.accuracy()), kNone, kNone},
                           cell.results};
    const size_t before = maker.table.rows.size();
    for (const std::string& name : bases_of(source, cell.label())) {
      if (!labels.count(name))
        fail_usage(source.file.string(), ": no cell is called '", name, "'", did_you_mean(name, labels));
      for (const MeasuredCell& base : all) {
        if (base.label() != name || name == cell.label() || base.budget() != cell.budget()) continue;
        if (!comparable(cell, base) && std::any_of(all.begin(), all.end(), [&](const MeasuredCell& other) {
              return other.label() == name && other.budget() == cell.budget() && comparable(cell, other);
            }))
          continue;  // that one is meant
        Table::Row row = plain;
        if (maker.table.rows.size() > before) row.id += "-against-" + slug(name);
        row.cells[6] = name;
        row.cells[7] = difference_of(cell, base);
        row.evidence.insert(row.evidence.end(), base.results.begin(), base.results.end());
        maker.table.rows.push_back(std::move(row));
      }
    }
    if (maker.table.rows.size() == before) maker.table.rows.push_back(plain);
  }
  maker.say_what_was_not_run();
  return maker.finished();
}

}  // namespace senet
