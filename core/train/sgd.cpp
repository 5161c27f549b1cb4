#include "train/sgd.h"

#include <ATen/Parallel.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "nn/cpu_loops.h"

namespace senet {

namespace {

SENET_CPU_CLONES void update_loop(float* __restrict w, float* __restrict v, const float* __restrict g, int64_t n,
                                  float lr, float momentum, float weight_decay) {
  for (int64_t i = 0; i < n; ++i) {
    v[i] = momentum * v[i] + (g[i] + weight_decay * w[i]);
    w[i] -= lr * v[i];
  }
}

bool in_one_loop(const torch::Tensor& w, const torch::Tensor& v, const torch::Tensor& g) {
  return w.is_cpu() && w.scalar_type() == torch::kFloat32 && g.scalar_type() == torch::kFloat32 &&
         w.is_non_overlapping_and_dense() && w.strides() == v.strides() && w.strides() == g.strides();
}

}  // namespace

void Sgd::step(double lr) {
  const torch::NoGradGuard no_gradient;
  for (Parameter& parameter : parameters_) {
    const torch::Tensor gradient = parameter.value.grad();
    if (!gradient.defined()) continue;
    torch::Tensor& w = parameter.value;
    torch::Tensor& v = parameter.momentum;
    if (in_one_loop(w, v, gradient)) {
      float* weights = w.data_ptr<float>();
      float* velocity = v.data_ptr<float>();
      const float* slope = gradient.data_ptr<float>();
      at::parallel_for(0, w.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
        update_loop(weights + begin, velocity + begin, slope + begin, end - begin, static_cast<float>(lr),
                    static_cast<float>(momentum_), static_cast<float>(weight_decay_));
      });
    } else {
      v.mul_(momentum_).add_(gradient).add_(w, weight_decay_);
      w.sub_(v, lr);
    }
  }
}

}  // namespace senet
