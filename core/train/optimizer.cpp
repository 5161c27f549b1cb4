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
#include "senet/layers.h"

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

std::shared_ptr<ParameterCopy> copy_of(const torch::Tensor& parameter, const torch::nn::Module& module) {
  std::vector<const torch::nn::Module*> parts = {&module};
  for (const auto& part : module.modules(/*include_self=*/false)) parts.push_back(part.get());
  for (const auto* part : parts) {
    const auto* layer = dynamic_cast<const Layer*>(part);
    if (layer && layer->weight.is_same(parameter)) return layer->weight_copy;
    if (layer && layer->bias.is_same(parameter)) return layer->bias_copy;
  }
  return std::make_shared<ParameterCopy>();
}

// The pieces of all parameters that have a gradient, in the table, and how many: cut(parameter, piece, where its square
// is). None where a parameter is not on a GPU or lies there in another order than what is updated with it.
template <class Piece, class Cut>
std::pair<const Piece*, int64_t> pieces_on_gpu(PieceTable& table, const Parameters& parameters,
                                               const std::vector<std::shared_ptr<ParameterCopy>>& copies,
                                               const std::vector<torch::Tensor>& squares, const Cut& cut) {
  std::vector<Piece> pieces;
  std::vector<const void*> places;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const torch::Tensor &w = parameters[i].value, &v = parameters[i].momentum, gradient = w.grad();
    if (!gradient.defined()) continue;
    if (!w.is_cuda() || !in_one_loop(w, v, gradient) || !(squares.empty() || same_order(w, squares[i]))) return {};
    auto* square = squares.empty() ? nullptr : squares[i].data_ptr<float>();
    uint16_t* copy = copies[i]->memory(w);
    places.insert(places.end(), {w.data_ptr(), v.data_ptr(), gradient.data_ptr(), square, copy});
    for (int64_t at = 0; at < w.numel(); at += kPiece) {
      const UpdatePiece piece{w.data_ptr<float>() + at, v.data_ptr<float>() + at, gradient.data_ptr<float>() + at,
                              copy ? copy + at : nullptr, std::min(kPiece, w.numel() - at)};
      pieces.push_back(cut(i, piece, square ? square + at : nullptr));
    }
  }
  if (pieces.empty()) return {};
  const auto count = static_cast<int64_t>(pieces.size()), size = static_cast<int64_t>(sizeof(Piece));
  const void* first = table.on(parameters.front().value.device(), places, pieces.data(), count * size);
  return {static_cast<const Piece*>(first), count};
}

}  // namespace

Optimizer::Optimizer(torch::nn::Module& module, const TrainingSettings& settings) {
  for (auto& item : module.named_parameters()) {
    parameters_.push_back({item.key(), item.value(), torch::zeros_like(item.value().detach())});
    const ParameterRule own = settings.rule ? settings.rule(item.key()) : ParameterRule();
    rules_.push_back({own.lr_factor, own.weight_decay.value_or(settings.weight_decay)});
    copies_.push_back(copy_of(item.value(), module));
  }
  dropped_.resize(parameters_.size());
}

void Optimizer::drop_gradients() {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor& gradient = parameters_[i].value.mutable_grad();
    if (gradient.defined()) dropped_[i] = true;
    gradient = torch::Tensor();
  }
}

void Optimizer::zero_gradients() {
  if (!parameters_.empty() && parameters_.front().value.is_cuda()) return drop_gradients();
  std::vector<torch::Tensor> gradients;
  for (Parameter& parameter : parameters_) {
    const torch::Tensor& gradient = parameter.value.grad();
    if (gradient.defined()) gradients.push_back(gradient);
  }
  if (!gradients.empty()) at::_foreach_zero_(gradients);
}

void Optimizer::update() {
  const torch::NoGradGuard no_gradient;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor& value = parameters_[i].value;
    if (dropped_[i] && !value.grad().defined()) value.mutable_grad() = torch::zeros_like(value);
  }
  const bool with_copies = update_parameters();
  // Loops and kernels write past the operators.
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const torch::Tensor& value = parameters_[i].value;
    if (value.grad().defined()) copies_[i]->changed(value, with_copies && copies_[i]->memory(value));
  }
}

void Optimizer::end_step() {
  struct Changed {
    torch::Tensor value, gradient;
    std::shared_ptr<ParameterCopy> copy;
    bool with_copy;
  };
  std::vector<Changed> all;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const torch::Tensor& value = parameters_[i].value;
    const bool with_copy = copies_[i]->refresh(value);
    all.push_back({value, value.grad(), copies_[i], with_copy});
  }
  if (!Capture::active()) return;
  Capture::before_replays([all] {
    for (const Changed& changed : all) {
      changed.value.mutable_grad() = changed.gradient;
      changed.copy->changed(changed.value, changed.with_copy);
    }
  });
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
  const auto [pieces, count] =
      pieces_on_gpu<SgdPiece>(pieces_, parameters_, copies_, {}, [&](size_t i, const UpdatePiece& piece, float*) {
        return SgdPiece{piece, rule_of(i), static_cast<float>(rules_[i].lr_factor)};
      });
  if (count > 0) launch(SgdUpdate{pieces, rate_.data_ptr<float>()}, {count, 1});
  return count > 0;
}

bool Sgd::update_parameters() {
  if (update_on_gpu()) return true;
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
  return false;
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
  const auto number = [](double value) { return static_cast<float>(value); };
  const auto [pieces, count] = pieces_on_gpu<AdamPiece>(
      pieces_, parameters_, copies_, squares_, [&](size_t i, const UpdatePiece& piece, float* v) {
        const auto [lr_factor, weight_decay] = rules_[i];
        return AdamPiece{
            piece,
            v,
            {number(kBeta1), number(kBeta2), number(kEpsilon), number(weight_decay), number(lr_factor), decoupled_}};
      });
  if (count > 0) launch(AdamUpdate{pieces, static_cast<const AdamFactors*>(factors_.data_ptr())}, {count, 1});
  return count > 0;
}

bool Adam::update_parameters() {
  if (factors_.defined() && update_on_gpu()) return true;
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
  return false;
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
