#include "report/report.h"

#include <algorithm>
#include <iomanip>
#include <set>
#include <sstream>

#include "report/gnuplot.h"
#include "senet/error.h"
#include "storage/files.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

std::string fixed(double value, int digits) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

std::string grouped(int64_t count) {
  std::string digits = std::to_string(count);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return digits;
}

// Code points, as a terminal counts columns for the texts used here.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (size_t i = 0; i < rows[r].size(); ++i) {
      if (i > 0) line += "  ";
      line += rows[r][i] + std::string(widths[i] - width_of(rows[r][i]), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    if (r == 0) {
      size_t total = 0;
      for (const size_t width : widths) total += width + 2;
      out += std::string(total - 2, '-') + "\n";
    }
  }
  return out;
}

std::vector<std::vector<std::string>> main_table(const std::vector<Result>& results) {
  std::vector<std::vector<std::string>> rows = {
      {"model", "ReLUs", "AR acc %", "method", "budget", "ReLUs counted", "acc %", "acc/kReLU", "comm. saving"}};
  for (const Result& result : results) {
    const Json& json = result.json;
    const auto total = json.at("teacher").at("relus").get<int64_t>();
    const auto counted = json.at("result").at("relus").get<int64_t>();
    const double accuracy = 100 * json.at("result").at("accuracy").get<double>();
    rows.push_back({json.at("model").at("variant").get<std::string>(), grouped(total),
                    fixed(100 * json.at("teacher").at("accuracy").get<double>(), 2),
                    json.at("cell").at("label").get<std::string>(), json.at("budget").at("asked").get<std::string>(),
                    grouped(counted), fixed(accuracy, 2), fixed(accuracy / (static_cast<double>(counted) / 1000), 2),
                    fixed(static_cast<double>(total) / static_cast<double>(counted), 2) + "×"});
  }
  return rows;
}

fs::path draw_sensitivity(const std::vector<Result>& results, const fs::path& stem) {
  SENET_CHECK(!results.empty(), "there are no results to draw");
  // The sensitivities of the first result that has both; the counts of every result with the first one's seed.
  const Json* measured = nullptr;
  for (const Result& result : results) {
    if (!measured && result.json.at("sites").at(0).contains("pruning_sensitivity")) measured = &result.json;
  }
  const Json& first = results.front().json;
  const size_t layers = first.at("sites").size();
  std::ostringstream data, script;
  data << "# layer, name, pruning sensitivity, ReLU sensitivity, then the ReLUs kept in each series\n";
  std::vector<const Json*> series;
  for (const Result& result : results) {
    if (result.json.at("seed") == first.at("seed") && result.json.at("sites").size() == layers)
      series.push_back(&result.json);
  }
  for (size_t l = 0; l < layers; ++l) {
    const Json* site = measured ? &measured->at("sites").at(l) : nullptr;
    data << l + 1 << " " << quoted(first.at("sites").at(l).at("name").get<std::string>()) << " ";
    if (site) {
      data << fixed(site->at("pruning_sensitivity").get<double>(), 6) << " "
           << fixed(site->at("sensitivity").get<double>(), 6);
    } else {
      data << "NaN NaN";
    }
    for (const Json* json : series) data << " " << json->at("sites").at(l).at("kept").get<int64_t>();
    data << "\n";
  }

  const std::string name = stem.filename().string();
  script << "# Drawn by `senet run`: gnuplot " << name << ".gp\n"
         << "if (!exists(\"format\")) format = \"svg\"\n"
         << "if (format eq \"png\") { set terminal pngcairo size 1100,900 font \"DejaVu Sans,11\"; set output \""
         << name << ".png\" } "
         << "else { set terminal svg size 1100,900 font \"DejaVu Sans,11\"; set output \"" << name << ".svg\" }\n"
         << "data = \"" << name << ".dat\"\n"
         << "set multiplot layout 2,1 title "
         << quoted(first.at("model").at("variant").get<std::string>() + " on " +
                   first.at("dataset").at("plugin").get<std::string>())
         << " noenhanced\n"
         << "set xrange [0.5:" << layers
         << ".5]\nset xtics rotate by 40 right noenhanced font \",9\"\nset grid ytics lc rgb \"#dddddd\"\n"
         << "set key outside bottom center horizontal noenhanced\nset lmargin 12\n"
         << "set ylabel \"sensitivity\"\nset yrange [0:1.02]\n"
         << "set title \"Pruning sensitivity and ReLU sensitivity of each layer\"\n";
  if (measured) {
    script << "plot data using 1:3:xtic(2) with linespoints lc rgb \"#d55e00\" pt 5 dt 2 title \"pruning: share of "
              "weights kept\", \\\n"
           << "     data using 1:4 with linespoints lc rgb \"#0072b2\" pt 7 title \"ReLU: 1 − pruning sensitivity\"\n";
  } else {
    script
        << "set label 1 \"not measured in this experiment\" at graph 0.5,0.5 center\nplot NaN notitle\nunset label 1\n";
  }
  script << "set title \"ReLUs kept in each layer\"\nset ylabel \"ReLUs kept\"\nset yrange [0.8:*]\nset logscale y\n"
         << "plot ";
  const char* colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999999"};
  for (size_t s = 0; s < series.size(); ++s) {
    const std::string title = series[s]->at("cell").at("label").get<std::string>() + ", " +
                              series[s]->at("budget").at("asked").get<std::string>();
    script << (s ? ", \\\n     " : "") << "data using 1:" << 5 + s << (s ? "" : ":xtic(2)")
           << " with linespoints lc rgb \"" << colours[s % std::size(colours)] << "\" dt " << s % 4 + 1 << " pt "
           << 4 + s << " title " << quoted(title);
  }
  script << "\nunset multiplot\n";

  const auto file = [&](const char* extension) { return fs::path(stem.string() + extension); };
  const auto unchanged = [&](const fs::path& path, const std::string& content) {
    return fs::exists(path) && read_file(path) == content;
  };
  if (unchanged(file(".dat"), data.str()) && unchanged(file(".gp"), script.str()) && fs::exists(file(".svg")) &&
      fs::exists(file(".png"))) {
    return file(".png");
  }
  write_atomically(file(".dat"), data.str());
  write_atomically(file(".gp"), script.str());
  for (const char* format : {"svg", "png"}) {
    run_gnuplot(stem.parent_path(), name + ".gp", "format=" + quoted(format));
  }
  return file(".png");
}

}  // namespace senet
