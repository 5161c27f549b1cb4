#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <array>
#include <memory>

#include "senet/archive.h"

namespace senet {

class BatchNorm2d;

using SiteShape = std::array<int64_t, 3>;  // C, H, W

// Multiplications of two secret numbers that an activation asks of an engine for private inference, for one image.
struct Multiplications {
  int64_t squares = 0;       // of an element by itself
  int64_t coefficients = 0;  // of an element, or of its square, by a coefficient of the network's

  bool any() const { return squares > 0 || coefficients > 0; }
};

// What stands at a ReLU site. An activation says of itself what an engine for private inference would do, and which
// tensors it consists of; whoever counts, stores, resumes, cuts to a width or exports a network asks it. A finished
// network holds the core's activations alone; a method may bring its own while it searches.
class Activation : public torch::nn::Module {
 public:
  // x and the result: N×C×H×W, of the same type and layout.
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;

  // forward(norm(x) + shortcut), all N×C×H×W; `shortcut` may be undefined. The core's activations take fewer passes
  // over memory for it; their result is the same up to rounding.
  virtual torch::Tensor after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut);

  // What it compares: C×H×W, uint8, contiguous, on the CPU. One where an element is compared with 0 and becomes
  // max(x, 0), zero elsewhere.
  virtual torch::Tensor mask() const = 0;

  // What it multiplies. Where the mask is zero, an activation that multiplies nothing leaves x as it is; another gives
  // a polynomial in x there, of degree 2, or of degree 1 where it has no squares.
  virtual Multiplications multiplications() const { return {}; }

  // Whether it is one of the core's: then activation_from(tensors()) is the same activation again.
  virtual bool is_core() const { return false; }

  // All that it consists of, on the CPU: "mask", and its parameters and buffers by their names. The first dimension of
  // each tensor of a core activation is the channels: its first channels are the activation at a smaller width.
  TensorMap tensors() const;
};

class Relu final : public Activation {
 public:
  explicit Relu(SiteShape shape) : shape_(shape) {}
  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) override;
  torch::Tensor mask() const override;
  bool is_core() const override { return true; }

 private:
  SiteShape shape_;
};

class Linear final : public Activation {
 public:
  explicit Linear(SiteShape shape) : shape_(shape) {}
  torch::Tensor forward(const torch::Tensor& x) override { return x; }
  torch::Tensor after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) override;
  torch::Tensor mask() const override;
  bool is_core() const override { return true; }

 private:
  SiteShape shape_;
};

class MaskedRelu final : public Activation {
 public:
  explicit MaskedRelu(const torch::Tensor& mask);  // C×H×W of zeros and ones; copied
  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) override;
  torch::Tensor mask() const override;
  bool is_core() const override { return true; }

 private:
  const torch::Tensor& floors_for(const torch::Tensor& x);

  torch::Tensor mask_;    // contiguous, on the CPU
  torch::Tensor floors_;  // in the layout and on the device of the last input
  torch::MemoryFormat format_ = torch::MemoryFormat::Preserve;
};

// The core's activation that consists of these tensors; of a mask alone: Relu when it is all ones, Linear when it is
// all zeros, else MaskedRelu. Throws, naming the tensors, where the core has none that consists of them.
std::shared_ptr<Activation> activation_from(const TensorMap& tensors);
std::shared_ptr<Activation> activation_from_mask(const torch::Tensor& mask);

}  // namespace senet
