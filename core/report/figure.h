#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/source.h"

namespace senet {

// A picture as a gnuplot script and the data it reads. Texts from outside are quoted (gnuplot.h) and drawn without
// enhanced markup.
class Figure {
 public:
  Figure(std::string name, int width, int height);  // of the PNG, in pixels

  // A table of numbers and quoted texts for `plot`; returns what the script calls it: `"<name>.dat" index <i>`.
  std::string add(const std::string& heading, const std::vector<std::vector<std::string>>& rows);

  const std::string& name() const { return name_; }
  std::string script() const;  // whole, with terminals and output
  const std::string& data() const { return data_; }

  std::string commands;  // what is drawn

 private:
  std::string name_, data_;
  int width_, height_, blocks_ = 0;
};

// Writes `<name>.gp`, `.dat`, `.svg`, `.pdf` and `.png`; leaves them alone when script and data are what they were.
// Returns the PNG's path.
std::filesystem::path draw(const Figure& figure, const std::filesystem::path& folder);

// How series i is drawn: a colour that the colour-blind can tell, point and dashes that stay apart in grey.
std::string style(size_t i);
std::string published_style(size_t i);

// The commands of a figure that has nothing to show: it says why.
std::string nothing_to_show(const std::string& why);

const std::vector<Kind<Figure>>& figure_kinds();

}  // namespace senet
