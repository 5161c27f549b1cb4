#include "data/splits.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "config/share.h"
#include "images/decoded.h"
#include "images/packed.h"
#include "images/subset.h"
#include "senet/error.h"
#include "storage/hash.h"

namespace senet {

namespace {

constexpr Option kSplitOptions[] = {
    integer_option("train_limit", "0", "train on the first N images of a fixed shuffle of the training set; 0: all")
        .at_least(0)
        .of_data(),
    real_option("holdout", "0.05", "share of those that is held out for selection and never trained on")
        .between(0, 0.5),
    boolean_option(
        "holdout_is_training", "false",
        "the held-out images are the training images themselves, as --overfit-one-batch has it; then nothing "
        "says how well a network does on images that it has not seen"),
    text_option("packed", "\"\"", "read the images from this file, which `senet data pack` made of the same data set")
        .without_effect(),
    real_option("memory", "8",
                "images that take no more than this are decoded into memory once; others are read as "
                "they are needed")
        .at_least(0)
        .in("GB")
        .without_effect(),
};

void check(const Images& images, const std::string& where, int64_t classes) {
  SENET_CHECK(images.labels.defined() && images.count() > 0, where, ": has no images");
  SENET_CHECK(images.labels.dim() == 1 && images.labels.scalar_type() == torch::kInt64, where,
              ": labels have to be an N array of int64; found ", images.labels.dtype(), " ", images.labels.sizes());
  SENET_CHECK(images.pixels.defined() || images.source, where, ": has labels but no images");
  SENET_CHECK(!images.pixels.defined() || !images.source, where, ": has its images twice, as pixels and in a source");
  const int64_t low = images.labels.min().item<int64_t>(), high = images.labels.max().item<int64_t>();
  SENET_CHECK(low >= 0 && high < classes, where, ": labels lie in [", low, ", ", high, "], expected [0, ", classes - 1,
              "]");
  if (images.source) {
    SENET_CHECK(images.source->count() == images.count(), where, ": ", images.source->count(), " images but ",
                images.count(), " labels");
  }
  if (!images.pixels.defined()) return;
  SENET_CHECK(images.pixels.dim() == 4 && images.pixels.scalar_type() == torch::kUInt8 && images.pixels.is_contiguous(),
              where, ": images have to be a contiguous N×H×W×C array of uint8; found ", images.pixels.dtype(), " ",
              images.pixels.sizes());
  SENET_CHECK(images.labels.size(0) == images.pixels.size(0), where, ": ", images.pixels.size(0), " images but ",
              images.labels.size(0), " labels");
}

// Decodes into memory what fits there; returns how many images were left out.
int64_t bring_in(Images& images, double gigabytes, const std::string& where) {
  if (images.pixels.defined()) return 0;
  const ImageShape shape = shape_of(images);
  const auto bytes = static_cast<double>(images.count() * shape[0] * shape[1] * shape[2]);
  if (bytes <= gigabytes * 1e9) return decode_into_memory(images);
  SENET_CHECK(
      !images.skip_undecodable, where,
      ": is larger than dataset.memory, so that images which cannot be decoded would only be met while training; "
      "pack it first (`senet data pack`), which leaves them out");
  return 0;
}

LabelledSet load_packed(const Options& options, const std::string& plugin) {
  const std::string& packed = options.text("packed");
  const PackedSet set(packed);
  const PackDescription& description = set.description();
  const nlohmann::ordered_json asked = pack_options(options);
  if (description.plugin != plugin || description.options != asked) {
    fail_usage(options.item("packed").origin, ": ", packed, " holds the data set '", description.plugin,
               "' with the options ", description.options.dump(), ", expected '", plugin, "' with ", asked.dump(),
               "; pack it again, or set the same options");
  }
  return {set.images(Split::train),  set.images(Split::test),    description.classes,      description.class_names,
          description.normalisation, set.left_out(Split::train), set.left_out(Split::test)};
}

std::string named(const std::string& plugin) { return "data set '" + plugin + "'"; }

// Throws when a set is not what the interface promises; returns the shape of its images.
ImageShape check(const LabelledSet& set, const std::string& where) {
  SENET_CHECK(set.classes >= 2, where, ": has ", set.classes, " classes, expected at least 2");
  SENET_CHECK(set.class_names.empty() || static_cast<int64_t>(set.class_names.size()) == set.classes, where, ": has ",
              set.classes, " classes but ", set.class_names.size(), " class names");
  check(set.train, where + ", training set", set.classes);
  check(set.test, where + ", test set", set.classes);
  const ImageShape shape = shape_of(set.train), test_shape = shape_of(set.test);
  SENET_CHECK(shape == test_shape, where, ": training images are ", torch::IntArrayRef(shape), " but test images ",
              torch::IntArrayRef(test_shape), " (H×W×C)");
  const auto channels = static_cast<size_t>(shape[2]);
  const Normalisation& normalisation = set.normalisation;
  SENET_CHECK(normalisation.mean.size() == channels && normalisation.deviation.size() == channels, where,
              ": images have ", channels, " channels but the normalisation has ", normalisation.mean.size(),
              " means and ", normalisation.deviation.size(), " deviations");
  for (size_t c = 0; c < channels; ++c) {
    SENET_CHECK(std::isfinite(normalisation.mean[c]), where, ": a mean of ", normalisation.mean[c],
                " cannot normalise");
    SENET_CHECK(std::isfinite(normalisation.deviation[c]) && normalisation.deviation[c] > 0, where, ": a deviation of ",
                normalisation.deviation[c], " cannot normalise; expected a positive number");
  }
  return shape;
}

LabelledSet load(Dataset& dataset) {
  return {dataset.load(Split::train), dataset.load(Split::test), dataset.classes(), dataset.class_names(),
          dataset.normalisation()};
}

}  // namespace

std::vector<Option> split_options() { return declare(kSplitOptions); }

const Images& DataSplits::part(Part part) const { return part == Part::train ? train : held_out; }

nlohmann::ordered_json pack_options(const Options& options) {
  nlohmann::ordered_json json = changed_options(options);
  for (const Option& option : split_options()) json.erase(option.name);
  return json;
}

LabelledSet load_all(Dataset& dataset, const std::string& plugin) {
  LabelledSet set = load(dataset);
  check(set, named(plugin));
  return set;
}

void check_random_crops(const DataSplits& data, const Options& section) {
  if (data.train.packed_view.is_whole()) return;
  for (const Options::Item& item : section.items()) {
    const std::string& name = item.declaration.name;  // "search.random_resized" of one of several trainings
    if (name.substr(name.rfind('.') + 1) != "random_resized" || !std::get<bool>(item.value)) continue;
    fail_usage(item.origin, ": ", section.section(), ".", name,
               " takes its crops from whole images, but the packed file holds resized and cut ones; pack the set with "
               "--encoding encoded");
  }
}

bool is_packed(const Options& options) { return !options.text("packed").empty(); }

DataSplits make_splits(Dataset* dataset, const Options& options, const std::string& plugin) {
  const std::string where = named(plugin);
  DataSplits splits;
  LabelledSet set = is_packed(options) ? load_packed(options, plugin) : load(*dataset);
  const ImageShape shape = check(set, where);
  const Images& all = set.train;
  splits.classes = set.classes;
  splits.class_names = std::move(set.class_names);
  splits.normalisation = std::move(set.normalisation);
  splits.input = {shape[2], shape[0], shape[1], splits.classes};

  const int64_t limit = options.integer("train_limit");
  const int64_t whole = all.count() + static_cast<int64_t>(set.left_out_of_train.size());
  if (limit > whole) {
    fail_usage(options.item("train_limit").origin, ": dataset.train_limit = ", limit, " but ", where, " has only ",
               whole, " training images");
  }
  std::vector<int64_t> order = shuffled_indices(whole, 0, 0);
  if (limit > 0) order.resize(limit);
  const bool is_training = options.boolean("holdout_is_training");
  const double share = is_training ? 0 : options.real("holdout");
  const auto held_out = floor_of_share(share, static_cast<int64_t>(order.size()));
  const auto part = [&](auto begin, auto end) {
    std::vector<int64_t> indices;
    for (auto place = begin; place != end; ++place) {
      const auto& left_out = set.left_out_of_train;
      const auto before = std::lower_bound(left_out.begin(), left_out.end(), *place);
      if (before == left_out.end() || *before != *place) indices.push_back(*place - (before - left_out.begin()));
    }
    splits.left_out += (end - begin) - static_cast<int64_t>(indices.size());
    return subset(all, indices);
  };
  splits.train = part(order.begin(), order.end() - held_out);
  splits.held_out = part(order.end() - held_out, order.end());
  splits.test = std::move(set.test);
  splits.left_out += static_cast<int64_t>(set.left_out_of_test.size());
  SENET_CHECK(splits.train.count() > 0, where, ": no training image is left");
  for (Images* images : {&splits.train, &splits.held_out, &splits.test}) {
    if (images->count() > 0) splits.left_out += bring_in(*images, options.real("memory"), where);
  }
  if (is_training) splits.held_out = splits.train;

  Hash hash;
  for (const Images* images : {&splits.train, &splits.held_out, &splits.test}) hash.add(fingerprint_of(*images));
  hash.add(&splits.classes, sizeof splits.classes);
  for (const double value : splits.normalisation.mean) hash.add(&value, sizeof value);
  for (const double value : splits.normalisation.deviation) hash.add(&value, sizeof value);
  splits.fingerprint = hash.hex();
  return splits;
}

}  // namespace senet
