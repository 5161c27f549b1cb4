#include "report/tables.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "report/differences.h"
#include "report/format.h"
#include "report/measurements.h"
#include "senet/error.h"

namespace senet {

namespace {

constexpr const char* kMissing = "missing";
constexpr const char* kNone = "–";

// Numbers the texts that "[i]" in a cell stands for.
class Notes {
 public:
  explicit Notes(Table& table) : table_(table) {}
  std::string mark(const std::string& note) {
    if (note.empty()) return "";
    const auto at = std::find(table_.notes.begin(), table_.notes.end(), note);
    const size_t number = static_cast<size_t>(at - table_.notes.begin()) + 1;
    if (at == table_.notes.end()) table_.notes.push_back(note);
    return " [" + std::to_string(number) + "]";
  }

 private:
  Table& table_;
};

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

// A row for each label of the source that has no results: what is missing is shown.
void add_missing(Table& table, const Source& source, const std::vector<MeasuredCell>& cells, size_t label_column,
                 size_t value_column) {
  for (const std::string& label : source.texts("labels")) {
    const bool there =
        std::any_of(cells.begin(), cells.end(), [&](const MeasuredCell& cell) { return cell.label() == label; });
    if (there) continue;
    std::vector<std::string> row(table.columns.size(), kNone);
    row[label_column] = label;
    row[value_column] = kMissing;
    table.rows.push_back({source.name + "/missing/" + slug(label), std::move(row), {}});
  }
}

std::string id_of(const Source& source, const MeasuredCell& cell) {
  return source.name + "/" + slug(cell.experiment()) + "/" + cell.id();
}

std::string published_method(const std::string& method) {
  static const std::map<std::string, std::string> names = {
      {"senet", "SENet"}, {"snl", "SNL"}, {"deepreduce", "DeepReDuce"}};
  const auto at = names.find(method);
  return at == names.end() ? "" : at->second;
}

// The published point of the same method, data set, model and count (to the half percent that thousands are rounded
// to).
const PublishedPoint* published_of(const MeasuredCell& cell, const Evidence& evidence) {
  const Json& json = cell.first();
  const std::string dataset = evidence.data_set(json).published, method = published_method(cell.method());
  const auto relus = json.at("budget").at("relus").get<double>() / 1000;
  for (const PublishedPoint& point : evidence.published().points) {
    if (point.dataset == dataset && point.method == method && json.at("model").at("variant") == point.model &&
        std::abs(point.relus_k - relus) <= 0.005 * relus)
      return &point;
  }
  return nullptr;
}

std::string variant(const Json& json) { return json.at("model").at("variant").get<std::string>(); }

Table main_of(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "model", "ReLUs", "AR acc %", "method", "budget", "ReLUs counted", "acc % (n)", "acc/kReLU",
               "comm. saving", "published acc %", "difference"},
              {},
              {}};
  Notes notes(table);
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  check_notes(source, cells);
  std::set<const PublishedPoint*> measured;
  for (const MeasuredCell& cell : cells) {
    const Json& json = cell.first();
    const Summary accuracy = cell.over_seeds("result", "accuracy", 100);
    const Summary relus = cell.over_seeds("result", "relus"), all = cell.over_seeds("teacher", "relus");
    const PublishedPoint* point = published_of(cell, evidence);
    if (point) measured.insert(point);
    const std::string data = evidence.data_set(json).title + notes.mark(variant_of(*cell.results.front(), evidence));
    table.rows.push_back(
        {id_of(source, cell),
         {data, variant(json), grouped(std::llround(all.mean)), text_of(cell.over_seeds("teacher", "accuracy", 100), 2),
          cell.label() + notes.mark(note_of(source, cell.label())), cell.budget(), grouped(std::llround(relus.mean)),
          text_of(accuracy, 2), fixed(accuracy.mean / (relus.mean / 1000), 2), fixed(all.mean / relus.mean, 2) + "×",
          point ? fixed(point->accuracy, 2) : kNone, point ? fixed(accuracy.mean - point->accuracy, 2) : kNone},
         cell.results});
  }
  add_missing(table, source, cells, 4, 7);
  for (const std::string& dataset : source.texts("published")) {
    size_t found = 0;
    for (const PublishedPoint& point : evidence.published().points) {
      if (point.dataset != dataset) continue;
      ++found;
      if (measured.count(&point)) continue;
      const std::string unsure = point.model_certain ? "" : "which model this published row belongs to is not certain";
      table.rows.push_back(
          {source.name + "/published/" + slug(dataset + "-" + point.method + "-" + fixed(point.relus_k, 1) + "k"),
           {evidence.title_of(dataset), point.model + notes.mark(unsure), kNone, kNone, point.method,
            fixed(point.relus_k, 1) + "k", kNone, kMissing, kNone, kNone, fixed(point.accuracy, 2), kNone},
           {}});
    }
    if (found == 0 && !evidence.published().points.empty())
      fail_usage(source.file.string(), ": nothing is published for the data set '", dataset, "'");
  }
  return table;
}

// The pairs that `against` asks for: of one cell for all, or "label" of each budget where it names several.
Table differences_of(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "model", "cell", "budget", "ReLUs counted", "acc % (n)", "against", "points ± standard error"},
              {},
              {}};
  Notes notes(table);
  const std::vector<std::string>& against = source.texts("against");
  if (against.empty())
    fail_usage(source.file.string(), ": 'against' is missing: the labels of the cells to compare with");
  Source everything = source;
  everything.options.replace("labels", std::vector<std::string>(), "table");
  const std::vector<MeasuredCell> all = evidence.cells(everything), cells = chosen(all, source.texts("labels"));
  check_notes(source, cells);
  const std::vector<MeasuredCell> bases = chosen(all, against);
  if (bases.empty() && !all.empty())
    fail_usage(source.file.string(), ": no cell is called '", joined(against, "' or '"), "'");
  for (const MeasuredCell& cell : cells) {
    const Json& json = cell.first();
    const std::string data = evidence.data_set(json).title + notes.mark(variant_of(*cell.results.front(), evidence));
    Table::Row row{id_of(source, cell),
                   {data, variant(json), cell.label() + notes.mark(note_of(source, cell.label())), cell.budget(),
                    grouped(std::llround(cell.over_seeds("result", "relus").mean)),
                    text_of(cell.over_seeds("result", "accuracy", 100), 2), "", ""},
                   cell.results};
    for (const MeasuredCell& base : bases) {
      const bool same = base.label() == cell.label();
      if (same || base.budget() != cell.budget()) continue;
      std::vector<Result> pair;
      for (const Result* result : base.results) pair.push_back(*result);
      for (const Result* result : cell.results) pair.push_back(*result);
      const auto found = paired_differences(pair, base.label());
      if (found.empty()) continue;
      row.cells[6] = base.label();
      row.cells[7] = (found[0].difference < 0 ? "−" : "+") + fixed(100 * std::abs(found[0].difference), 2) +
                     (std::isnan(found[0].standard_error) ? "" : " ± " + fixed(100 * found[0].standard_error, 2));
      break;
    }
    table.rows.push_back(std::move(row));
  }
  add_missing(table, source, cells, 2, 5);
  return table;
}

// SENet++: a row a width.
Table widths_of(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "model", "cell", "budget", "width", "acc % (n)", "ReLUs", "MACs", "ReLU saving", "MAC saving"},
              {},
              {}};
  Notes notes(table);
  for (const MeasuredCell& cell : evidence.cells(source)) {
    const Json& json = cell.first();
    const Json widths = json.value("widths", Json::array());
    for (size_t w = 0; w < widths.size(); ++w) {
      std::vector<double> accuracies;
      for (const Result* result : cell.results)
        accuracies.push_back(100 * result->json.at("widths").at(w).at("accuracy").get<double>());
      const Json& at = widths[w];
      table.rows.push_back(
          {id_of(source, cell) + "-width-" + slug(at.at("width").dump()),
           {evidence.data_set(json).title + notes.mark(variant_of(*cell.results.front(), evidence)), variant(json),
            cell.label(), cell.budget(), at.at("width").dump(), text_of(summary(accuracies), 2),
            grouped(at.at("relus").get<int64_t>()), grouped(at.at("macs").get<int64_t>()),
            fixed(at.at("relu_saving").get<double>(), 2) + "×", fixed(at.at("mac_saving").get<double>(), 2) + "×"},
           cell.results});
    }
  }
  return table;
}

// What each cell took: image passes and time beside the teacher's, counted once for what budgets share.
Table trainings_of(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "model", "method", "budget", "image passes, thousands", "minutes", "of them shared by budgets",
               "device"},
              {},
              {}};
  Notes notes(table);
  const std::vector<MeasuredCell> cells = evidence.cells(source);
  check_notes(source, cells);
  std::map<std::string, std::set<std::string>> budgets_of;  // by phase key
  for (const MeasuredCell& cell : cells) {
    for (const Result* result : cell.results) {
      for (const Json& phase : result->json.at("phases")) budgets_of[phase.at("key")].insert(cell.budget());
    }
  }
  for (const MeasuredCell& cell : cells) {
    std::vector<double> passes, seconds, shared;
    for (const Result* result : cell.results) {
      double all = 0, time = 0, common = 0;
      for (const Json& phase : result->json.at("phases")) {
        if (phase.at("kind") == "teacher") continue;
        const double images = phase.at("image_passes").get<double>() / 1000;
        all += images;
        time += phase.at("training_seconds").get<double>() / 60;
        if (budgets_of.at(phase.at("key")).size() > 1) common += images;
      }
      passes.push_back(all);
      seconds.push_back(time);
      shared.push_back(common);
    }
    const Json& json = cell.first();
    const Json& environment = json.at("environment");
    table.rows.push_back(
        {id_of(source, cell),
         {evidence.data_set(json).title + notes.mark(variant_of(*cell.results.front(), evidence)), variant(json),
          cell.label() + notes.mark(note_of(source, cell.label())), cell.budget(), fixed(summary(passes).mean, 1),
          fixed(summary(seconds).mean, 1), fixed(summary(shared).mean, 1),
          environment.value("gpu", text(environment.value("cpu", std::string("?")), ", ",
                                        environment.value("threads", 0), " threads"))},
         cell.results});
  }
  add_missing(table, source, cells, 2, 4);
  return table;
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
              {"data", "model", "cell", "seed", "layers", "rank correlation with the authors' shape",
               "smallest ÷ largest", "theirs"},
              {},
              {}};
  Notes notes(table);
  const std::vector<double>& theirs = evidence.published().resnet18_sensitivity;
  std::set<std::string> shown;
  for (const MeasuredCell& cell : evidence.cells(source)) {
    for (const Result* result : cell.results) {
      const Json& sites = result->json.at("sites");
      if (sites.empty() || !sites[0].contains("pruning_sensitivity")) continue;
      std::vector<double> values;
      for (const Json& site : sites) values.push_back(site.at("sensitivity").get<double>());
      const std::string seed = result->json.at("seed").dump();
      // Budgets and scores share it.
      if (!shown.insert(Json(values).dump()).second) continue;
      const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
      const bool comparable = values.size() == theirs.size();
      table.rows.push_back(
          {id_of(source, cell) + "-s" + seed,
           {evidence.data_set(result->json).title + notes.mark(variant_of(*result, evidence)), variant(result->json),
            cell.label(), seed, std::to_string(values.size()),
            comparable ? fixed(rank_correlation(values, theirs), 3) : kNone, fixed(*smallest / *largest, 3),
            comparable ? fixed(*std::min_element(theirs.begin(), theirs.end()), 3) : kNone},
           {result}});
    }
  }
  return table;
}

// What a two-party engine needed for each network that was measured.
Table measured_of(const Source& source, const Evidence& evidence) {
  Table table{source.name,
              source.text("title"),
              {"data", "cell", "budget", "seed", "acc %", "protocol", "masking", "comparisons", "of max-pooling",
               "ReLUs MB", "linear MB", "one inference MB", "linear share", "rounds", "LAN s", "WAN s"},
              {},
              {}};
  Notes notes(table);
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
            {source.name + "/" + measured.file.stem().string(),
             {evidence.data_set(result->json).title + notes.mark(variant_of(*result, evidence)),
              cell.label() + notes.mark(note_of(source, cell.label())), cell.budget(), seed,
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
  return table;
}

}  // namespace

const std::vector<Kind<Table>>& table_kinds() {
  static const Option notes = texts_option("notes", "what a reader has to know of a cell: \"label: text\"");
  static const std::vector<Kind<Table>> kinds = {
      {"main",
       "a row a cell and budget, beside what is published",
       {notes, texts_option("published", "data sets whose published rows it lists too")},
       main_of},
      {"differences",
       "each cell against another, paired over seeds",
       {notes, texts_option("against", "labels of the cells to compare with: for each row the first with its budget")},
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
  for (const Table& table : tables) {
    for (const Table::Row& row : table.rows) {
      known += "\n  " + row.id;
      if (row.id != id) continue;
      Json json = {{"row", row.id}, {"cells", Json::object()}, {"runs", Json::array()}};
      for (size_t i = 0; i < row.cells.size(); ++i) json["cells"][table.columns[i]] = row.cells[i];
      for (const Result* result : row.evidence) {
        const Json& from = result->json;
        json["runs"].push_back({{"file", result->file.string()},
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
      return json;
    }
  }
  fail_usage("no row is called '", id, "'", known.empty() ? "; the tables are empty" : "; there are:" + known);
}

}  // namespace senet
