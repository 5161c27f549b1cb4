#include <algorithm>
#include <cmath>
#include <set>

#include "config/joined.h"
#include "display/charges.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "senet/error.h"
#include "tools/report/figure_kinds.h"

namespace senet {

namespace {

constexpr double kPapersWidth = 64;

double width_of(const MeasuredCell& cell) {
  const Json width = cell.first().setting("model.width");
  return width.is_number() ? width.get<double>() : kPapersWidth;
}

// Thousands of images that the finished network has seen behind its teacher; none where a result does not say it or
// it saw none.
std::optional<double> images_of(const MeasuredCell& cell) {
  const auto passes = method_passes(cell.first(), &ResultPhase::deployed_image_passes);
  if (!passes || *passes == 0) return {};
  return static_cast<double>(*passes) / 1000;
}

struct TrendLine {
  std::string title;
  std::vector<std::pair<double, const MeasuredCell*>> points;  // by what stands on the axis
};

class Trend {
 public:
  Trend(const Source& source, const Evidence& evidence)
      : by_width_(source.text("axis") == "width"),
        source_(source),
        evidence_(evidence),
        cells_(evidence.cells(source)),
        figure_(source.name, source.text("title"), kOneColumn, 2.45) {
    figure_.sums_up = true;
    const Origins origins(cells_, evidence);
    for (const MeasuredCell& cell : cells_) {
      if (!source.shows_budget(cell.budget())) continue;
      const std::optional<double> place = by_width_ ? width_of(cell) : images_of(cell);
      if (!place) continue;
      const std::string title = line_of(cell) + (by_width_ ? "" : origins.mark(cell.first(), figure_));
      if (by_width_) figure_.remark(but_for_its_width(cell.first()));
      auto line = std::find_if(lines_.begin(), lines_.end(), [&](const TrendLine& one) { return one.title == title; });
      if (line == lines_.end()) line = lines_.insert(line, {title, {}});
      for (const auto& [other, there] : line->points) check_point(*there, other, cell, *place);
      line->points.emplace_back(*place, &cell);
    }
    for (TrendLine& line : lines_)
      std::stable_sort(line.points.begin(), line.points.end(), [](auto& a, auto& b) { return a.first < b.first; });
  }

  Figure drawn() {
    for (size_t i = 0; i < lines_.size(); ++i) add(i);
    if (lines_.empty()) {
      figure_.commands = nothing_to_show("no results that say how many images their network has seen");
      return std::move(figure_);
    }
    figure_.remark("Means over seeds; bars: standard deviation; points of one place stand side by side");
    if (any_published_)
      figure_.remark("Hollow: what its paper has at width 64, as large a share of the ReLUs, on all images");
    const double margin = std::max(0.05 * (high_ - low_), 0.5), low = low_ - margin, high = high_ + margin;
    std::vector<std::string> tics;
    for (const double place : places_) tics.push_back(gnuplot_text(text_of(place)) + " " + fixed(place, 4));
    figure_.commands =
        figure_.panel(0.45, 2.4, 0.08, 2.1) + "set logscale x\nset xlabel " +
        gnuplot_text(by_width_ ? "width: channels of the first layers" : "image passes after the teacher, thousands") +
        " offset 0,0.4\nset ylabel \"test accuracy, %\" offset 1.5\nset xtics (" + joined(tics, ", ") +
        ")\nset xrange [" + fixed(*places_.begin() / 1.2, 4) + ":" + fixed(*places_.rbegin() * 1.2, 4) +
        "]\nset yrange [" + fixed(low, 3) + ":" + fixed(high, 3) + "]\n" +
        names_at_ends(ends_, low, high, 0.07, false) + "unset key\nplot " + joined(elements_, ", \\\n     ") + "\n";
    return std::move(figure_);
  }

 private:
  // What one line must not have: two points at one place, and two data sets.
  void check_point(const MeasuredCell& a, double place_of_a, const MeasuredCell& b, double place_of_b) const {
    const std::string files = a.first().file.string() + " and " + b.first().file.string();
    if (place_of_a == place_of_b)
      fail_usage(source_.file.string(), ": ", files, " are points of the line '", line_of(b), "' at one place, ",
                 text_of(place_of_b), "; choose one with 'budgets' or 'labels', or give them lines of their own");
    if (evidence_.data_set(a.first()).title != evidence_.data_set(b.first()).title)
      fail_usage(source_.file.string(), ": ", files, " are points of the line '", line_of(b),
                 "' and of two data sets; choose one with 'experiments', or give them lines of their own");
  }

  std::string but_for_its_width(Result result) const {
    result.model.variant = result.model.plugin;
    return short_variant_of(result, evidence_);
  }

  static std::string text_of(double place) { return fixed(place, place == std::round(place) ? 0 : 1); }

  std::string line_of(const MeasuredCell& cell) const {
    const auto named = source_.of_label("lines", cell.label());
    return named.empty() ? cell.label() : named.front();
  }

  // What the paper has of the method that the line reproduces, with as large a share of the ReLUs.
  const PublishedPoint* paper_of(const MeasuredCell& cell) const {
    return evidence_.published().nearest(evidence_.data_set(cell.first()).published,
                                         source_.of_label("reproduces", line_of(cell)), cell.first().model.plugin,
                                         cell.relus().mean / 1000 * kPapersWidth / width_of(cell));
  }

  void add(size_t i) {
    std::vector<std::vector<std::string>> rows, papers;
    for (const auto& [place, cell] : lines_[i].points) {
      const Summary accuracy = cell->accuracy();
      const double deviation = accuracy.n > 1 ? accuracy.deviation : 0;
      const std::string where = by_width_ ? "width " + text_of(place) : text_of(place) + "k images";
      show(place, accuracy.mean - deviation, accuracy.mean + deviation);
      rows.push_back({fixed(place, 4), fixed(accuracy.mean, 4), fixed(deviation, 4), std::to_string(accuracy.n),
                      gnuplot_text(tip_of_cell(*cell, where))});
      const PublishedPoint* paper = by_width_ ? paper_of(*cell) : nullptr;
      if (!paper) continue;
      show(kPapersWidth, paper->accuracy, paper->accuracy);
      papers.assign({{fixed(kPapersWidth, 4), fixed(paper->accuracy, 2), gnuplot_text(tip_of_point(*paper))}});
    }
    ends_.push_back({lines_[i].title, lines_[i].points.back().first, std::stod(rows.back()[1]), i});
    const std::string block = figure_.add(lines_[i].title + ": " + (by_width_ ? "width" : "thousands of images") +
                                              ", accuracy in %, its standard deviation, seeds, runs",
                                          rows);
    const std::string x = set_aside(1, i, lines_.size());
    elements_.push_back(tips(block, x + ":2", 5) + error_bars(block, x, 2, 3, i));
    elements_.push_back(block + " using " + x + ":2 with linespoints " + style(i) + " title \"\"");
    if (papers.empty()) return;
    any_published_ = true;
    const std::string paper = figure_.add(lines_[i].title + ", published: width, accuracy in %, what it is", papers);
    elements_.push_back(tips(paper, "1:2", 3) + paper + " using 1:2 with points " + published_style(i, false) +
                        " title \"\"");
  }

  void show(double place, double low, double high) {
    places_.insert(place);
    low_ = std::min(low_, low);
    high_ = std::max(high_, high);
  }

  const bool by_width_;
  const Source& source_;
  const Evidence& evidence_;
  const std::vector<MeasuredCell> cells_;
  Figure figure_;
  std::vector<TrendLine> lines_;
  std::vector<LineEnd> ends_;
  std::vector<std::string> elements_;
  std::set<double> places_;
  double low_ = INFINITY, high_ = -INFINITY;
  bool any_published_ = false;
};

}  // namespace

Figure trend_figure(const Source& source, const Evidence& evidence) { return Trend(source, evidence).drawn(); }

}  // namespace senet
