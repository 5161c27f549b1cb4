#include "report/tables.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "config/nearest.h"
#include "report/differences.h"
#include "report/format.h"
#include "report/measurements.h"
#include "report/notes.h"
#include "senet/error.h"

namespace senet {

namespace {

constexpr const char* kMissing = "missing";
constexpr const char* kNone = "–";
constexpr const char* kDifference = "difference";  // from the published accuracy

// "label: text" of a source's notes.
std::string note_of(const Source& source, const std::string& label) {
  for (const std::string& note : source.texts("notes")) {
    if (note.rfind(label + ": ", 0) == 0) return note.substr(label.size() + 2);
  }
  return "";
}

void check_notes(const Source& source, const std::vector<MeasuredCell>& cells) {
  std::vector<std::string> labels = source.texts("labels");
  for (const MeasuredCell& cell : cells) labels.push_back(cell.label());
  for (const std::string& note : source.texts("notes")) {
    const bool known = labels.empty() || std::any_of(labels.begin(), labels.end(), [&](const std::string& label) {
                         return note.rfind(label + ": ", 0) == 0;
                       });
    if (!known) fail_usage(source.file.string(), ": the note '", note, "' does not begin with a cell's label and ': '");
  }
}

// A row for each label of the source, and each of its budgets, that has no results: what is missing is shown.
void add_missing(Table& table, const Source& source, const std::vector<MeasuredCell>& cells) {
  const auto column = [&](const std::vector<const char*>& names) {
    for (const char* name : names) {
      const auto at = std::find(table.columns.begin(), table.columns.end(), name);
      if (at != table.columns.end()) return static_cast<size_t>(at - table.columns.begin());
    }
    return table.columns.size();
  };
  const size_t label_column = column({"method", "cell"}), budget_column = column({"budget"});
  const auto add = [&](const std::string& label, const std::string& budget) {
    std::vector<std::string> row(table.columns.size(), kNone);
    row.at(label_column) = label;
    if (budget_column < row.size()) row[budget_column] = budget.empty() ? kNone : budget;
    row.back() = kMissing;
    table.rows.push_back({source.name + "/missing/" + slug(label + " " + budget), std::move(row), {}});
  };
  const std::vector<std::string> budgets =
      source.options.has("budgets") ? source.texts("budgets") : std::vector<std::string>();
  for (const std::string& label : source.texts("labels")) {
    std::set<std::string> there;
    for (const MeasuredCell& cell : cells) {
      if (cell.label() == label) there.insert(cell.budget());
    }
    if (there.empty() && budgets.empty()) add(label, "");
    for (const std::string& budget : budgets) {
      if (!there.count(budget)) add(label, budget);
    }
  }
}

Table finished(Table table, const Notes& notes) {
  table.notes = notes.texts();
  // Where a source sets nothing beside what is published, the two columns for it go.
  if (table.columns.back() == kDifference &&
      std::all_of(table.rows.begin(), table.rows.end(), [](const Table::Row& row) {
        const std::string& last = row.cells.back();
        return row.cells[row.cells.size() - 2] == kNone && (last == kNone || last == kMissing);
      })) {
    table.columns.resize(table.columns.size() - 2);
    for (Table::Row& row : table.rows) {
      const std::string last = row.cells.back();
      row.cells.resize(table.columns.size());
      if (last == kMissing) row.cells.back() = last;
    }
  }
  if (!table.rows.empty()) return table;
  std::vector<std::string> row(table.columns.size(), kNone);
  row.back() = kMissing;
  table.rows.push_back({table.name + "/missing", std::move(row), {}});
  return table;
}

// How a cell is called in a table: with what it changes of its method, and what the source says of it.
std::string marked_label(const MeasuredCell& cell, const Source& source, Notes& notes) {
  std::string label = cell.label() + notes.mark(changed_method(*cell.results.front()));
  if (source.options.has("notes")) label += notes.mark(note_of(source, cell.label()));
  return label;
}

std::string marked_data(const Result& result, const Evidence& evidence, Notes& notes) {
  return evidence.data_set(result.json).title + notes.mark(variant_of(result, evidence));
}

// "+3.30", "−0.40".
std::string signed_points(double points, int digits = 2) {
  return std::isnan(points) ? "" : (points < 0 ? "−" : "+") + fixed(std::abs(points), digits);
}

std::string id_of(const Source& source, const MeasuredCell& cell) {
  return source.name + "/" + slug(cell.experiment()) + "/" + cell.id();
}

// The published point nearest to a cell's ReLUs, of the method that the source says the cell reproduces, of its data
// set and model, within the 2.5 % by which methods end under their budgets.
const PublishedPoint* published_of(const MeasuredCell& cell, const Source& source, const Evidence& evidence) {
  const Json& json = cell.first();
  const std::string dataset = evidence.data_set(json).published;
  const double relus = cell.over_seeds("result", "relus", 1e-3).mean;
  const PublishedPoint* nearest = nullptr;
  for (const PublishedPoint& point : evidence.published().points) {
    const auto& reproduces = source.texts("reproduces");
    const bool named =
        std::find(reproduces.begin(), reproduces.end(), cell.label() + ": " + point.method) != reproduces.end();
    const double off = std::abs(point.relus_k - relus);
    if (!named || point.dataset != dataset || json.at("model").at("variant") != point.model || off > 0.025 * relus)
      continue;
    if (!nearest || off < std::abs(nearest->relus_k - relus)) nearest = &point;
  }
  return nearest;
}

std::string unsure(const PublishedPoint& point) {
  return point.model_certain ? "" : "which model this published row belongs to is not certain";
}

std::string variant(const Json& json) { return json.at("model").at("variant").get<std::string>(); }

Table main_of(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "model", "ReLUs", "AR acc %", "method", "budget", "ReLUs counted", "acc % (n)", "acc/kReLU",
               "comm. saving", "published acc %", kDifference},
              {},
              {}};
  Notes notes;
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  check_notes(source, cells);
  std::set<const PublishedPoint*> measured;
  for (const MeasuredCell& cell : cells) {
    const Json& json = cell.first();
    const Summary accuracy = cell.over_seeds("result", "accuracy", 100);
    const Summary relus = cell.over_seeds("result", "relus"), all = cell.over_seeds("teacher", "relus");
    const PublishedPoint* point = published_of(cell, source, evidence);
    if (point) measured.insert(point);
    const bool any = relus.mean > 0;
    table.rows.push_back(
        {id_of(source, cell),
         {marked_data(*cell.results.front(), evidence, notes), variant(json), grouped(std::llround(all.mean)),
          text_of(cell.over_seeds("teacher", "accuracy", 100), 2), marked_label(cell, source, notes), cell.budget(),
          grouped(std::llround(relus.mean)), text_of(accuracy, 2),
          any ? fixed(accuracy.mean / (relus.mean / 1000), 2) : kNone,
          any ? fixed(all.mean / relus.mean, 2) + "×" : kNone,
          point ? fixed(point->accuracy, 2) + " at " + fixed(point->relus_k, 1) + "k" + notes.mark(unsure(*point))
                : kNone,
          point ? signed_points(accuracy.mean - point->accuracy) : kNone},
         cell.results});
  }
  add_missing(table, source, cells);
  for (const std::string& dataset : source.texts("published")) {
    size_t found = 0;
    for (const PublishedPoint& point : evidence.published().points) {
      if (point.dataset != dataset) continue;
      ++found;
      if (measured.count(&point)) continue;
      const std::string count = fixed(point.relus_k, 1) + "k";
      table.rows.push_back(
          {source.name + "/published/" + slug(dataset + "-" + point.method + "-" + point.model + "-" + count),
           {evidence.title_of(dataset), point.model + notes.mark(unsure(point)), kNone, kNone, point.method, count,
            kNone, kMissing, kNone, kNone, fixed(point.accuracy, 2), kNone},
           {}});
    }
    if (found == 0 && !evidence.published().points.empty())
      fail_usage(source.file.string(), ": nothing is published for the data set '", dataset, "'");
  }
  return finished(std::move(table), notes);
}

// A row a method, a column a budget: accuracy, and the ReLUs counted where they are not the budget's.
Table overview_of(const Source& source, const Evidence& evidence) {
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  check_notes(source, cells);
  std::vector<std::string> budgets = source.texts("budgets");
  if (budgets.empty()) {
    std::map<int64_t, std::string> ascending;
    for (const MeasuredCell& cell : cells) ascending.emplace(cell.first().at("budget").at("relus"), cell.budget());
    for (const auto& [relus, budget] : ascending) budgets.push_back(budget);
  }
  Table table{source.name, source.text("title"), {"data", "model", "ReLUs", "AR acc %", "method"}, {}, {}};
  for (const std::string& budget : budgets) table.columns.push_back("acc % (n) at " + budget);
  Notes notes;
  std::vector<std::vector<const MeasuredCell*>> rows;
  for (const MeasuredCell& cell : cells) {
    const auto same = [&](const auto& row) {
      return row[0]->label() == cell.label() && variant(row[0]->first()) == variant(cell.first());
    };
    const auto at = std::find_if(rows.begin(), rows.end(), same);
    (at == rows.end() ? rows.emplace_back() : *at).push_back(&cell);
  }
  for (const std::vector<const MeasuredCell*>& row : rows) {
    const MeasuredCell& first = *row.front();
    std::map<std::string, double> teachers;  // by seed
    std::vector<const Result*> results;
    std::vector<std::string> accuracies(budgets.size(), kMissing);
    for (const MeasuredCell* cell : row) {
      const auto at = std::find(budgets.begin(), budgets.end(), cell->budget());
      if (at == budgets.end()) continue;
      const double relus = cell->over_seeds("result", "relus").mean;
      const auto asked = cell->first().at("budget").at("relus").get<double>();
      accuracies[static_cast<size_t>(at - budgets.begin())] =
          text_of(cell->over_seeds("result", "accuracy", 100), 2) +
          (std::llround(relus) == std::llround(asked) ? "" : " at " + grouped(std::llround(relus)));
      for (const Result* result : cell->results)
        teachers[result->json.at("seed").dump()] = 100 * result->json.at("teacher").at("accuracy").get<double>();
      results.insert(results.end(), cell->results.begin(), cell->results.end());
    }
    if (results.empty()) continue;
    std::vector<double> ar;
    for (const auto& [seed, accuracy] : teachers) ar.push_back(accuracy);
    std::vector<std::string> texts = {marked_data(*first.results.front(), evidence, notes), variant(first.first()),
                                      grouped(std::llround(first.over_seeds("teacher", "relus").mean)),
                                      text_of(summary(ar), 2), marked_label(first, source, notes)};
    texts.insert(texts.end(), accuracies.begin(), accuracies.end());
    table.rows.push_back({source.name + "/" + slug(first.experiment()) + "/" + slug(first.label()), std::move(texts),
                          std::move(results)});
  }
  for (const std::string& label : source.texts("labels")) {
    if (std::any_of(cells.begin(), cells.end(), [&](const MeasuredCell& cell) { return cell.label() == label; }))
      continue;
    std::vector<std::string> row(table.columns.size(), kMissing);
    std::fill(row.begin(), row.begin() + 4, kNone);
    row[4] = label;
    table.rows.push_back({source.name + "/missing/" + slug(label), std::move(row), {}});
  }
  return finished(std::move(table), notes);
}

// What a cell is compared with: the source's "label: base", or else each base that it names for all.
std::vector<std::string> bases_of(const Source& source, const std::string& label) {
  std::vector<std::string> own, all;
  for (const std::string& entry : source.texts("against")) {
    const size_t colon = entry.find(": ");
    if (colon == std::string::npos) all.push_back(entry);
    if (colon != std::string::npos && entry.substr(0, colon) == label) own.push_back(entry.substr(colon + 2));
  }
  return own.empty() ? all : own;
}

// "+3.30 ± 0.34 (3)" over the seeds that both have; why there is none in words.
std::string difference_of(const MeasuredCell& cell, const MeasuredCell& base) {
  std::vector<Result> both;
  for (const Result* result : base.results) both.push_back(*result);
  for (const Result* result : cell.results) both.push_back(*result);
  const auto found = paired_differences(both, base.label());
  if (found.empty()) return "no seed in common";
  const std::string spread = std::isnan(found[0].standard_error) ? "" : " ± " + fixed(100 * found[0].standard_error, 2);
  return signed_points(100 * found[0].difference) + spread + " (" + std::to_string(found[0].seeds) + ")";
}

Table differences_of(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "model", "cell", "budget", "ReLUs counted", "acc % (n)", "against",
               "points ± standard error (seeds in common)"},
              {},
              {}};
  Notes notes;
  if (source.texts("against").empty())
    fail_usage(source.file.string(), ": 'against' is missing: labels to compare with, or \"label: base\"");
  Source everything = source;
  everything.options.replace("labels", std::vector<std::string>(), source.file.string());
  const std::vector<MeasuredCell> all = evidence.cells(everything), cells = chosen(all, source.texts("labels"));
  check_notes(source, cells);
  std::set<std::string> labels;
  for (const MeasuredCell& cell : all) labels.insert(cell.label());
  for (const MeasuredCell& cell : cells) {
    const Json& json = cell.first();
    const Table::Row plain{
        id_of(source, cell),
        {marked_data(*cell.results.front(), evidence, notes), variant(json), marked_label(cell, source, notes),
         cell.budget(), grouped(std::llround(cell.over_seeds("result", "relus").mean)),
         text_of(cell.over_seeds("result", "accuracy", 100), 2), kNone, kNone},
        cell.results};
    const size_t before = table.rows.size();
    for (const std::string& name : bases_of(source, cell.label())) {
      if (!labels.count(name))
        fail_usage(source.file.string(), ": no cell is called '", name, "'", did_you_mean(name, labels));
      for (const MeasuredCell& base : all) {
        if (base.label() != name || name == cell.label() || base.budget() != cell.budget()) continue;
        Table::Row row = plain;
        if (table.rows.size() > before) row.id += "-against-" + slug(name);
        row.cells[6] = name;
        row.cells[7] = difference_of(cell, base);
        row.evidence.insert(row.evidence.end(), base.results.begin(), base.results.end());
        table.rows.push_back(std::move(row));
      }
    }
    if (table.rows.size() == before) table.rows.push_back(plain);
  }
  add_missing(table, source, cells);
  return finished(std::move(table), notes);
}

// SENet++: a row a width.
Table widths_of(const Source& source, const Evidence& evidence) {
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
  return finished(std::move(table), notes);
}

// What each cell took beside the teacher: image passes and minutes. What rows share stands in each of them.
Table trainings_of(const Source& source, const Evidence& evidence) {
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
    table.rows.push_back(
        {id_of(source, cell),
         {marked_data(*cell.results.front(), evidence, notes), variant(json),
          marked_label(cell, source, notes) + notes.mark(several), cell.budget(), fixed(summary(passes).mean, 1),
          fixed(summary(shared).mean, 1), fixed(summary(minutes).mean, 1),
          environment.value("gpu",
                            text(environment.value("cpu", "?"), ", ", environment.value("threads", 0), " threads"))},
         cell.results});
  }
  add_missing(table, source, cells);
  return finished(std::move(table), notes);
}

// Ranks from 1; ties share the mean of theirs.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<double> ranks;
  for (const double x : values) {
    double below = 0, equal = 0;
    for (const double y : values) below += y < x, equal += y == x;
    ranks.push_back(below + (equal + 1) / 2);
  }
  return ranks;
}

// Spearman's: Pearson's correlation of the ranks.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> x = ranks(a), y = ranks(b);
  const double mean = (static_cast<double>(x.size()) + 1) / 2;
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  return xy / std::sqrt(xx * yy);
}

// How the measured ReLU sensitivity's shape compares with the one that the authors' published budgets have.
Table sensitivity_of(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "model", "cell", "seed", "layers", "smallest ÷ largest", "theirs",
               "mean difference, of the largest", "rank correlation"},
              {},
              {}};
  Notes notes;
  const std::string of_theirs =
      "with the shape of the authors' budgets for Tiny-ImageNet at width 64, which rises with depth in every layer: "
      "ranking layers by "
      "their depth alone gives 1";
  const std::vector<double>& theirs = evidence.published().resnet18_sensitivity;
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  std::set<std::string> shown;
  for (const MeasuredCell& cell : cells) {
    for (const Result* result : cell.results) {
      const Json& sites = result->json.at("sites");
      if (sites.empty() || !sites[0].contains("pruning_sensitivity")) continue;
      std::vector<double> values;
      for (const Json& site : sites) values.push_back(site.at("sensitivity").get<double>());
      const std::string seed = result->json.at("seed").dump();
      // Budgets and scores share it.
      if (!shown.insert(Json(values).dump()).second) continue;
      const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
      const bool comparable =
          result->json.at("model").at("plugin") == "resnet18" && values.size() == theirs.size() && *largest > 0;
      double off = 0;
      for (size_t l = 0; comparable && l < values.size(); ++l)
        off += std::abs(values[l] / *largest - theirs[l]) / static_cast<double>(values.size());
      table.rows.push_back(
          {id_of(source, cell) + "-s" + seed,
           {marked_data(*result, evidence, notes), variant(result->json), marked_label(cell, source, notes), seed,
            std::to_string(values.size()), *largest > 0 ? fixed(*smallest / *largest, 3) : kNone,
            comparable ? fixed(*std::min_element(theirs.begin(), theirs.end()), 3) : kNone,
            comparable ? fixed(off, 3) : kNone,
            comparable ? fixed(rank_correlation(values, theirs), 3) + notes.mark(of_theirs) : kNone},
           {result}});
    }
  }
  add_missing(table, source, cells);
  return finished(std::move(table), notes);
}

// What a two-party engine needed for each network that was measured.
Table measured_of(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "cell", "budget", "seed", "acc %", "protocol", "masking", "comparisons", "of max-pooling",
               "ReLUs MB", "linear MB", "one inference MB", "linear share", "rounds", "LAN s", "WAN s"},
              {},
              {}};
  Notes notes;
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  check_notes(source, cells);
  for (const MeasuredCell& cell : cells) {
    for (const Result* result : cell.results) {
      for (const Measurement& measured : measurements_of(*result)) {
        const Json& json = measured.json;
        const double total = measured.megabytes("linear") + measured.megabytes("relu") + measured.megabytes("max_pool");
        std::string caveats;
        for (const Json& caveat : json.value("caveats", Json::array()))
          caveats += (caveats.empty() ? "" : "; ") + caveat.get<std::string>();
        const std::string seed = result->json.at("seed").dump();
        table.rows.push_back(
            {source.name + "/" + slug(cell.experiment()) + "/" + measured.file.stem().string(),
             {marked_data(*result, evidence, notes), marked_label(cell, source, notes), cell.budget(), seed,
              fixed(100 * result->json.at("result").at("accuracy").get<double>(), 2),
              json.at("protocol").get<std::string>() + notes.mark(caveats), json.at("masking").get<std::string>(),
              grouped(json.at("comparisons").at("relu").get<int64_t>()),
              grouped(json.at("comparisons").at("max_pool").get<int64_t>()), fixed(measured.megabytes("relu"), 2),
              fixed(measured.megabytes("linear"), 2), fixed(measured.total_megabytes(), 2),
              fixed(100 * measured.megabytes("linear") / total, 0) + " %",
              std::to_string(measured.whole().at("rounds").get<int64_t>()), fixed(measured.latency("LAN"), 2),
              fixed(measured.latency("WAN"), 2)},
             {result}});
      }
    }
  }
  return finished(std::move(table), notes);
}

}  // namespace

const std::vector<Kind<Table>>& table_kinds() {
  static const Option notes = texts_option("notes", "what a reader has to know of a cell: \"label: text\"");
  static const std::vector<Kind<Table>> kinds = {
      {"main",
       "a row a cell and budget, beside what is published",
       {notes, texts_option("budgets", "of every label: which are missing is shown"),
        texts_option("reproduces", "which cells stand beside which published method: \"label: method\""),
        texts_option("published", "data sets whose published rows it lists too")},
       main_of},
      {"overview",
       "a row a method, a column a budget",
       {notes, texts_option("budgets", "the columns; none: those there are, ascending")},
       overview_of},
      {"differences",
       "each cell against another, paired over seeds",
       {notes,
        texts_option("against", "what cells are compared with: \"label: base\", and for others the bases alone")},
       differences_of},
      {"widths", "SENet++: a row a width", {}, widths_of},
      {"trainings", "image passes and time of each cell", {notes}, trainings_of},
      {"sensitivity", "the measured sensitivity's shape against the authors'", {}, sensitivity_of},
      {"measured", "what a two-party engine needed for each network", {notes}, measured_of},
  };
  return kinds;
}

std::vector<std::vector<std::string>> main_table(const std::vector<Result>& results) {
  std::vector<std::vector<std::string>> rows = {
      {"model", "ReLUs", "AR acc %", "method", "budget", "ReLUs counted", "acc %", "acc/kReLU", "comm. saving"}};
  for (const Result& result : results) {
    const Json& json = result.json;
    const auto total = json.at("teacher").at("relus").get<int64_t>();
    const auto counted = json.at("result").at("relus").get<int64_t>();
    const double accuracy = 100 * json.at("result").at("accuracy").get<double>();
    rows.push_back({variant(json), grouped(total), fixed(100 * json.at("teacher").at("accuracy").get<double>(), 2),
                    json.at("cell").at("label").get<std::string>(), json.at("budget").at("asked").get<std::string>(),
                    grouped(counted), fixed(accuracy, 2), fixed(accuracy / (static_cast<double>(counted) / 1000), 2),
                    fixed(static_cast<double>(total) / static_cast<double>(counted), 2) + "×"});
  }
  return rows;
}

Json explained(const std::vector<Table>& tables, const std::string& id) {
  std::string known;
  std::vector<Json> found;
  for (const Table& table : tables) {
    for (const Table::Row& row : table.rows) {
      known += "\n  " + row.id;
      if (row.id != id) continue;
      Json json = {{"row", row.id}, {"cells", Json::object()}, {"runs", Json::array()}};
      for (size_t i = 0; i < row.cells.size(); ++i) json["cells"][table.columns[i]] = row.cells[i];
      json["notes"] = table.notes;
      if (row.evidence.empty()) json["source"] = "no run of this harness: published figures stand in results/published";
      for (const Result* result : row.evidence) {
        const Json& from = result->json;
        json["runs"].push_back({{"file", result->file.string()},
                                {"cell", from.at("cell").at("label")},
                                {"seed", from.at("seed")},
                                {"accuracy", from.at("result").at("accuracy")},
                                {"relus", from.at("result").at("relus")},
                                {"environment", from.at("environment")},
                                {"phases", from.at("phases")},
                                {"finished", from.value("finished", Json())}});
      }
      if (!row.evidence.empty()) {
        json["deviations"] = row.evidence.front()->json.value("deviations", Json::array());
        json["settings"] = row.evidence.front()->json.at("settings");
      }
      found.push_back(std::move(json));
    }
  }
  if (found.size() > 1)
    fail_usage(found.size(), " rows are called '", id, "': give their cells labels that differ in letters");
  if (found.size() == 1) return found.front();
  fail_usage("no row is called '", id, "'", known.empty() ? "; the tables are empty" : "; there are:" + known);
}

}  // namespace senet
