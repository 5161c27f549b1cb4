#pragma once

#include <torch/types.h>

#include <map>
#include <set>
#include <string>

namespace senet {

using TensorMap = std::map<std::string, torch::Tensor>;

// Visits the state of an object to save it or to restore it: one method `state(Archive&)` serves both ways and has to
// name the same things both times. A saved thing that nobody asks for when it is loaded is an Error. An object whose
// state is made while it works, not in its constructor, asks with an undefined tensor for what `has` says is there.
class Archive {
 public:
  static Archive saving() { return Archive({}, false); }
  static Archive loading(TensorMap tensors) { return Archive(std::move(tensors), true); }

  bool is_loading() const { return loading_; }
  bool has(const std::string& name) const { return tensors_.count(name) != 0; }

  // Saving: copies `value`. Loading: copies into `value` in place, which keeps its device and layout, or makes an
  // undefined `value` the saved tensor. Throws when the name is missing, or when shape or type differ.
  void tensor(const std::string& name, torch::Tensor& value);
  void number(const std::string& name, int64_t& value);
  void number(const std::string& name, double& value);

  const TensorMap& tensors() const { return tensors_; }
  // Loading: throws with the tensors that nobody asked for.
  void check_all_asked_for() const;

 private:
  Archive(TensorMap tensors, bool loading) : tensors_(std::move(tensors)), loading_(loading) {}
  TensorMap tensors_;
  std::set<std::string> asked_for_;
  bool loading_;
};

}  // namespace senet
