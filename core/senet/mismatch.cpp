#include "senet/mismatch.h"

#include <ATen/Parallel.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/cpu_loops.h"
#include "senet/error.h"
#include "senet/random.h"

namespace senet {

namespace {

constexpr int64_t kBlock = 4096;

SENET_CPU_CLONES void add_difference(const float* __restrict a, const float* __restrict b, float* __restrict sum,
                                     int64_t n) {
  for (int64_t i = 0; i < n; ++i) sum[i] += std::fabs(a[i] - b[i]);
}
SENET_CPU_CLONES void add_difference(const double* __restrict a, const double* __restrict b, float* __restrict sum,
                                     int64_t n) {
  for (int64_t i = 0; i < n; ++i) sum[i] += static_cast<float>(std::fabs(a[i] - b[i]));
}
SENET_CPU_CLONES void add_difference(const uint16_t* __restrict a, const uint16_t* __restrict b, float* __restrict sum,
                                     int64_t n) {
  for (int64_t i = 0; i < n; ++i) sum[i] += std::fabs(widen(a[i]) - widen(b[i]));
}

template <class Element>
void add_mismatch_cpu(double* D, const Element* a, const Element* b, int64_t images, int64_t image) {
  const int64_t blocks = (image + kBlock - 1) / kBlock;
  at::parallel_for(0, blocks, std::max<int64_t>(1, kParallelGrain / (kBlock * images)),
                   [&](int64_t begin, int64_t end) {
                     float sums[kBlock];
                     for (int64_t block = begin; block < end; ++block) {
                       const int64_t first = block * kBlock;
                       const int64_t length = std::min(kBlock, image - first);
                       std::fill_n(sums, length, 0.0f);
                       for (int64_t n = 0; n < images; ++n)
                         add_difference(a + n * image + first, b + n * image + first, sums, length);
                       for (int64_t i = 0; i < length; ++i) D[first + i] += sums[i];
                     }
                   });
}

std::vector<int64_t> ranked_first(int64_t count, int64_t r, const std::function<bool(int64_t, int64_t)>& before) {
  SENET_CHECK(r >= 0 && r <= count, "a mask of ", count, " elements cannot have ", r, " ones");
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  if (r < count) std::nth_element(order.begin(), order.begin() + r, order.end(), before);
  order.resize(r);
  return order;
}

torch::Tensor mask_of(torch::IntArrayRef shape, const std::vector<int64_t>& ones) {
  torch::Tensor mask = torch::zeros(shape, torch::kUInt8);
  auto* bytes = mask.data_ptr<uint8_t>();
  for (const int64_t i : ones) bytes[i] = 1;
  return mask;
}

}  // namespace

void add_mismatch(torch::Tensor& D, const torch::Tensor& a, const torch::Tensor& b) {
  const torch::NoGradGuard no_gradient;
  SENET_CHECK(a.sizes() == b.sizes(), "the activations compared differ in shape: ", a.sizes(), " and ", b.sizes());
  const auto last = torch::MemoryFormat::ChannelsLast;
  const bool one_pass =
      a.is_cpu() && a.scalar_type() == b.scalar_type() && a.is_contiguous(last) && b.is_contiguous(last);
  if (!one_pass) {
    D.add_((a - b).abs().sum(0, /*keepdim=*/false, torch::kFloat32).permute({1, 2, 0}));
    return;
  }
  const int64_t images = a.size(0), image = D.numel();
  auto* sums = D.data_ptr<double>();
  switch (a.scalar_type()) {
    case torch::kFloat32:
      return add_mismatch_cpu(sums, a.data_ptr<float>(), b.data_ptr<float>(), images, image);
    case torch::kFloat64:
      return add_mismatch_cpu(sums, a.data_ptr<double>(), b.data_ptr<double>(), images, image);
    case torch::kBFloat16:
      return add_mismatch_cpu(sums, reinterpret_cast<const uint16_t*>(a.data_ptr<at::BFloat16>()),
                              reinterpret_cast<const uint16_t*>(b.data_ptr<at::BFloat16>()), images, image);
    default:
      fail("add_mismatch: expected float32, bfloat16 or float64 activations, found ", a.dtype());
  }
}

torch::Tensor largest_entries(const torch::Tensor& scores, int64_t r) {
  const torch::Tensor plain = scores.to(torch::kCPU, torch::kFloat64).contiguous();
  SENET_CHECK(plain.isfinite().all().item<bool>(), "mask identification: a mismatch is not finite");
  const auto* values = plain.data_ptr<double>();
  return mask_of(plain.sizes(), ranked_first(plain.numel(), r, [&](int64_t i, int64_t j) {
                   return values[i] != values[j] ? values[i] > values[j] : i < j;
                 }));
}

torch::Tensor random_mask(torch::IntArrayRef shape, int64_t r, uint64_t seed) {
  std::vector<uint64_t> keys(c10::multiply_integers(shape));
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = random_bits(seed, 0, i);
  return mask_of(shape, ranked_first(static_cast<int64_t>(keys.size()), r, [&](int64_t i, int64_t j) {
                   return keys[i] != keys[j] ? keys[i] < keys[j] : i < j;
                 }));
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

}  // namespace senet
