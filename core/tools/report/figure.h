#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/report/evidence.h"
#include "tools/report/notes.h"

namespace senet {

constexpr double kOneColumn = 3.4, kTwoColumns = 7;  // widths in which papers print, inches

// A picture as a gnuplot script and the data it reads, as a paper prints it: letters of 7 pt, notes below the axes, no
// title, which is the caption's. Texts from outside are quoted (gnuplot.h) and drawn without enhanced markup.
class Figure {
 public:
  Figure(std::string name, std::string title, double width, double height);  // inches, without the notes

  // A table of numbers and quoted texts for `plot`; returns what the script calls it: `"<name>.dat" index <i>`.
  std::string add(const std::string& heading, const std::vector<std::vector<std::string>>& rows);
  // Says a sentence below the axes.
  void remark(const std::string& sentence);
  // Makes it as high as what ends at `bottom`, inches from the top, needs.
  void reach(double bottom);
  // The frame of what is plotted next: inches from the left and from the top.
  std::string panel(double left, double right, double top, double bottom) const;

  const std::string& name() const { return name_; }
  const std::string& title() const { return title_; }
  std::string script() const;  // whole, with terminals and output; without what tips() added
  std::string script_with_tips() const;
  const std::string& data() const { return data_; }

  std::string commands;  // what is drawn, within one multiplot
  Notes notes;           // what "[i]" stands for
  bool sums_up = false;  // whether it stands in the page's summary

 private:
  std::string whole(const std::string& drawn) const;
  std::vector<std::string> lines_below() const;

  std::string name_, title_, data_;
  std::vector<std::string> remarks_;
  double width_, height_;
  int blocks_ = 0;
};

// Writes `<name>.gp`, `.dat`, `.svg`, `.pdf` and `.png`, all or none; leaves them alone when script and data are what
// they were. Returns the PNG's path.
std::filesystem::path draw(const Figure& figure, const std::filesystem::path& folder);

// The picture as part of a page: an <svg> element whose points have the class "point" and say in data-tip what they
// are. Its ids begin with the figure's name.
std::string svg_for_page(const Figure& figure);

// To be put before the elements of a `plot` command: points of a block at columns "x:y" that say on the page what
// stands in another column, whose lines are parted by " | ".
std::string tips(const std::string& block, const std::string& columns, int text_column);
// What the page says of a cell: "SENet pre, 5% | 50.14 ± 1.55 (3) % | 3,481 ReLUs | study/SENet-pre-5pct, seeds 1, 2,
// 3"; `where`, when there is one, before the last.
std::string tip_of_cell(const MeasuredCell& cell, const std::string& where = "");
// The same of a published point.
std::string tip_of_point(const PublishedPoint& point);
// What the page says of the whole of the next panel, a square of `side` inches: a line of commands.
std::string tip_of_square(const std::string& text, double side);

// How series i is drawn: a colour that the colour-blind can tell; shape, dashes and lightness that stay apart in grey.
std::string colour(size_t i);
std::string style(size_t i);
std::string point_style(size_t i);  // without a line
// Its deviations, of the column beside that of its means, which hide nothing that was drawn before.
std::string error_bars(const std::string& block, const std::string& x, int y, int deviation, size_t i);
// What others published of the same: the colour light, the point hollow.
std::string published_style(size_t i, bool small);
// What they published of what is not measured: grey.
std::string unmeasured_style(size_t i, bool small);

// What a figure shows of one cell: rows of numbers.
struct DrawnSeries {
  std::string title;
  std::vector<std::vector<std::string>> rows;
};
// The rows of the series with a title, which is added where there is none.
std::vector<std::vector<std::string>>& rows_of_series(std::vector<DrawnSeries>& all, const std::string& title);

// What results were made from (short_variant_of): a remark where it is the same for all that a figure shows, else a
// numbered note.
class Origins {
 public:
  Origins(const std::vector<MeasuredCell>& shown, const Evidence& evidence);
  std::string mark(const Result& result, Figure& figure) const;  // "" or " [1]"

 private:
  const Evidence& evidence_;
  bool one_;
};

// Names at the ends of lines, where there are few: as `set label` commands; those that would overlap are moved apart.
struct LineEnd {
  std::string name;
  double x, y;
  size_t series;  // whose colour it has
};
// `low` to `high` is what the axis shows; `gap` a line's height as a share of it.
std::string names_at_ends(std::vector<LineEnd> ends, double low, double high, double gap, bool logarithmic);

// Column x of series i of so many, on a logarithmic axis, a little aside, so that bars of one x stand side by side.
std::string set_aside(int x, size_t i, size_t count);

struct KeyEntry {
  std::string style, title;  // "points …" or "linespoints …"
};
// One key for several panels, over the whole width of two columns: to be drawn last or before what sets its own axes.
std::string key_panel(Figure& figure, double top, int columns, const std::vector<KeyEntry>& entries);

// Two rows of two panels (each from "set xlabel" to the end of its "plot") over two columns, with one key below, from
// 4.6 inches downwards.
std::string four_panels(Figure& figure, const std::vector<std::string>& panels, const std::vector<KeyEntry>& entries,
                        int columns);

// The commands of a figure that has nothing to show: it says why.
std::string nothing_to_show(const std::string& why);

}  // namespace senet
