#include "data/splits.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "config/hash.h"
#include "senet/error.h"
#include "senet/random.h"

namespace senet {

namespace {

constexpr Option kSplitOptions[] = {
    integer_option("train_limit", "0", "train on the first N images of a fixed shuffle of the training set; 0: all")
        .at_least(0),
    real_option("holdout", "0.05", "share of those that is held out for selection and never trained on")
        .between(0, 0.5),
};

void check(const Images& images, const std::string& where, int64_t classes) {
  SENET_CHECK(images.pixels.defined() && images.labels.defined(), where, ": has no images");
  SENET_CHECK(images.pixels.dim() == 4 && images.pixels.scalar_type() == torch::kUInt8 && images.pixels.is_contiguous(),
              where, ": images have to be a contiguous N×H×W×C array of uint8; found ", images.pixels.dtype(), " ",
              images.pixels.sizes());
  SENET_CHECK(images.labels.dim() == 1 && images.labels.scalar_type() == torch::kInt64, where,
              ": labels have to be an N array of int64; found ", images.labels.dtype(), " ", images.labels.sizes());
  SENET_CHECK(images.labels.size(0) == images.pixels.size(0), where, ": ", images.pixels.size(0), " images but ",
              images.labels.size(0), " labels");
  SENET_CHECK(images.count() > 0, where, ": has no images");
  const int64_t low = images.labels.min().item<int64_t>(), high = images.labels.max().item<int64_t>();
  SENET_CHECK(low >= 0 && high < classes, where, ": labels lie in [", low, ", ", high, "], expected [0, ", classes - 1,
              "]");
}

Images select(const Images& images, const std::vector<int64_t>& indices) {
  const torch::Tensor chosen = torch::tensor(indices, torch::kInt64);
  return {images.pixels.index_select(0, chosen), images.labels.index_select(0, chosen)};
}

void add(Hash& hash, const torch::Tensor& tensor) {
  if (!tensor.defined()) return;
  for (const int64_t size : tensor.sizes()) hash.add(&size, sizeof size);
  hash.add(tensor.data_ptr(), tensor.nbytes());
}

}  // namespace

std::vector<Option> split_options() { return declare(kSplitOptions); }

const Images& DataSplits::part(Part part) const {
  switch (part) {
    case Part::train:
      return train;
    case Part::held_out:
      return held_out;
    case Part::test:
      return test;
  }
  fail("no such part of the data");
}

NetworkShape DataSplits::input() const {
  return {train.pixels.size(3), train.pixels.size(1), train.pixels.size(2), classes};
}

DataSplits make_splits(Dataset& dataset, const Options& options, const std::string& plugin) {
  const std::string where = "data set '" + plugin + "'";
  DataSplits splits;
  splits.classes = dataset.classes();
  SENET_CHECK(splits.classes >= 2, where, ": has ", splits.classes, " classes, expected at least 2");
  splits.normalisation = dataset.normalisation();
  const Images all = dataset.load(Split::train);
  splits.test = dataset.load(Split::test);
  check(all, where + ", training set", splits.classes);
  check(splits.test, where + ", test set", splits.classes);
  SENET_CHECK(all.pixels.sizes().slice(1) == splits.test.pixels.sizes().slice(1), where, ": training images are ",
              all.pixels.sizes().slice(1), " but test images ", splits.test.pixels.sizes().slice(1), " (H×W×C)");
  const auto channels = static_cast<size_t>(all.pixels.size(3));
  SENET_CHECK(splits.normalisation.mean.size() == channels && splits.normalisation.deviation.size() == channels, where,
              ": images have ", channels, " channels but the normalisation has ", splits.normalisation.mean.size(),
              " means and ", splits.normalisation.deviation.size(), " deviations");
  for (const double deviation : splits.normalisation.deviation) {
    SENET_CHECK(std::isfinite(deviation) && deviation > 0, where, ": a deviation of ", deviation,
                " cannot normalise; expected a positive number");
  }

  const int64_t limit = options.integer("train_limit");
  if (limit > all.count()) {
    fail_usage(options.item("train_limit").origin, ": dataset.train_limit = ", limit, " but ", where, " has only ",
               all.count(), " training images");
  }
  std::vector<int64_t> order(all.count());
  std::iota(order.begin(), order.end(), 0);
  std::vector<uint64_t> keys(order.size());
  for (const int64_t i : order) keys[i] = random_bits(0, 0, i);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return keys[a] < keys[b]; });
  if (limit > 0) order.resize(limit);
  const auto held_out = static_cast<int64_t>(std::floor(options.real("holdout") * static_cast<double>(order.size())));
  splits.train = select(all, {order.begin(), order.end() - held_out});
  splits.held_out = select(all, {order.end() - held_out, order.end()});

  Hash hash;
  for (const Images* images : {&splits.train, &splits.held_out, &splits.test}) {
    add(hash, images->pixels);
    add(hash, images->labels);
  }
  hash.add(&splits.classes, sizeof splits.classes);
  for (const double value : splits.normalisation.mean) hash.add(&value, sizeof value);
  for (const double value : splits.normalisation.deviation) hash.add(&value, sizeof value);
  splits.fingerprint = hash.hex();
  return splits;
}

}  // namespace senet
