#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <array>
#include <memory>

namespace senet {

class BatchNorm2d;

using SiteShape = std::array<int64_t, 3>;  // C, H, W

// What stands at a ReLU site. Networks that are finished hold core activations only (Relu, Linear, MaskedRelu), which
// are wholly described by a mask; a method may bring its own while it searches.
class Activation : public torch::nn::Module {
 public:
  // x and result: N×C×H×W, same type and layout.
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;

  // forward(norm(x) + shortcut), N×C×H×W all; `shortcut` may be undefined. The core's own do it in fewer passes over
  // memory, equal up to rounding.
  virtual torch::Tensor after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut);

  // C×H×W, uint8, contiguous, on the CPU: one where this activation is a ReLU, zero where it is the identity.
  virtual torch::Tensor mask() const = 0;

  // True for the core activations alone: mask() is all there is to them.
  virtual bool described_by_mask() const { return false; }
};

class Relu final : public Activation {
 public:
  explicit Relu(SiteShape shape) : shape_(shape) {}
  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) override;
  torch::Tensor mask() const override;
  bool described_by_mask() const override { return true; }

 private:
  SiteShape shape_;
};

class Linear final : public Activation {
 public:
  explicit Linear(SiteShape shape) : shape_(shape) {}
  torch::Tensor forward(const torch::Tensor& x) override { return x; }
  torch::Tensor after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) override;
  torch::Tensor mask() const override;
  bool described_by_mask() const override { return true; }

 private:
  SiteShape shape_;
};

class MaskedRelu final : public Activation {
 public:
  explicit MaskedRelu(const torch::Tensor& mask);  // C×H×W of zeros and ones; copied
  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) override;
  torch::Tensor mask() const override;
  bool described_by_mask() const override { return true; }

 private:
  const torch::Tensor& floors_for(const torch::Tensor& x);

  torch::Tensor mask_;    // contiguous, on the CPU
  torch::Tensor floors_;  // in the layout and on the device of the last input
  torch::MemoryFormat format_ = torch::MemoryFormat::Preserve;
};

// The activation that a mask describes: Relu when all ones, Linear when all zeros, else MaskedRelu.
std::shared_ptr<Activation> activation_from_mask(const torch::Tensor& mask);

}  // namespace senet
