#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "tools/report/figure_kinds.h"

namespace senet {

namespace {

constexpr size_t kFewLines = 4;  // have their names at their ends

struct Range {
  double low = INFINITY, high = -INFINITY;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// What is measured of one cell at its budgets.
struct Line {
  const MeasuredCell* first;
  std::string title;
  std::vector<const MeasuredCell*> points;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

class Accuracies {
 public:
  // `named`: lines have their names at their ends, in place of a key.
  Accuracies(Figure figure, const std::vector<MeasuredCell>& cells, const Evidence& evidence, bool named)
      : figure_(std::move(figure)), evidence_(evidence), named_(named) {
    figure_.sums_up = true;
    const Origins origins(cells, evidence);
    for (const MeasuredCell& cell : cells) {
      const std::string title = cell.label() + origins.mark(cell.first(), figure_);
      auto line = std::find_if(lines_.begin(), lines_.end(), [&](const Line& one) { return one.title == title; });
      if (line == lines_.end()) line = lines_.insert(line, {&cell, title, {}});
      line->points.push_back(&cell);
    }
    for (Line& line : lines_) {
      std::stable_sort(line.points.begin(), line.points.end(),
                       [](const MeasuredCell* a, const MeasuredCell* b) { return a->relus().mean < b->relus().mean; });
    }
  }

  void add_measured() {
    if (!named_) keys_.emplace_back("keyentry title \"measured here\"");
    for (size_t i = 0; i < lines_.size(); ++i) {
      std::vector<std::vector<std::string>> rows;
      for (const MeasuredCell* cell : lines_[i].points) {
        const Summary accuracy = cell->accuracy();
        const double deviation = accuracy.n > 1 ? accuracy.deviation : 0;
        const double relus = std::max(0.5, cell->relus().mean) / 1000;  // a logarithmic axis has no 0
        relus_.add(relus);
        accuracy_.add(accuracy.mean - deviation);
        accuracy_.add(accuracy.mean + deviation);
        rows.push_back({fixed(relus, 4), fixed(accuracy.mean, 4), fixed(deviation, 4), std::to_string(accuracy.n),
                        gnuplot_text(tip_of_cell(*cell))});
      }
      ends_.push_back({lines_[i].title, std::stod(rows.back()[0]), std::stod(rows.back()[1]), i});
      const std::string block = figure_.add(
          lines_[i].title + ": thousands of ReLUs, accuracy in %, its standard deviation, seeds, runs", rows);
      const std::string x = set_aside(1, i, lines_.size());
      measured_.push_back(tips(block, x + ":2", 5) + error_bars(block, x, 2, 3, i));
      const std::string drawn = " with linespoints " + style(i);
      measured_.push_back(block + " using " + x + ":2" + drawn + " notitle");
      if (!named_) keys_.push_back("keyentry" + drawn + " title " + gnuplot_text(lines_[i].title));
    }
    if (lines_.size() > 1)
      figure_.remark("Bars: standard deviation over seeds; points of one budget stand side by side");
  }

  // In the colour of the first cell that the method of this name made; small where it was read elsewhere.
  void add_published(const std::string& dataset) {
    std::map<std::pair<std::string, bool>, std::vector<const PublishedPoint*>> methods;
    for (const PublishedPoint& point : evidence_.published().points) {
      if (point.dataset == dataset) methods[{point.method, !point.via.empty()}].push_back(&point);
    }
    if (methods.empty()) return;
    keys_.emplace_back("keyentry title \" \"");
    keys_.push_back("keyentry title " + gnuplot_text("published, " + evidence_.title_of(dataset)));
    std::set<std::string> named;
    for (const auto& [key, points] : methods) {
      const auto& [method, elsewhere] = key;
      std::vector<std::vector<std::string>> rows;
      for (const PublishedPoint* point : points) {
        relus_.add(point->relus_k);
        accuracy_.add(point->accuracy);
        rows.push_back({fixed(point->relus_k, 2), fixed(point->accuracy, 2), gnuplot_text(tip_of_point(*point))});
      }
      const std::string block =
          figure_.add("published, " + dataset + ", " + method + (elsewhere ? ", second-hand" : "") +
                          ": thousands of ReLUs, accuracy in %, what it is",
                      rows);
      const std::string drawn = " with points " + style_of(method, elsewhere);
      published_.push_back(tips(block, "1:2", 3) + block + " using 1:2" + drawn + " notitle");
      if (named.insert(method).second) keys_.push_back("keyentry" + drawn + " title " + gnuplot_text(method));
      second_hand_ = second_hand_ || elsewhere;
    }
    figure_.remark("Published: light; from each method's paper, as collected by ReLUPruner (Li et al., AAAI 2026)");
    if (second_hand_) figure_.remark("Second-hand, small: plot data of others (results/published/accuracy.toml)");
  }

  Figure finished() {
    if (std::isinf(relus_.low)) {
      figure_.commands = nothing_to_show("no results, and nothing published");
      return std::move(figure_);
    }
    // What is drawn later lies above: measured points hide published ones.
    std::vector<std::string> elements = keys_;
    for (const auto* drawn : {&published_, &measured_}) elements.insert(elements.end(), drawn->begin(), drawn->end());
    const double margin = std::max(0.05 * (accuracy_.high - accuracy_.low), 0.5);
    const double low = accuracy_.low - margin, high = accuracy_.high + margin;
    figure_.commands = figure_.panel(0.45, named_ ? 2.4 : 4.75, 0.08, named_ ? 2.1 : 2.65) +
                       "set logscale x\nset xlabel \"ReLUs, thousands\" offset 0,0.4\n"
                       "set ylabel \"test accuracy, %\" offset 1.5\nset xrange [" +
                       fixed(relus_.low / 1.3, 5) + ":" + fixed(relus_.high * 1.3, 5) + "]\nset yrange [" +
                       fixed(low, 3) + ":" + fixed(high, 3) + "]\n" +
                       (named_ ? names_at_ends(ends_, low, high, 0.07, false) + "unset key\n"
                               : std::string("set key at screen 4.9/width, screen 1 - 0.05/height left top vertical "
                                             "maxrows 40 spacing 1.05\n")) +
                       "plot " + joined(elements, ", \\\n     ") + "\n";
    return std::move(figure_);
  }

  static Figure sized(const std::string& name, const std::string& title, bool few) {
    return few ? Figure(name, title, kOneColumn, 2.45) : Figure(name, title, kTwoColumns, 3.12);
  }

  static bool are_few(const std::vector<MeasuredCell>& cells) {
    std::vector<std::string> labels;
    for (const MeasuredCell& cell : cells) {
      if (std::find(labels.begin(), labels.end(), cell.label()) == labels.end()) labels.push_back(cell.label());
    }
    return labels.size() <= kFewLines;
  }

 private:
  std::string style_of(const std::string& method, bool small) {
    for (size_t i = 0; i < lines_.size(); ++i) {
      if (lower(lines_[i].first->first().method) == lower(method)) return published_style(i, small);
    }
    const size_t place = unmeasured_.emplace(method, unmeasured_.size()).first->second;
    return unmeasured_style(place, small);
  }

  Figure figure_;
  const Evidence& evidence_;
  const bool named_;
  std::vector<Line> lines_;
  std::vector<LineEnd> ends_;
  std::vector<std::string> keys_, published_, measured_;  // elements of the plot
  std::map<std::string, size_t> unmeasured_;
  Range relus_, accuracy_;
  bool second_hand_ = false;
};

Figure accuracies(const std::string& name, const std::string& title, const std::vector<MeasuredCell>& cells,
                  const std::vector<std::string>& data_sets, const Evidence& evidence) {
  const bool few = data_sets.empty() && Accuracies::are_few(cells);
  Accuracies drawn(Accuracies::sized(name, title, few), cells, evidence, few);
  drawn.add_measured();
  for (const std::string& dataset : data_sets) drawn.add_published(dataset);
  return drawn.finished();
}

}  // namespace

Figure pareto_figure(const Source& source, const Evidence& evidence) {
  return accuracies(source.name, source.text("title"), evidence.cells(source), source.texts("published"), evidence);
}

Figure figure_of_accuracies(const Evidence& evidence) {
  return accuracies("accuracies", "Accuracy against ReLUs", evidence.cells(), {}, evidence);
}

}  // namespace senet
