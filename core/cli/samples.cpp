#include "cli/samples.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <sstream>

#include "display/gnuplot.h"
#include "senet/error.h"
#include "storage/files.h"

namespace senet {

namespace {

constexpr int64_t kCell = 112;  // pixels of the picture for one image
constexpr int64_t kTitle = 18;  // and for the title above it

}  // namespace

void draw_samples(const torch::Tensor& images, const std::vector<std::string>& titles,
                  const std::filesystem::path& png) {
  SENET_CHECK(png.extension() == ".png", png.string(), ": the sheet is a PNG; name it so");
  torch::Tensor rgb = images.slice(3, 0, 3);
  if (rgb.size(3) < 3) rgb = rgb.slice(3, 0, 1).repeat({1, 1, 1, 3});
  const int64_t count = rgb.size(0), height = rgb.size(1), width = rgb.size(2);
  const auto columns = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const int64_t rows = (count + columns - 1) / columns;
  std::string pixels;
  std::ostringstream script;
  script << "set terminal pngcairo size " << columns * kCell << "," << rows * (kCell + kTitle)
         << " font \"DejaVu Sans,8\"\nset output \"sheet.png\"\nunset border\nunset tics\nunset key\nset margins "
            "0,0,0,0\nset xrange [0:"
         << columns * kCell << "]\nset yrange [" << rows * (kCell + kTitle) << ":0]\n";
  const double scale = static_cast<double>(kCell - 6) / static_cast<double>(std::max(height, width));
  std::ostringstream plots;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t left = i % columns * kCell + 3, top = i / columns * (kCell + kTitle) + kTitle;
    script << "set label " << gnuplot_text(titles[i]) << " at " << left << "," << top - kTitle / 2 << " noenhanced\n";
    plots << (i ? ", " : "plot ") << "'pixels' binary array=(" << width << "," << height
          << ") skip=" << i * height * width * 3 << " format='%uchar%uchar%uchar' dx=" << scale << " dy=" << scale
          << " origin=(" << left + scale / 2 << "," << top + scale / 2 << ") with rgbimage";
    const torch::Tensor image = rgb[i].contiguous();
    pixels.append(static_cast<const char*>(image.data_ptr()), image.nbytes());
  }
  script << plots.str() << "\nunset output\n";
  const auto drawn =
      draw_pictures("load \"sheet.gp\"", {{"sheet.gp", script.str()}, {"pixels", pixels}}, {"sheet.png"});
  write_atomically(png, drawn.at("sheet.png"));
}

}  // namespace senet
