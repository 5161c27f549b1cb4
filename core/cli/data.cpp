#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <sstream>

#include "cli/commands.h"
#include "data/batches.h"
#include "data/splits.h"
#include "display/gnuplot.h"
#include "images/packed.h"
#include "senet/error.h"
#include "storage/files.h"
#include "train/training_settings.h"

namespace senet {

namespace {

Document settings_of(const Arguments& arguments) {
  return assigned(Document("command line"), {{"dataset.plugin", arguments.dataset}}, arguments);
}

Json describe(const PackedSet& set) {
  const PackDescription& description = set.description();
  return {{"plugin", description.plugin},
          {"options", description.options},
          {"classes", description.classes},
          {"train", set.images(Split::train).count()},
          {"test", set.images(Split::test).count()},
          {"left_out", set.left_out(Split::train).size() + set.left_out(Split::test).size()}};
}

constexpr int64_t kCell = 112;  // pixels of the picture for one image
constexpr int64_t kTitle = 18;  // and for the title above it

// A sheet of images (N×H×W×C, uint8; C = 1 or at least 3, of which the first three are drawn), each under its title.
void draw_samples(const torch::Tensor& images, const std::vector<std::string>& titles,
                  const std::filesystem::path& png) {
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

}  // namespace

int pack_data(const Arguments& arguments) {
  prepare_cpu(arguments);
  const PluginHost plugins = load_plugins(arguments);
  const Document document = settings_of(arguments);
  const Options options = resolve_plugin_section(document, plugins, PluginKind::dataset);
  document.refuse_unread();
  for (const char* name : {"packed", "train_limit", "holdout"}) {
    if (!options.item(name).is_default) {
      fail_usage(options.item(name).origin, ": dataset.", name,
                 " has no place here: the whole set is packed, from its own files");
    }
  }
  const auto dataset = plugins.make<Dataset>(arguments.dataset, options);
  PluginHost::guard(PluginKind::dataset, arguments.dataset, [&] {
    const LabelledSet set = load_all(*dataset, arguments.dataset);
    write_packed(arguments.out,
                 {arguments.dataset, pack_options(options), set.classes, set.class_names, set.normalisation}, set.train,
                 set.test, value_named(arguments.encoding, kPackEncodings, "--encoding"));
  });
  Json json = describe(PackedSet(arguments.out));
  json["file"] = arguments.out;
  json["bytes"] = std::filesystem::file_size(arguments.out);
  if (!print_json(arguments, json)) {
    output() << arguments.out << ": " << json.at("train") << " training and " << json.at("test") << " test images, "
             << static_cast<double>(json.at("bytes").get<int64_t>()) / 1e6 << " MB\n";
    if (json.at("left_out") > 0) output() << json.at("left_out") << " that cannot be decoded were left out\n";
    output() << "use it with  dataset.packed = \"" << arguments.out << "\"\n";
  }
  return 0;
}

int verify_data(const Arguments& arguments) {
  prepare_cpu(arguments);
  Json json;
  try {
    const PackedSet set(arguments.subject);
    set.verify();
    json = describe(set);
  } catch (const Error& error) {
    throw Error(error.what(), Exit::usage);
  }
  return answer(arguments, json,
                text(arguments.subject, ": sound; ", json.at("train"), " training and ", json.at("test"),
                     " test images of ", json.at("plugin").get<std::string>(), ", each the one that was written\n"));
}

int show_data(const Arguments& arguments) {
  if (std::filesystem::path(arguments.out).extension() != ".png")
    fail_usage("--out ", arguments.out, ": the sheet is a PNG; expected a name that ends in .png");
  prepare_cpu(arguments);
  const PluginHost plugins = load_plugins(arguments);
  const Document document = settings_of(arguments);
  const Options options = resolve_plugin_section(document, plugins, PluginKind::dataset);
  const Options training_section = document.resolve("training", training_options());
  const TrainingSettings training = training_settings(training_section);
  document.refuse_unread();
  const auto dataset = is_packed(options) ? nullptr : plugins.make<Dataset>(arguments.dataset, options);
  DataSplits data;
  PluginHost::guard(PluginKind::dataset, arguments.dataset,
                    [&] { data = make_splits(dataset.get(), options, arguments.dataset); });
  check_random_crops(data, training_section);
  // Scaled to 0 … 1 and no further, so that what is drawn is what the image shows.
  const std::vector<double> zeros(data.input.channels, 0), ones(data.input.channels, 1);
  const BatchLoader loader(data.train, {zeros, ones}, torch::kFloat32, torch::kCPU);
  const auto seed = static_cast<uint64_t>(arguments.seed);
  std::vector<int64_t> order = loader.shuffled(seed, arguments.epoch);
  order.resize(std::min<size_t>(order.size(), static_cast<size_t>(arguments.count)));
  const Batch batch = loader.load(order.data(), static_cast<int64_t>(order.size()),
                                  {training.crop_padding, training.flip, training.random_resized, training.cutout},
                                  seed, arguments.epoch);
  std::vector<std::string> titles;
  for (int64_t i = 0; i < batch.labels.size(0); ++i) {
    const auto label = batch.labels[i].item<int64_t>();
    titles.push_back(data.class_names.empty() ? std::to_string(label) : data.class_names[label]);
  }
  const torch::Tensor pixels = (batch.images * 255).round().to(torch::kUInt8).permute({0, 2, 3, 1}).contiguous();
  draw_samples(pixels, titles, arguments.out);
  output() << arguments.out << ": " << titles.size() << " training images, epoch " << arguments.epoch << "\n";
  return 0;
}

}  // namespace senet
