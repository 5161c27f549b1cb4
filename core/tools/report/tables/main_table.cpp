#include <algorithm>
#include <cmath>
#include <set>

#include "display/format.h"
#include "senet/error.h"
#include "tools/report/tables/every_table.h"
#include "tools/report/tables/rows.h"

namespace senet {

namespace {

// The published point nearest to a cell's ReLUs, of the method that the source says the cell reproduces, of its data
// set and model, within the 2.5 % by which methods end under their budgets.
const PublishedPoint* published_of(const MeasuredCell& cell, const Source& source, const Evidence& evidence) {
  const std::string dataset = evidence.data_set(cell.first()).published;
  const double relus = cell.relus().mean * 1e-3;
  const PublishedPoint* nearest = nullptr;
  for (const PublishedPoint& point : evidence.published().points) {
    const auto& reproduces = source.texts("reproduces");
    const bool named =
        std::find(reproduces.begin(), reproduces.end(), cell.label() + ": " + point.method) != reproduces.end();
    const double off = std::abs(point.relus_k - relus);
    if (!named || point.dataset != dataset || cell.variant() != point.model || off > 0.025 * relus) continue;
    if (!nearest || off < std::abs(nearest->relus_k - relus)) nearest = &point;
  }
  return nearest;
}

std::string unsure(const PublishedPoint& point) {
  return point.model_certain ? "" : "which model this published row belongs to is not certain";
}

}  // namespace

Table main_table(const Source& source, const Evidence& evidence) {
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
    const Summary accuracy = cell.accuracy(), relus = cell.relus();
    const int64_t all = cell.teacher_relus();
    const PublishedPoint* point = published_of(cell, source, evidence);
    if (point) measured.insert(point);
    const bool any = relus.mean > 0;
    table.rows.push_back(
        {id_of(source, cell),
         {marked_data(cell.first(), evidence, notes), cell.variant(), grouped(all), text_of(cell.teacher_accuracy(), 2),
          marked_label(cell, source, notes), cell.budget(), grouped(std::llround(relus.mean)), text_of(accuracy, 2),
          any ? fixed(accuracy.mean / (relus.mean / 1000), 2) : kNone,
          any ? fixed(static_cast<double>(all) / relus.mean, 2) + "×" : kNone,
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
  return finished(std::move(table), std::move(notes), evidence);
}

}  // namespace senet
