#include <algorithm>
#include <cmath>
#include <set>

#include "display/format.h"
#include "senet/error.h"
#include "tools/report/table_kinds.h"
#include "tools/report/tables/table_maker.h"

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

std::string thousands(const PublishedPoint& point) { return fixed(point.relus_k, 1) + "k"; }

}  // namespace

Table main_table(const Source& source, const Evidence& evidence) {
  TableMaker maker(source, evidence,
                   {"data", "model", "ReLUs", "AR acc %", "method", "budget", "ReLUs counted", "acc % (n)", "acc/kReLU",
                    "comm. saving", "published acc %", kDifference});
  std::set<const PublishedPoint*> measured;
  for (const MeasuredCell& cell : maker.cells) {
    const Summary accuracy = cell.accuracy(), relus = cell.relus();
    const int64_t all = cell.teacher_relus();
    const PublishedPoint* point = published_of(cell, source, evidence);
    if (point) measured.insert(point);
    const bool any = relus.mean > 0;
    std::vector<Table::Cell> row = {maker.data(cell.first()),
                                    cell.variant(),
                                    count_cell(all),
                                    mean_cell(cell.teacher_accuracy()),
                                    maker.label(cell),
                                    cell.budget(),
                                    count_cell(cell.counted()),
                                    mean_cell(accuracy),
                                    any ? number_cell(accuracy.mean / (relus.mean / 1000), 2) : kNone,
                                    any ? number_cell(static_cast<double>(all) / relus.mean, 2, "×") : kNone};
    if (point) {
      row.push_back(number_cell(point->accuracy, 2, " at " + thousands(*point))
                        .mark(maker.notes.number(unsure(*point)))
                        .mark(maker.notes.number(point->via)));
      row.push_back(number_cell(accuracy.mean - point->accuracy, 2));
      row.back().with_sign = true;
    }
    row.resize(maker.table.columns.size(), kNone);
    maker.add(maker.id_of(cell), std::move(row), cell.results);
  }
  maker.add_missing();
  for (const std::string& dataset : source.texts("published")) {
    size_t found = 0;
    for (const PublishedPoint& point : evidence.published().points) {
      if (point.dataset != dataset || !point.via.empty()) continue;  // what is read off plots would swamp the table
      ++found;
      if (measured.count(&point)) continue;
      const std::string count = thousands(point);
      maker.add(source.name + "/published/" + slug(dataset + "-" + point.method + "-" + point.model + "-" + count),
                {evidence.title_of(dataset), Table::Cell(point.model).mark(maker.notes.number(unsure(point))), kNone,
                 kNone, point.method, count, kNone, kMissing, kNone, kNone, number_cell(point.accuracy, 2), kNone});
    }
    if (found == 0 && !evidence.published().points.empty())
      fail_usage(source.file.string(), ": nothing is published for the data set '", dataset, "'");
  }
  return maker.finished();
}

}  // namespace senet
