#include <algorithm>
#include <map>
#include <tuple>

#include "senet/error.h"
#include "tools/report/table_kinds.h"
#include "tools/report/tables/table_maker.h"

namespace senet {

namespace {

// In %; none where a result does not say it.
std::optional<Summary> held_out_accuracy(const MeasuredCell& cell) {
  if (std::any_of(cell.results.begin(), cell.results.end(),
                  [](const Result* result) { return !result->network.held_out_accuracy; }))
    return {};
  return cell.over_seeds([](const Result& result) { return 100 * *result.network.held_out_accuracy; });
}

// What an entry of `choices` says: a cell's label, and what it was tried for.
std::pair<std::string, std::string> tried_for(const Source& source, const std::string& entry) {
  const size_t colon = entry.find(": ");
  if (colon == std::string::npos)
    fail_usage(source.file.string(), ": the choice '", entry, "' is not \"label: choice\"");
  return {entry.substr(0, colon), entry.substr(colon + 2)};
}

// With the labels that `choices` names, where the source lists none.
Source with_labels(Source source) {
  if (!source.texts("labels").empty()) return source;
  std::vector<std::string> labels;
  for (const std::string& entry : source.texts("choices")) labels.push_back(tried_for(source, entry).first);
  source.options.replace("labels", labels, source.file.string());
  return source;
}

}  // namespace

// What was tried for a choice, such as a learning rate, and, once all of it has run, what the held-out images chose
// among two or more: the highest mean, of equal ones the first. No choice looks at test images; their accuracy is not
// shown.
Table choice_table(const Source& of_choices, const Evidence& evidence) {
  const Source source = with_labels(of_choices);
  TableMaker maker(source, evidence,
                   {condition("data"), condition("model"), condition("budget"), condition("held-out images"), "choice",
                    name_column("tried"), "held-out acc % (n)"});
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::vector<size_t>> tried;  // rows
  for (const MeasuredCell& cell : maker.cells) {
    const auto named = source.of_label("choices", cell.label());
    const std::string choice = named.empty() ? cell.first().method : named.front();
    const std::optional<Summary> accuracy = held_out_accuracy(cell);
    if (accuracy) tried[{choice, cell.budget(), cell.variant(), cell.data()}].push_back(maker.table.rows.size());
    maker.add(maker.id_of(cell),
              {maker.data(cell.first()), cell.variant(), cell.budget(), count_cell(cell.first().dataset.held_out),
               choice, maker.label(cell), accuracy ? mean_cell(*accuracy) : kNone},
              cell.results);
  }
  const auto cell_of = [&](size_t row) -> Table::Cell& { return maker.table.rows[row].cells.back(); };
  std::map<std::string, size_t> to_try;  // by choice, as the source names them
  for (const std::string& entry : source.texts("choices")) ++to_try[tried_for(source, entry).second];
  for (const auto& [where, rows] : tried) {
    if (rows.size() < std::max<size_t>(2, to_try[std::get<0>(where)])) continue;
    const size_t highest = *std::max_element(rows.begin(), rows.end(), [&](size_t a, size_t b) {
      return cell_of(a).number->mean < cell_of(b).number->mean;
    });
    cell_of(highest).best = true;
    maker.table.remarks = {"Marked: what each choice takes, the highest on held-out images."};
  }
  maker.say_what_was_not_run();
  return maker.finished();
}

}  // namespace senet
