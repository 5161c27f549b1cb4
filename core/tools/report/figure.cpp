#include "tools/report/figure.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "config/joined.h"
#include "display/format.h"
#include "display/gnuplot.h"
#include "storage/files.h"
#include "tools/report/replaced.h"
#include "tools/report/table.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

// Before what only the page draws, as far as the line's end.
constexpr const char* kTip = "\x01";

constexpr double kLineOfNotes = 0.11;                                  // inches
constexpr double kLettersPerInch = 23.5;                               // of notes, 5.5 pt, on average
constexpr double kDotsPerInch = 144, kFinePerInch = 2 * kDotsPerInch;  // of the SVG, of the PNG

// Those of one kind of dashes differ in lightness: of the lines without, 70, 119 and 151 of 255.
const char* const kColours[] = {"#005a9c", "#d55e00", "#009e73", "#cc79a7", "#56b4e9",
                                "#e69f00", "#000000", "#777777", "#882255", "#44aa99"};
constexpr int kPoints[] = {7, 5, 9, 11, 13, 2, 3, 1, 4, 8}, kHollow[] = {6, 4, 8, 10, 12, 2, 3, 1, 4, 8};
constexpr int kDashes[] = {1, 1, 2, 1, 2, 3, 2, 3, 4, 4};
constexpr size_t kStyles = 10;
constexpr double kSquare = 0.0911;  // inches, the side of the SVG's square of size 1, its border included

std::vector<std::string> broken_into_lines(std::string left, size_t letters) {
  std::vector<std::string> lines;
  while (!left.empty()) {
    size_t end = left.size();
    if (end > letters) end = left.rfind(' ', letters);
    if (end == std::string::npos || end == 0) end = std::min(left.size(), letters);
    lines.push_back(left.substr(0, end));
    left.erase(0, std::min(end, left.size() - 1) + 1);
  }
  return lines;
}

std::string screen(double inches, bool of_width) {
  return of_width ? fixed(inches, 3) + "/width" : "1 - " + fixed(inches, 3) + "/height";
}

// What a panel is drawn with.
constexpr const char* kAxes =
    "set xrange [*:*]\nset yrange [*:*]\nset border 3 lw 0.7\nset tics out scale 0.5 font \",12\"\nset xtics nomirror\n"
    "set ytics nomirror\nset grid ytics lt 1 lw 0.5 lc rgb \"#e4e4e4\"\n";

// gnuplot's SVG draws the strokes of points a quarter as thick as lines, and browsers would blur its images.
std::string refined(const std::string& svg) {
  return replaced(svg, {{"stroke-width='0.190'", "stroke-width='0.500'"},
                        {"<image ", "<image style='image-rendering:pixelated' "}});
}

// Whether a font is installed that has the letter. fontconfig, with which gnuplot finds fonts, brings the program.
bool some_font_has(const std::string& code_point) {
  static std::map<std::string, bool> known;
  const auto found = known.find(code_point);
  if (found != known.end()) return found->second;
  std::FILE* list = ::popen(("fc-list ':charset=" + code_point + "' family 2>/dev/null").c_str(), "r");
  if (!list) return true;
  const bool none = std::fgetc(list) == EOF;
  while (std::fgetc(list) != EOF) continue;
  return known[code_point] = ::pclose(list) != 0 || !none;
}

// What no font can draw would be drawn as a box of any size: a question mark takes its place.
std::string drawable(const std::string& utf8) {
  std::string out;
  for (size_t at = 0; at < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    const size_t length = std::min<size_t>(lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4, utf8.size() - at);
    uint32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    for (size_t i = 1; i < length; ++i) point = point << 6 | (static_cast<unsigned char>(utf8[at + i]) & 0x3fu);
    std::ostringstream hex;
    hex << std::hex << point;
    out += length == 1 || some_font_has(hex.str()) ? utf8.substr(at, length) : "?";
    at += length;
  }
  return out;
}

// As light as what stands behind what was measured.
std::string tinted(const std::string& colour) {
  static const char* digits = "0123456789abcdef";
  std::string light = "#";
  for (size_t at = 1; at < 7; at += 2) {
    const auto part = static_cast<int>(std::stoul(colour.substr(at, 2), nullptr, 16));
    const int mixed = (70 * part + 30 * 255) / 100;
    light += {digits[mixed / 16], digits[mixed % 16]};
  }
  return light;
}

}  // namespace

Figure::Figure(std::string name, std::string title, double width, double height)
    : name_(std::move(name)), title_(std::move(title)), width_(width), height_(height) {}

void Figure::remark(const std::string& sentence) {
  if (std::find(remarks_.begin(), remarks_.end(), sentence) == remarks_.end()) remarks_.push_back(sentence);
}

std::vector<std::string> Figure::lines_below() const {
  std::vector<std::string> lines;
  const auto add = [&](const std::string& text) {
    for (std::string& line : broken_into_lines(text, static_cast<size_t>(kLettersPerInch * width_)))
      lines.push_back(std::move(line));
  };
  if (!remarks_.empty()) add(joined(remarks_, ". ") + ".");
  for (size_t i = 0; i < notes.all().size(); ++i) add("[" + std::to_string(i + 1) + "] " + notes.all()[i].text + ".");
  return lines;
}

std::string Figure::panel(double left, double right, double top, double bottom) const {
  return "set lmargin at screen " + screen(left, true) + "\nset rmargin at screen " + screen(right, true) +
         "\nset tmargin at screen " + screen(top, false) + "\nset bmargin at screen " + screen(bottom, false) + "\n";
}

std::string Figure::add(const std::string& heading, const std::vector<std::vector<std::string>>& rows) {
  if (blocks_ > 0) data_ += "\n\n";
  data_ += "# ";
  for (const char c : heading) data_ += c == '\n' ? ' ' : c;
  data_ += "\n";
  // gnuplot, which takes \" for a quote in a script, ends a text of its data there.
  for (const auto& row : rows) data_ += replaced(joined(row, " "), {{"\\\"", "”"}}) + "\n";
  return gnuplot_text(name_ + ".dat") + " index " + std::to_string(blocks_++);
}

std::string Figure::script() const {
  std::string without = commands;
  for (size_t at = without.find(kTip); at != std::string::npos; at = without.find(kTip, at))
    without.erase(at, without.find_first_not_of(' ', without.find('\n', at) + 1) - at);
  return whole(without);
}

std::string Figure::script_with_tips() const { return whole(replaced(commands, {{kTip, ""}})); }

std::string Figure::whole(const std::string& drawn) const {
  const std::vector<std::string> below = lines_below();
  const double height = height_ + (below.empty() ? 0 : kLineOfNotes * (static_cast<double>(below.size()) + 0.6));
  const auto size = [&](double per_inch, int digits, const char* unit) {
    return fixed(per_inch * width_, digits) + unit + "," + fixed(per_inch * height, digits) + unit;
  };
  const std::string font = " font \"DejaVu Sans,14\"";
  std::string out =
      "# gnuplot -e \"format='svg'\" " + name_ + ".gp, or pdf, or png\n" +
      "if (!exists(\"format\")) format = \"svg\"\nwidth = " + fixed(width_, 3) + "\nheight = " + fixed(height, 3) +
      "\npoint = 1\n" + "if (format eq \"svg\") { set terminal svg size " + size(kDotsPerInch, 0, "") + font +
      " linewidth 1.6 }\n" + "if (format eq \"png\") { set terminal pngcairo size " + size(kFinePerInch, 0, "") + font +
      " fontscale 1.5 linewidth 3.2 pointscale 3.2 }\n" + "if (format eq \"pdf\") { set terminal pdfcairo size " +
      size(1, 3, "in") + font + " fontscale 0.375 linewidth 1.6 pointscale 1 }\n" + "set output " +
      gnuplot_text(name_) + " . \".\" . format\nset encoding utf8\nset multiplot\n";
  for (size_t i = 0; i < below.size(); ++i) {
    const double from_top = height_ + kLineOfNotes * (static_cast<double>(i) + 0.8);
    out += "set label " + std::to_string(i + 1) + " " + gnuplot_text(below[i]) + " at screen 0.05/width, screen " +
           screen(from_top, false) + " left noenhanced font \",11\" textcolor rgb \"#555555\"\n";
  }
  return out +
         "unset border\nunset tics\nunset key\nset xrange [0:1]\nset yrange [0:1]\nplot NaN notitle\nunset label\n" +
         kAxes + "set key noenhanced Left reverse samplen 2 font \",12\"\n" + drawn + "unset multiplot\nunset output\n";
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
  // A browser, which draws the SVG, has fonts of its own.
  const std::string legible = "legible.gp";
  std::map<std::string, std::string> beside = files;
  beside[legible] = drawable(figure.script());
  std::string all;
  std::vector<std::string> pictures;
  for (const std::string format : {"svg", "pdf", "png"}) {
    all += (all.empty() ? "" : "; ") + ("reset; format='" + format + "'; load ") +
           gnuplot_text(format == "svg" ? figure.name() + ".gp" : legible);
    pictures.push_back(figure.name() + "." + format);
  }
  files.merge(draw_pictures(all, beside, pictures));
  files[figure.name() + ".svg"] = refined(files.at(figure.name() + ".svg"));
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

std::string tips(const std::string& block, const std::string& columns, int text_column) {
  return kTip + block + " using " + columns + ":(strcol(" + std::to_string(text_column) +
         ")) with labels hypertext point pt 7 ps 2 lc rgb \"#ff000000\" notitle, \\\n     ";
}

std::string tip_of_cell(const MeasuredCell& cell, const std::string& where) {
  std::vector<std::string> seeds;
  for (const Result* result : cell.results) seeds.push_back(std::to_string(result->seed));
  const std::string file = slug(cell.first().label) + "-" + slug(cell.budget());  // whatever a source calls the cell
  return cell.label() + ", " + cell.budget() + " | " + rendered(mean_cell(cell.accuracy())) + " % | " +
         grouped(cell.counted()) + " ReLUs | " + (where.empty() ? "" : where + " | ") + cell.first().folder() + "/" +
         file + ", seed" + (seeds.size() > 1 ? "s " : " ") + joined(seeds, ", ");
}

std::string tip_of_point(const PublishedPoint& point) {
  return "published: " + point.method + " " + point.model + (point.model_certain ? "" : " (model not certain)") +
         " | " + fixed(point.accuracy, 2) + " % | " + fixed(point.relus_k, 1) + "k ReLUs" +
         (point.via.empty() ? "" : " | " + point.via);
}

std::string tip_of_square(const std::string& text, double side) {
  return kTip + ("set label 1 " + gnuplot_text(text)) + " at graph 0.5, graph 0.5 hypertext point pt 5 ps " +
         fixed((side + 0.08) / kSquare, 2) + " lc rgb \"#ffe69f00\"\n";
}

std::string svg_for_page(const Figure& figure) {
  const std::string svg = figure.name() + ".svg", script = figure.name() + ".gp";
  const std::string drawn =
      draw_pictures("load " + gnuplot_text(script),
                    {{figure.name() + ".dat", figure.data()}, {script, figure.script_with_tips()}}, {svg})
          .at(svg);
  std::string out = refined(drawn.substr(drawn.find("<svg")));
  out = replaced(out, {{"gnuplot_plot_", slug(figure.name()) + "-plot-"}, {"gpPt", slug(figure.name()) + "-point-"}});
  // Titles are gnuplot's names of things, which browsers would show.
  for (const char* element : {"title", "desc"}) {
    const std::string open = std::string("<") + element + ">", close = std::string("</") + element + ">";
    for (size_t at = out.find(open); at != std::string::npos; at = out.find(open, at))
      out.erase(at, out.find(close, at) + close.size() - at);
  }
  const std::string begin = "onmousemove=\"gnuplot_svg.showHypertext(evt,'",
                    end = "')\" onmouseout=\"gnuplot_svg.hideHypertext()\"";
  for (size_t at = out.find(begin); at != std::string::npos; at = out.find(begin, at)) {
    const size_t close = out.find(end, at);
    std::string text = out.substr(at + begin.size(), close - at - begin.size());
    text = replaced(text, {{"\"", "&quot;"}, {" | ", "&#10;"}});
    const std::string attributes = "class=\"point\" tabindex=\"0\" data-tip=\"" + text + "\"";
    out.replace(at, close + end.size() - at, attributes);
    at += attributes.size();
  }
  return out;
}

std::string colour(size_t i) { return kColours[i % kStyles]; }

std::string point_style(size_t i) {
  // Beyond ten, the same colours with the points of their neighbours.
  return "lc rgb \"" + colour(i) + "\" pt " + std::to_string(kPoints[(i + i / kStyles) % kStyles]) +
         " lw 1 ps 0.55*point";
}

std::string style(size_t i) { return point_style(i) + " dt " + std::to_string(kDashes[i % kStyles]); }

std::string error_bars(const std::string& block, const std::string& x, int y, int deviation, size_t i) {
  const std::string spread = "$" + std::to_string(deviation);
  return block + " using " + x + ":($" + std::to_string(y) + "-" + spread + "):(0):(2*" + spread +
         ") with vectors nohead lc rgb \"" + colour(i) + "\" lw 1 notitle";
}

std::string set_aside(int x, size_t i, size_t count) {
  const double aside = std::pow(1.018, static_cast<double>(i) - (static_cast<double>(count) - 1) / 2);
  return "($" + std::to_string(x) + "*" + fixed(aside, 4) + ")";
}

std::string published_style(size_t i, bool small) {
  return "lc rgb \"" + tinted(colour(i)) + "\" pt " + std::to_string(kHollow[(i + i / kStyles) % kStyles]) +
         " lw 1 ps " + (small ? "0.35" : "0.55") + "*point";
}

std::string unmeasured_style(size_t i, bool small) {
  static const int points[] = {8, 4, 14, 2, 1, 3, 6, 12};
  static const char* greys[] = {"#8a8a8a", "#9c9c9c", "#747474"};
  return std::string("lc rgb \"") + greys[i % 3] + "\" pt " + std::to_string(points[i % 8]) + " lw 1 ps " +
         (small ? "0.35" : "0.55") + "*point";
}

std::vector<std::vector<std::string>>& rows_of_series(std::vector<DrawnSeries>& all, const std::string& title) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const DrawnSeries& one) { return one.title == title; });
  return at == all.end() ? all.emplace_back(DrawnSeries{title, {}}).rows : at->rows;
}

Origins::Origins(const std::vector<MeasuredCell>& shown, const Evidence& evidence) : evidence_(evidence), one_(true) {
  std::set<std::string> all;
  for (const MeasuredCell& cell : shown) all.insert(short_variant_of(cell.first(), evidence));
  one_ = all.size() < 2;
}

std::string Origins::mark(const Result& result, Figure& figure) const {
  const std::string origin = short_variant_of(result, evidence_);
  if (!one_) return " [" + std::to_string(figure.notes.number(origin)) + "]";
  figure.remark(origin);
  return "";
}

std::string names_at_ends(std::vector<LineEnd> ends, double low, double high, double gap, bool logarithmic) {
  const auto place = [&](double y) {
    return logarithmic ? std::log(y / low) / std::log(high / low) : (y - low) / (high - low);
  };
  std::sort(ends.begin(), ends.end(), [](const LineEnd& a, const LineEnd& b) { return a.y < b.y; });
  std::vector<double> places;
  for (const LineEnd& end : ends) places.push_back(place(end.y));
  // Those that are too near each other move up and down alike, a step at a time.
  for (int step = 0; step < 200; ++step) {
    for (size_t i = 1; i < places.size(); ++i) {
      const double lacking = gap - (places[i] - places[i - 1]);
      if (lacking <= 0) continue;
      places[i] += lacking / 2;
      places[i - 1] -= lacking / 2;
    }
  }
  std::string labels;
  for (size_t i = 0; i < ends.size(); ++i) {
    labels += "set label " + std::to_string(i + 1) + " " + gnuplot_text(ends[i].name) + " at first " +
              fixed(ends[i].x, 4) + ", graph " + fixed(places[i], 4) +
              " left offset 0.8,0 noenhanced font \",12\" textcolor rgb \"" + colour(ends[i].series) + "\"\n";
  }
  return labels;
}

void Figure::reach(double bottom) { height_ = std::max(height_, bottom); }

std::string key_panel(Figure& figure, double top, int columns, const std::vector<KeyEntry>& entries) {
  std::vector<std::string> plots;
  for (const KeyEntry& entry : entries)
    plots.push_back("NaN with " + entry.style + " title " + gnuplot_text(entry.title));
  const double rows = std::ceil(static_cast<double>(entries.size()) / columns);
  figure.reach(top + 0.16 * rows + 0.05);
  return "unset border\nunset xtics\nunset ytics\nunset xlabel\nunset ylabel\nunset grid\nunset logscale\n"
         "set offsets 0, 0, 0, 0\nset xrange [0:1]\nset yrange [0:1]\n" +
         figure.panel(0.1, 6.9, top, top + 0.14 * rows) +
         "set key noenhanced Left reverse samplen 2 font \",12\" at graph 0.5, graph 0.5 center center horizontal "
         "maxcols " +
         std::to_string(columns) + " maxrows " + std::to_string(static_cast<int>(rows)) + "\nplot " +
         joined(plots, ", \\\n     ") + "\n" + kAxes + "unset key\n";
}

std::string four_panels(Figure& figure, const std::vector<std::string>& panels, const std::vector<KeyEntry>& entries,
                        int columns) {
  return "unset key\n" + figure.panel(0.5, 3.35, 0.1, 1.75) + panels.at(0) + "unset ylabel\n" +
         figure.panel(3.95, 6.8, 0.1, 1.75) + panels.at(1) + "set ylabel \"test accuracy, %\" offset 1.5\n" +
         figure.panel(0.5, 3.35, 2.35, 4.0) + panels.at(2) + "unset ylabel\n" + figure.panel(3.95, 6.8, 2.35, 4.0) +
         panels.at(3) + key_panel(figure, 4.6, columns, entries);
}

std::string nothing_to_show(const std::string& why) {
  return "unset border\nunset tics\nunset grid\nset label 1 " + gnuplot_text(why) +
         " at graph 0.5,0.5 center noenhanced\nset xrange [0:1]\nset yrange [0:1]\nplot NaN notitle\nunset label 1\n";
}

}  // namespace senet
