#include "nn/norm_activation.h"

#include "device/world.h"
#include "kernels/rectified_norm.h"
#include "nn/recording.h"

namespace senet {

namespace {

bool in_order(const torch::Tensor& x) { return x.is_contiguous(torch::MemoryFormat::ChannelsLast); }

}  // namespace

Norm norm_of(const BatchNorm2d& norm) {
  return {norm.weight, norm.bias, norm.running_mean, norm.running_var, BatchNorm2d::kMomentum, BatchNorm2d::kEpsilon};
}

bool norm_activation_takes(const BatchNorm2d& norm, const torch::Tensor& x, const torch::Tensor& shortcut) {
  if (Recording::active()) return false;
  if (!(x.is_cpu() || x.is_cuda()) || x.dim() != 4 || !in_order(x) || norm.weight.scalar_type() != torch::kFloat32)
    return false;
  if (x.scalar_type() != torch::kFloat32 && x.scalar_type() != torch::kBFloat16) return false;
  if (shortcut.defined() &&
      (shortcut.scalar_type() != x.scalar_type() || shortcut.sizes() != x.sizes() || !in_order(shortcut))) {
    return false;
  }
  if (x.is_cuda()) return true;
  return norm.is_training() ? x.numel() > x.size(1) : !torch::GradMode::is_enabled();
}

torch::Tensor norm_activation(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut, Rectified rectified,
                              const torch::Tensor& floors) {
  const bool alone = !sharing_world() && x.numel() > x.size(1);
  if (x.is_cuda() && (norm.is_training() ? !alone : torch::GradMode::is_enabled())) {
    const torch::Tensor y = norm.forward(x);
    if (rectified == Rectified::none) return shortcut.defined() ? y + shortcut : y;
    return rectified_sum(y, shortcut, rectified, floors);
  }
  if (norm.is_training()) {
    norm.num_batches_tracked.add_(1);
    return rectified_norm(norm_of(norm), x, shortcut, rectified, floors);
  }
  return rectified_running_norm(norm_of(norm), std::move(x), shortcut, rectified, floors);
}

torch::Tensor norm_and_add(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) {
  if (norm_activation_takes(norm, x, shortcut)) {
    return norm_activation(norm, std::move(x), shortcut, Rectified::none);
  }
  const torch::Tensor y = norm.forward(x);
  return shortcut.defined() ? y + shortcut : y;
}

}  // namespace senet
