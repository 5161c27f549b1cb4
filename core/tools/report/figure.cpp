#include "tools/report/figure.h"

#include <algorithm>
#include <map>
#include <memory>

#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "storage/files.h"

namespace senet {

namespace fs = std::filesystem;

Figure::Figure(std::string name, std::string title, int width, int height)
    : name_(std::move(name)), title_(std::move(title)), width_(width), height_(height) {}

std::string Figure::heading() const {
  std::string lines = gnuplot_text(title_);
  const auto columns = static_cast<size_t>(width_ / 8);
  for (size_t i = 0; i < notes.texts().size(); ++i) {
    std::string left = "[" + std::to_string(i + 1) + "] " + notes.texts()[i];
    while (!left.empty()) {
      size_t end = left.size();
      if (end > columns) end = left.rfind(' ', columns);
      lines += " . \"\\n\" . " + gnuplot_text(left.substr(0, end));
      left.erase(0, std::min(end, left.size() - 1) + 1);
    }
  }
  return lines;
}

std::string Figure::add(const std::string& heading, const std::vector<std::vector<std::string>>& rows) {
  if (blocks_ > 0) data_ += "\n\n";
  data_ += "# ";
  for (const char c : heading) data_ += c == '\n' ? ' ' : c;
  data_ += "\n";
  for (const auto& row : rows) data_ += joined(row, " ") + "\n";
  return gnuplot_text(name_ + ".dat") + " index " + std::to_string(blocks_++);
}

std::string Figure::script() const {
  const std::string width = std::to_string(width_), height = std::to_string(height_);
  const std::string font = " font \"DejaVu Sans,11\"";
  return "# gnuplot -e \"format='svg'\" " + name_ + ".gp, or pdf, or png\n" +
         "if (!exists(\"format\")) format = \"svg\"\n" + "if (format eq \"png\") { set terminal pngcairo size " +
         width + "," + height + font + " }\n" + "if (format eq \"pdf\") { set terminal pdfcairo size " +
         fixed(width_ / 100.0, 2) + "in," + fixed(height_ / 100.0, 2) + "in font \"DejaVu Sans,11\" }\n" +
         "if (format eq \"svg\") { set terminal svg size " + width + "," + height + font + " }\n" + "set output " +
         gnuplot_text(name_) + " . \".\" . format\n" +
         "set encoding utf8\nset grid lt 1 lw 0.5 lc rgb \"#dddddd\"\nset key noenhanced\n" + commands +
         "unset output\n";
}

fs::path draw(const Figure& figure, const fs::path& folder) {
  const auto file = [&](const char* extension) { return folder / (figure.name() + extension); };
  const auto unchanged = [&](const char* extension, const std::string& content) {
    return fs::exists(file(extension)) && read_file(file(extension)) == content;
  };
  bool drawn = unchanged(".gp", figure.script()) && unchanged(".dat", figure.data());
  for (const char* extension : {".svg", ".pdf", ".png"}) drawn = drawn && fs::exists(file(extension));
  if (drawn) return file(".png");
  std::map<std::string, std::string> files = {{figure.name() + ".dat", figure.data()},
                                              {figure.name() + ".gp", figure.script()}};
  std::string all;
  std::vector<std::string> pictures;
  for (const std::string format : {"svg", "pdf", "png"}) {
    all += (all.empty() ? "" : "; ") + ("reset; format='" + format + "'; load ") + gnuplot_text(figure.name() + ".gp");
    pictures.push_back(figure.name() + "." + format);
  }
  files.merge(draw_pictures(all, files, pictures));
  // A picture that is there is that of the script beside it: none takes its place before there is room for all.
  std::vector<std::unique_ptr<AtomicFile>> prepared;
  for (const auto& [name, bytes] : files) {
    prepared.push_back(std::make_unique<AtomicFile>(folder / name));
    prepared.back()->append(bytes.data(), bytes.size());
    prepared.back()->prepare();
  }
  for (const auto& each : prepared) each->commit();
  return file(".png");
}

std::string svg_of(const Figure& figure) {
  const std::string svg = figure.name() + ".svg", script = figure.name() + ".gp";
  return draw_pictures("load " + gnuplot_text(script),
                       {{figure.name() + ".dat", figure.data()}, {script, figure.script()}}, {svg})
      .at(svg);
}

std::string style(size_t i) {
  static const char* colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                  "#56b4e9", "#e69f00", "#000000", "#999999"};
  static const int points[] = {7, 5, 9, 11, 13, 15, 3, 1};
  // Beyond eight, the same colours with the points of their neighbours.
  return std::string("lc rgb \"") + colours[i % 8] + "\" pt " + std::to_string(points[(i + i / 8) % 8]) + " dt " +
         std::to_string(i % 5 + 1) + " lw 1.5";
}

std::vector<std::vector<std::string>>& rows_of_series(std::vector<DrawnSeries>& all, const std::string& title) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const DrawnSeries& one) { return one.title == title; });
  return at == all.end() ? all.emplace_back(DrawnSeries{title, {}}).rows : at->rows;
}

std::string origin_of(const Result& result, const Evidence& evidence, Notes& notes) {
  return "[" + std::to_string(notes.number(short_variant_of(result, evidence))) + "]";
}

std::string published_style(size_t i) {
  static const int points[] = {6, 4, 8, 10, 12, 14, 1, 2};
  static const char* greys[] = {"#333333", "#666666", "#888888", "#aaaaaa"};
  return std::string("lc rgb \"") + greys[i % 4] + "\" pt " + std::to_string(points[i % 8]);
}

std::string four_panels(const Figure& figure, const std::vector<std::string>& panels, size_t titles) {
  const std::string heading = figure.heading();
  size_t lines = 2;
  for (size_t at = heading.find("\"\\n\""); at != std::string::npos; at = heading.find("\"\\n\"", at + 1)) ++lines;
  const size_t rows = (titles + 1) / 2;  // of the key, which has two columns
  return "set multiplot layout 2,2 margins screen 0.08,0.97," + fixed(0.09 + 0.016 * static_cast<double>(rows), 3) +
         "," + fixed(1 - 0.019 * static_cast<double>(lines), 3) + " spacing screen 0.09,0.11 title " + heading +
         " noenhanced\nunset key\n" + panels.at(0) + panels.at(1) + panels.at(2) +
         "set key at screen 0.5,0.01 bottom center vertical maxrows " + std::to_string(rows) +
         " noenhanced font \",9\"\n" + panels.at(3) + "unset multiplot\n";
}

std::string nothing_to_show(const std::string& why) {
  return "unset border\nunset tics\nunset grid\nset label 1 " + gnuplot_text(why) +
         " at graph 0.5,0.5 center noenhanced\nset xrange [0:1]\nset yrange [0:1]\nplot NaN notitle\nunset label 1\n";
}

}  // namespace senet
