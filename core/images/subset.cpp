#include "images/subset.h"

#include <torch/utils.h>

#include <algorithm>
#include <numeric>

#include "senet/random.h"

namespace senet {

namespace {

class Subset final : public ImageSource {
 public:
  Subset(std::shared_ptr<const ImageSource> source, std::vector<int64_t> indices)
      : source_(std::move(source)), indices_(std::move(indices)) {}

  int64_t count() const override { return static_cast<int64_t>(indices_.size()); }
  Image read(int64_t index) const override { return source_->read(indices_.at(index)); }
  std::string encoded(int64_t index) const override { return source_->encoded(indices_.at(index)); }
  std::string name(int64_t index) const override { return source_->name(indices_.at(index)); }
  uint64_t checksum(int64_t index) const override { return source_->checksum(indices_.at(index)); }
  std::vector<uint64_t> checksums(const std::vector<int64_t>& indices) const override {
    std::vector<int64_t> of_source;
    for (const int64_t index : indices) of_source.push_back(indices_.at(index));
    return source_->checksums(of_source);
  }

 private:
  std::shared_ptr<const ImageSource> source_;
  std::vector<int64_t> indices_;
};

}  // namespace

std::vector<int64_t> first_indices(int64_t count) {
  std::vector<int64_t> indices(count);
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

std::vector<int64_t> shuffled_indices(int64_t count, uint64_t seed, uint32_t stream) {
  std::vector<uint64_t> keys(count);
  for (int64_t i = 0; i < count; ++i) keys[i] = random_bits(seed, stream, i);
  std::vector<int64_t> indices = first_indices(count);
  std::stable_sort(indices.begin(), indices.end(), [&](int64_t a, int64_t b) { return keys[a] < keys[b]; });
  return indices;
}

std::shared_ptr<const ImageSource> subset(std::shared_ptr<const ImageSource> source, std::vector<int64_t> indices) {
  return std::make_shared<Subset>(std::move(source), std::move(indices));
}

Images subset(const Images& images, const std::vector<int64_t>& indices) {
  const torch::Tensor chosen = torch::tensor(indices, torch::kInt64);
  Images part = images;
  part.labels = images.labels.index_select(0, chosen);
  if (images.pixels.defined()) part.pixels = images.pixels.index_select(0, chosen);
  if (images.source) part.source = subset(images.source, indices);
  return part;
}

}  // namespace senet
