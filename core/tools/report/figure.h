#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tools/report/evidence.h"
#include "tools/report/notes.h"

namespace senet {

// A picture as a gnuplot script and the data it reads. Texts from outside are quoted (gnuplot.h) and drawn without
// enhanced markup.
class Figure {
 public:
  Figure(std::string name, std::string title, int width, int height);  // of the PNG, in pixels

  // A table of numbers and quoted texts for `plot`; returns what the script calls it: `"<name>.dat" index <i>`.
  std::string add(const std::string& heading, const std::vector<std::vector<std::string>>& rows);

  const std::string& name() const { return name_; }
  const std::string& title() const { return title_; }
  // The title with the notes below it, as the script has to say it.
  std::string heading() const;
  std::string script() const;  // whole, with terminals and output
  const std::string& data() const { return data_; }

  std::string commands;  // what is drawn
  Notes notes;           // what "[i]" stands for

 private:
  std::string name_, title_, data_;
  int width_, height_, blocks_ = 0;
};

// Writes `<name>.gp`, `.dat`, `.svg`, `.pdf` and `.png`, all or none; leaves them alone when script and data are what
// they were. Returns the PNG's path.
std::filesystem::path draw(const Figure& figure, const std::filesystem::path& folder);

// The picture alone, with nothing left behind.
std::string svg_of(const Figure& figure);

// How series i is drawn: a colour that the colour-blind can tell, point and dashes that stay apart in grey.
std::string style(size_t i);
std::string published_style(size_t i);

// What a figure shows of one cell: rows of numbers.
struct DrawnSeries {
  std::string title;
  std::vector<std::vector<std::string>> rows;
};
// The rows of the series with a title, which is added where there is none.
std::vector<std::vector<std::string>>& rows_of_series(std::vector<DrawnSeries>& all, const std::string& title);

// "[1]", which stands for what a result was made from (short_variant_of).
std::string origin_of(const Result& result, const Evidence& evidence, Notes& notes);

// Two rows of two panels (each from "set xlabel" to the end of its "plot"), with one key for all, of so many titles,
// below them.
std::string four_panels(const Figure& figure, const std::vector<std::string>& panels, size_t titles);

// The commands of a figure that has nothing to show: it says why.
std::string nothing_to_show(const std::string& why);

}  // namespace senet
