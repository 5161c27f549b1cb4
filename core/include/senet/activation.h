#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "senet/archive.h"
#include "senet/recorded.h"

namespace senet {

class BatchNorm2d;

using SiteShape = std::array<int64_t, 3>;  // C, H, W

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

// What an activation made of its mask, one for each device and memory layout of an input so far. Each stays where it
// is: a recorded step reads it there.
using OfLayouts = std::vector<std::pair<torch::MemoryFormat, torch::Tensor>>;

class MaskedRelu final : public Activation {
 public:
  explicit MaskedRelu(const torch::Tensor& mask);  // C×H×W of zeros and ones; copied
  // Takes another mask of the same shape. Steps that were recorded with the one before have the new one.
  void set_mask(const torch::Tensor& mask);
  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor after(BatchNorm2d& norm, torch::Tensor x, const torch::Tensor& shortcut) override;
  torch::Tensor mask() const override;
  bool is_core() const override { return true; }

 private:
  torch::Tensor floors_for(const torch::Tensor& x);

  torch::Tensor mask_;  // contiguous, on the CPU
  OfLayouts floors_;
};

// max(x, 0) where the mask is one; where it is zero the polynomial of its channel, c₀ + c₁x + c₂x², or c₀ + c₁x of
// degree 1. An engine knows no coefficient: each is a multiplication of secrets, of whatever value.
class MaskedPolynomial final : public Activation {
 public:
  // mask: C×H×W of zeros and ones; coefficients: C×(degree + 1), c₀ first. Both are copied.
  MaskedPolynomial(const torch::Tensor& mask, const torch::Tensor& coefficients);
  // Computed in float32 where x is bfloat16, and rounded once.
  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor mask() const override;
  Multiplications multiplications() const override;
  bool is_core() const override { return true; }

  torch::Tensor coefficients;  // float32, trainable

 private:
  torch::Tensor mask_;  // contiguous, on the CPU
  OfLayouts kept_;      // as booleans
};

// c₀ + c₁x + … of each channel, by Horner's rule; x: N×C×H×W, coefficients: C×(degree + 1).
torch::Tensor channel_polynomial(const torch::Tensor& x, const torch::Tensor& coefficients);

// The coefficients of the least-squares fit to max(x, 0) for x ~ N(μ, σ²), from μ and σ > 0 of each channel (C numbers
// each). With φ and Φ at μ/σ (AutoReP: Peng et al., ICCV 2023):
//   degree 1: c₁ = Φ, c₀ = σφ;   degree 2: c₂ = φ/(2σ), c₁ = Φ − μφ/σ, c₀ = (μ²/(2σ) + σ/2)·φ.
torch::Tensor polynomial_of_relu(const torch::Tensor& mean, const torch::Tensor& deviation, int64_t degree);

// The core's activation that consists of these tensors. Of a mask alone: Relu when it is all ones, Linear when it is
// all zeros, else MaskedRelu; of a mask and coefficients: MaskedPolynomial. Throws, naming the tensors, where the core
// has none that consists of them.
std::shared_ptr<Activation> activation_from(const TensorMap& tensors);
std::shared_ptr<Activation> activation_from_mask(const torch::Tensor& mask);

}  // namespace senet
