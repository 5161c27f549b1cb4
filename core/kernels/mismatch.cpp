#include "kernels/mismatch.h"

#include <ATen/Parallel.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "kernels/cpu_loops.h"
#include "kernels/mismatch_kernel.h"
#include "senet/error.h"

namespace senet {

namespace {

constexpr int64_t kBlock = 4096;

template <class Term, class Element>
SENET_CPU_CLONES void add_terms(const Element* __restrict a, const Element* __restrict b, float* __restrict sum,
                                int64_t n) {
  for (int64_t i = 0; i < n; ++i) sum[i] += Term::of(widen(a[i]), widen(b[i]));
}

template <class Term, class Element>
void add_on_cpu(double* D, const Element* a, const Element* b, int64_t images, int64_t image) {
  const int64_t blocks = (image + kBlock - 1) / kBlock;
  at::parallel_for(0, blocks, std::max<int64_t>(1, kParallelGrain / (kBlock * images)),
                   [&](int64_t begin, int64_t end) {
                     float sums[kBlock];
                     for (int64_t block = begin; block < end; ++block) {
                       const int64_t first = block * kBlock;
                       const int64_t length = std::min(kBlock, image - first);
                       std::fill_n(sums, length, 0.0f);
                       for (int64_t n = 0; n < images; ++n)
                         add_terms<Term>(a + n * image + first, b + n * image + first, sums, length);
                       for (int64_t i = 0; i < length; ++i) D[first + i] += sums[i];
                     }
                   });
}

bool in_one_pass(const torch::Tensor& a, const torch::Tensor& b) {
  const auto last = torch::MemoryFormat::ChannelsLast;
  const auto type = a.scalar_type();
  return (a.is_cpu() || a.is_cuda()) && type == b.scalar_type() &&
         (type == torch::kFloat32 || type == torch::kBFloat16) && a.is_contiguous(last) && b.is_contiguous(last);
}

void check(const torch::Tensor& D, const torch::Tensor& a, const torch::Tensor& b) {
  SENET_CHECK(a.sizes() == b.sizes(), "the activations compared differ in shape: ", a.sizes(), " and ", b.sizes());
  SENET_CHECK(a.dim() == 4 && D.sizes() == torch::IntArrayRef({a.size(2), a.size(3), a.size(1)}),
              "the sums for activations of ", a.sizes(), " are H×W×C; found ", D.sizes());
}

template <class Term>
void add_on_gpu(torch::Tensor& D, const torch::Tensor& a, const torch::Tensor& b) {
  with_pack(a, packs(D.numel(), {a, b}), [&](auto tag, auto pack) {
    using Element = typename decltype(tag)::Type;
    using Kernel = AddTerms<Term, Element, pack.value>;
    launch(Kernel{elements<const Element>(a), elements<const Element>(b), a.size(0), D.numel(), D.data_ptr<double>()},
           Kernel::blocks(D.numel()));
  });
}

template <class Term>
void add_in_one_pass(torch::Tensor& D, const torch::Tensor& a, const torch::Tensor& b) {
  if (a.is_cuda()) return add_on_gpu<Term>(D, a, b);
  with_element(a, [&](auto tag) {
    using Element = const typename decltype(tag)::Type;
    add_on_cpu<Term>(D.data_ptr<double>(), elements<Element>(a), elements<Element>(b), a.size(0), D.numel());
  });
}

void add_batch_sum(torch::Tensor& D, const torch::Tensor& terms) {
  D.add_(terms.sum(0, /*keepdim=*/false, torch::kFloat32).permute({1, 2, 0}));
}

}  // namespace

void add_mismatch(torch::Tensor& D, const torch::Tensor& a, const torch::Tensor& b) {
  const torch::NoGradGuard no_gradient;
  check(D, a, b);
  if (in_one_pass(a, b)) return add_in_one_pass<Mismatch>(D, a, b);
  add_batch_sum(D, (a - b).abs());
}

void add_gain(torch::Tensor& D, const torch::Tensor& a, const torch::Tensor& x) {
  const torch::NoGradGuard no_gradient;
  check(D, a, x);
  if (in_one_pass(a, x)) return add_in_one_pass<Gain>(D, a, x);
  add_batch_sum(D, (a - x).abs() - (a - x.clamp_min(0)).abs());
}

}  // namespace senet
