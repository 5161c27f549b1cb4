#pragma once

#include <torch/types.h>

#include <map>
#include <string>

namespace senet {

using TensorMap = std::map<std::string, torch::Tensor>;

// Visits the state of an object, to save it or to restore it: one `state(Archive&)` method serves both ways.
class Archive {
 public:
  static Archive saving() { return Archive({}, false); }
  static Archive loading(TensorMap tensors) { return Archive(std::move(tensors), true); }

  bool is_loading() const { return loading_; }
  bool has(const std::string& name) const { return tensors_.count(name) != 0; }

  // Saving: copies `value`. Loading: copies into `value`, in place, keeping its device and layout; throws when the name
  // is missing or the shape or type differs. An undefined `value` takes the loaded tensor.
  void tensor(const std::string& name, torch::Tensor& value);
  void number(const std::string& name, int64_t& value);
  void number(const std::string& name, double& value);

  const TensorMap& tensors() const { return tensors_; }

 private:
  Archive(TensorMap tensors, bool loading) : tensors_(std::move(tensors)), loading_(loading) {}
  TensorMap tensors_;
  bool loading_;
};

}  // namespace senet
