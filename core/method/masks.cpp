#include "method/masks.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

#include "senet/error.h"
#include "senet/random.h"
#include "senet/selection.h"

namespace senet {

namespace {

using Before = std::function<bool(int64_t, int64_t)>;

// The first `count` of the `size` indices from `begin`, by `before`; in no order.
std::vector<int64_t> first_of(int64_t begin, int64_t size, int64_t count, const Before& before) {
  std::vector<int64_t> order(size);
  std::iota(order.begin(), order.end(), begin);
  if (count < size) std::nth_element(order.begin(), order.begin() + count, order.end(), before);
  order.resize(count);
  return order;
}

// `before`: of two elements of the layer; `channel_before`: of two channels.
torch::Tensor mask_by(torch::IntArrayRef shape, int64_t r, const MaskRule& rule, const Before& before,
                      const Before& channel_before) {
  const int64_t elements = c10::multiply_integers(shape);
  SENET_CHECK(r >= 0 && r <= elements, "a mask of ", elements, " elements cannot have ", r, " ones");
  torch::Tensor mask = torch::zeros(shape, torch::kUInt8);
  auto* bytes = mask.data_ptr<uint8_t>();
  if (rule.granularity == Granularity::pixel) {
    for (const int64_t i : first_of(0, elements, r, before)) bytes[i] = 1;
    return mask;
  }
  const int64_t area = elements / shape[0], whole = r / area, rest = r % area;
  std::vector<int64_t> channels(shape[0]);
  std::iota(channels.begin(), channels.end(), 0);
  std::sort(channels.begin(), channels.end(), channel_before);
  for (int64_t i = 0; i < whole; ++i) std::fill_n(bytes + channels[i] * area, area, uint8_t{1});
  if (rest > 0 && rule.partial_channel) {
    for (const int64_t i : first_of(channels[whole] * area, area, rest, before)) bytes[i] = 1;
  }
  return mask;
}

template <class Compare, class Value>
Before ranked(const Value* values) {
  return [values](int64_t i, int64_t j) { return values[i] != values[j] ? Compare()(values[i], values[j]) : i < j; };
}

// A stable sort keeps ties in the order of C, H, W; adding 0 makes one zero of both.
torch::Tensor largest_on_gpu(const torch::Tensor& scores, int64_t r) {
  SENET_CHECK(r >= 0 && r <= scores.numel(), "a mask of ", scores.numel(), " elements cannot have ", r, " ones");
  const torch::Tensor flat = scores.to(torch::kFloat64).contiguous().flatten() + 0.0;
  SENET_CHECK(flat.isfinite().all().item<bool>(), "a score by which ReLUs are chosen is not finite");
  const torch::Tensor order = std::get<1>(at::sort(flat, /*stable=*/true, /*dim=*/0, /*descending=*/true));
  torch::Tensor mask = torch::zeros_like(flat, torch::kUInt8);
  mask.index_fill_(0, order.narrow(0, 0, r), 1);
  return mask.view(scores.sizes()).to(torch::kCPU);
}

}  // namespace

torch::Tensor chosen_mask(const torch::Tensor& scores, int64_t r, const MaskRule& rule) {
  SENET_CHECK(scores.dim() == 3, "a layer's scores are C×H×W; found ", scores.sizes());
  if (scores.is_cuda() && rule.granularity == Granularity::pixel) return largest_on_gpu(scores, r);
  const torch::Tensor plain = scores.to(torch::kCPU, torch::kFloat64).contiguous(), means = plain.mean({1, 2});
  SENET_CHECK(plain.isfinite().all().item<bool>(), "a score by which ReLUs are chosen is not finite");
  return mask_by(plain.sizes(), r, rule, ranked<std::greater<>>(plain.data_ptr<double>()),
                 ranked<std::greater<>>(means.data_ptr<double>()));
}

std::vector<torch::Tensor> largest_of_all(const std::vector<torch::Tensor>& scores, int64_t count,
                                          const std::vector<torch::Tensor>& among) {
  std::vector<torch::Tensor> flat;
  std::vector<int64_t> sizes;
  int64_t allowed = 0;
  for (size_t l = 0; l < scores.size(); ++l) {
    flat.push_back(scores[l].to(torch::kCPU, torch::kFloat64).flatten());
    sizes.push_back(scores[l].numel());
    if (among.empty()) continue;
    const torch::Tensor kept = among.at(l).to(torch::kCPU).flatten().ne(0);
    flat.back() = torch::where(kept, flat.back(), torch::full_like(flat.back(), std::numeric_limits<double>::lowest()));
    allowed += kept.sum().item<int64_t>();
  }
  SENET_CHECK(among.empty() || count <= allowed, count, " elements are to be chosen among ", allowed);
  const torch::Tensor all = chosen_mask(torch::cat(flat).view({1, 1, -1}), count).flatten();
  std::vector<torch::Tensor> masks = all.split_with_sizes(sizes);
  for (size_t l = 0; l < masks.size(); ++l) masks[l] = masks[l].view(scores[l].sizes()).clone();
  return masks;
}

std::vector<torch::Tensor> random_of_all(const std::vector<torch::Tensor>& masks, int64_t count, uint64_t seed) {
  std::vector<torch::Tensor> keys;
  for (size_t l = 0; l < masks.size(); ++l) {
    auto* values = keys.emplace_back(torch::empty(masks[l].sizes(), torch::kFloat64)).data_ptr<double>();
    for (int64_t i = 0; i < keys.back().numel(); ++i)
      values[i] = static_cast<double>(random_bits(seed, static_cast<uint32_t>(l), i) >> 11);
  }
  return largest_of_all(keys, count, masks);
}

torch::Tensor random_mask(torch::IntArrayRef shape, int64_t r, uint64_t seed, const MaskRule& rule) {
  const auto keys = [&](int64_t count, uint64_t stream) {
    std::vector<uint64_t> all(count);
    for (int64_t i = 0; i < count; ++i) all[i] = random_bits(seed, stream, i);
    return all;
  };
  const std::vector<uint64_t> elements = keys(c10::multiply_integers(shape), 0), channels = keys(shape[0], 1);
  return mask_by(shape, r, rule, ranked<std::less<>>(elements.data()), ranked<std::less<>>(channels.data()));
}

double normalised_hamming_distance(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  SENET_CHECK(a.size() == b.size(), "masks of ", a.size(), " and ", b.size(), " layers cannot be compared");
  double distance = 0;
  for (size_t l = 0; l < a.size(); ++l) {
    distance += a[l].ne(b[l]).sum().item<double>() / static_cast<double>(a[l].numel());
  }
  return distance;
}

double overlap(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  SENET_CHECK(a.size() == b.size(), "masks of ", a.size(), " and ", b.size(), " layers cannot be compared");
  int64_t ones = 0, common = 0;
  for (size_t l = 0; l < a.size(); ++l) {
    ones += a[l].ne(0).sum().item<int64_t>();
    common += a[l].logical_and(b[l]).sum().item<int64_t>();
  }
  return ones == 0 ? 1.0 : static_cast<double>(common) / static_cast<double>(ones);
}

torch::Tensor packed_masks(const std::vector<torch::Tensor>& masks) {
  int64_t total = 0;
  for (const torch::Tensor& mask : masks) total += mask.numel();
  torch::Tensor row = torch::zeros({(total + 7) / 8}, torch::kUInt8);
  auto* bytes = row.data_ptr<uint8_t>();
  int64_t at = 0;
  for (const torch::Tensor& mask : masks) {
    const torch::Tensor plain = mask.to(torch::kCPU, torch::kUInt8).contiguous();
    const auto* values = plain.data_ptr<uint8_t>();
    for (int64_t i = 0; i < plain.numel(); ++i, ++at) bytes[at / 8] |= static_cast<uint8_t>((values[i] & 1) << at % 8);
  }
  return row;
}

std::vector<torch::Tensor> unpacked_masks(const torch::Tensor& row, const std::vector<std::vector<int64_t>>& shapes) {
  int64_t total = 0;
  for (const auto& shape : shapes) total += c10::multiply_integers(shape);
  SENET_CHECK(row.numel() == (total + 7) / 8, "packed masks of ", row.numel(), " bytes, expected ", (total + 7) / 8,
              " for ", total, " elements");
  const auto* bytes = row.data_ptr<uint8_t>();
  std::vector<torch::Tensor> masks;
  int64_t at = 0;
  for (const auto& shape : shapes) {
    auto* values = masks.emplace_back(torch::empty(shape, torch::kUInt8)).data_ptr<uint8_t>();
    for (int64_t i = 0; i < masks.back().numel(); ++i, ++at) values[i] = bytes[at / 8] >> at % 8 & 1;
  }
  return masks;
}

}  // namespace senet
