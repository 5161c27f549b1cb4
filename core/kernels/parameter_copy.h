#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>

namespace senet {

// A parameter in bfloat16, for a layer that computes in it. The copy is written when it is asked for and the parameter
// has changed since: every operator that changes a tensor in place counts up the tensor's version. What changes a
// parameter past the operators says so by changed(). A step that was recorded reads the copy where it lies; before each
// replay a copy that does not follow any more is written anew.
class ParameterCopy : public std::enable_shared_from_this<ParameterCopy> {
 public:
  // What parameter.to(type) is, the way of gradients included. Where the type is another one, where the parameter is
  // computed from another tensor or a part of it (SENet++'s narrower widths), and where a step is recorded before the
  // copy was written, it is that cast.
  torch::Tensor of(const torch::Tensor& parameter, torch::ScalarType type);
  // Where a kernel that changes the parameter writes the copy along, in the parameter's own order of elements; null
  // where the copy does not follow.
  uint16_t* memory(const torch::Tensor& parameter) const;
  // Counts a change that no operator made. `with_copy`: whether what made it wrote a copy that followed along.
  void changed(const torch::Tensor& parameter, bool with_copy);
  // Writes the copy anew where it was of this parameter, which has changed since; in a step that is recorded each
  // replay does. Returns whether the copy then is what the parameter is.
  bool refresh(const torch::Tensor& parameter);

 private:
  bool is_of(const torch::Tensor& parameter) const;
  bool follows(const torch::Tensor& parameter) const;
  void write(const torch::Tensor& parameter);

  torch::Tensor copy_;
  // Of what and when. The memory is held, so that no other parameter's can come to lie there.
  torch::Tensor parameter_;
  c10::Storage storage_;
  int64_t version_ = -1;
};

}  // namespace senet
