#include "train/optimizer.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <cmath>

#include "device/device.h"
#include "device/tensors.h"
#include "kernels/adam_kernel.h"
#include "kernels/cpu_loops.h"
#include "kernels/sgd_kernel.h"
#include "senet/error.h"

namespace senet {

namespace {

SENET_CPU_CLONES void update_loop(float* __restrict w, float* __restrict v, const float* __restrict g, int64_t n,
                                  float lr, SgdRule rule) {
  for (int64_t i = 0; i < n; ++i) rule.apply(w[i], v[i], g[i], lr);
}

// Whether the elements lie in the same order. The stride of a dimension of size 1 says nothing: a 1×1 convolution's
// weight has others as a contiguous and as a channels-last tensor, and its gradient may have either.
bool same_order(const torch::Tensor& a, const torch::Tensor& b) {
  for (int64_t d = 0; d < a.dim(); ++d) {
    if (a.size(d) > 1 && a.stride(d) != b.stride(d)) return false;
  }
  return true;
}

bool in_one_loop(const torch::Tensor& w, const torch::Tensor& v, const torch::Tensor& g) {
  return w.scalar_type() == torch::kFloat32 && g.scalar_type() == torch::kFloat32 && w.is_non_overlapping_and_dense() &&
         same_order(w, v) && same_order(w, g);
}

int64_t pieces_of(const torch::Tensor& parameter) { return (parameter.numel() + kPiece - 1) / kPiece; }

}  // namespace

const void* PieceTable::on(const torch::Device& device, const std::vector<const void*>& places, const void* pieces,
                           int64_t bytes, int64_t most) {
  if (places != places_) {
    SENET_CHECK(!Capture::active(), "gradients lie elsewhere than in the step before, while a step is recorded");
    if (!memory_.defined()) memory_ = torch::empty({most}, torch::TensorOptions(device).dtype(torch::kUInt8));
    memory_.narrow(0, 0, bytes).copy_(torch::from_blob(const_cast<void*>(pieces), {bytes}, torch::kUInt8));
    places_ = places;
  }
  return memory_.data_ptr();
}

Optimizer::Optimizer(torch::nn::Module& module, const TrainingSettings& settings) {
  for (auto& item : module.named_parameters()) {
    parameters_.push_back({item.key(), item.value(), torch::zeros_like(item.value().detach())});
    const ParameterRule own = settings.rule ? settings.rule(item.key()) : ParameterRule();
    rules_.push_back({own.lr_factor, own.weight_decay.value_or(settings.weight_decay)});
  }
}

void Optimizer::zero_gradients() {
  std::vector<torch::Tensor> gradients;
  for (Parameter& parameter : parameters_) {
    const torch::Tensor& gradient = parameter.value.grad();
    if (gradient.defined()) gradients.push_back(gradient);
  }
  if (!gradients.empty()) at::_foreach_zero_(gradients);
}

void Optimizer::state(Archive& archive) {
  for (Parameter& parameter : parameters_) archive.tensor("momentum." + parameter.name, parameter.momentum);
}

Sgd::Sgd(torch::nn::Module& module, const TrainingSettings& settings)
    : Optimizer(module, settings), momentum_(settings.momentum), nesterov_(settings.nesterov) {
  if (!parameters_.empty()) rate_ = torch::zeros({}, torch::TensorOptions(parameters_.front().value.device()));
}

void Sgd::begin_step(double lr) {
  if (lr == lr_) return;
  lr_ = lr;
  rate_.fill_(lr);
}

SgdRule Sgd::rule_of(size_t parameter) const {
  return {static_cast<float>(momentum_), static_cast<float>(rules_[parameter].weight_decay), nesterov_};
}

bool Sgd::update_on_gpu() {
  std::vector<SgdPiece> pieces;
  std::vector<const void*> places;
  int64_t most = 0;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const torch::Tensor &w = parameters_[i].value, &v = parameters_[i].momentum, gradient = w.grad();
    most += pieces_of(w);
    if (!gradient.defined()) continue;
    if (!w.is_cuda() || !in_one_loop(w, v, gradient)) return false;
    places.insert(places.end(), {w.data_ptr(), v.data_ptr(), gradient.data_ptr()});
    for (int64_t at = 0; at < w.numel(); at += kPiece) {
      pieces.push_back({w.data_ptr<float>() + at, v.data_ptr<float>() + at, gradient.data_ptr<float>() + at,
                        std::min(kPiece, w.numel() - at), rule_of(i), static_cast<float>(rules_[i].lr_factor)});
    }
  }
  if (pieces.empty()) return false;
  const auto count = static_cast<int64_t>(pieces.size()), size = static_cast<int64_t>(sizeof(SgdPiece));
  const void* table = pieces_.on(rate_.device(), places, pieces.data(), count * size, most * size);
  launch(SgdUpdate{static_cast<const SgdPiece*>(table), rate_.data_ptr<float>()}, {count, 1});
  return true;
}

void Sgd::update() {
  const torch::NoGradGuard no_gradient;
  if (update_on_gpu()) return;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor &w = parameters_[i].value, &v = parameters_[i].momentum;
    const torch::Tensor gradient = w.grad();
    if (!gradient.defined()) continue;
    const double lr = lr_ * rules_[i].lr_factor;
    if (w.is_cpu() && in_one_loop(w, v, gradient)) {
      float* weights = w.data_ptr<float>();
      float* velocity = v.data_ptr<float>();
      const float* slope = gradient.data_ptr<float>();
      at::parallel_for(0, w.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
        update_loop(weights + begin, velocity + begin, slope + begin, end - begin, static_cast<float>(lr), rule_of(i));
      });
      continue;
    }
    v.mul_(momentum_).add_(gradient).add_(w, rules_[i].weight_decay);
    const torch::Tensor step = nesterov_ ? gradient.add(w, rules_[i].weight_decay).add_(v, momentum_) : v;
    w.is_cuda() ? w.sub_(step * (rate_ * rules_[i].lr_factor)) : w.sub_(step, lr);
  }
}

Adam::Adam(torch::nn::Module& module, const TrainingSettings& settings)
    : Optimizer(module, settings), decoupled_(settings.optimizer == OptimizerKind::adamw) {
  for (const Parameter& parameter : parameters_) squares_.push_back(torch::zeros_like(parameter.momentum));
  const bool on_gpu = !squares_.empty() && squares_.front().is_cuda();
  if (on_gpu) factors_ = torch::zeros({3}, squares_.front().options());
}

void Adam::begin_step(double lr) {
  ++steps_;
  lr_ = lr;
  rate_ = lr / (1 - std::pow(kBeta1, static_cast<double>(steps_)));
  root_ = std::sqrt(1 - std::pow(kBeta2, static_cast<double>(steps_)));
  if (!factors_.defined()) return;
  factors_[0].fill_(rate_);
  factors_[1].fill_(root_);
  factors_[2].fill_(lr_);
}

bool Adam::update_on_gpu() {
  std::vector<AdamPiece> pieces;
  std::vector<const void*> places;
  int64_t most = 0;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const torch::Tensor &w = parameters_[i].value, &m = parameters_[i].momentum, &v = squares_[i], gradient = w.grad();
    most += pieces_of(w);
    if (!gradient.defined()) continue;
    if (!w.is_cuda() || !in_one_loop(w, m, gradient) || !same_order(w, v)) return false;
    places.insert(places.end(), {w.data_ptr(), m.data_ptr(), v.data_ptr(), gradient.data_ptr()});
    const AdamRule rule{static_cast<float>(kBeta1),
                        static_cast<float>(kBeta2),
                        static_cast<float>(kEpsilon),
                        static_cast<float>(rules_[i].weight_decay),
                        static_cast<float>(rules_[i].lr_factor),
                        decoupled_};
    for (int64_t at = 0; at < w.numel(); at += kPiece) {
      pieces.push_back({w.data_ptr<float>() + at, m.data_ptr<float>() + at, v.data_ptr<float>() + at,
                        gradient.data_ptr<float>() + at, std::min(kPiece, w.numel() - at), rule});
    }
  }
  if (pieces.empty()) return false;
  const auto count = static_cast<int64_t>(pieces.size()), size = static_cast<int64_t>(sizeof(AdamPiece));
  const void* table = pieces_.on(factors_.device(), places, pieces.data(), count * size, most * size);
  launch(AdamUpdate{static_cast<const AdamPiece*>(table), static_cast<const AdamFactors*>(factors_.data_ptr())},
         {count, 1});
  return true;
}

void Adam::update() {
  const torch::NoGradGuard no_gradient;
  if (factors_.defined() && update_on_gpu()) return;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor &w = parameters_[i].value, &m = parameters_[i].momentum, &v = squares_[i];
    torch::Tensor g = w.grad();
    if (!g.defined()) continue;
    const auto [lr_factor, weight_decay] = rules_[i];
    if (weight_decay != 0 && !decoupled_) g = g.add(w, weight_decay);
    if (weight_decay != 0 && decoupled_) {
      factors_.defined() ? w.sub_(w * (factors_[2] * (lr_factor * weight_decay)))
                         : w.mul_(1 - lr_ * lr_factor * weight_decay);
    }
    m.mul_(kBeta1).add_(g, 1 - kBeta1);
    v.mul_(kBeta2).addcmul_(g, g, 1 - kBeta2);
    if (factors_.defined()) {
      w.sub_(m / v.sqrt().div_(factors_[1]).add_(kEpsilon) * (factors_[0] * lr_factor));
    } else {
      w.addcdiv_(m, v.sqrt().div_(root_).add_(kEpsilon), -rate_ * lr_factor);
    }
  }
}

void Adam::state(Archive& archive) {
  Optimizer::state(archive);
  for (size_t i = 0; i < parameters_.size(); ++i) archive.tensor("square." + parameters_[i].name, squares_[i]);
  archive.number("adam.steps", steps_);
}

std::unique_ptr<Optimizer> make_optimizer(torch::nn::Module& module, const TrainingSettings& settings) {
  switch (settings.optimizer) {
    case OptimizerKind::sgd:
      return std::make_unique<Sgd>(module, settings);
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return std::make_unique<Adam>(module, settings);
  }
  fail("the settings of a training name no optimizer");
}

}  // namespace senet
