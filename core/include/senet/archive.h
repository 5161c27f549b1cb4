#pragma once

#include <torch/types.h>

#include <map>
#include <set>
#include <string>

namespace senet {

using TensorMap = std::map<std::string, torch::Tensor>;

// Visits the state of an object, to save it or to restore it: one `state(Archive&)` method serves both ways. It has to
// name the same things both times: what was saved and is not asked for when it is loaded is an Error. An object that
// makes a part of its state later than in its constructor asks for it with an undefined tensor where `has` says so.
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
  // Loading: throws with the tensors that nobody asked for.
  void check_all_asked_for() const;

 private:
  Archive(TensorMap tensors, bool loading) : tensors_(std::move(tensors)), loading_(loading) {}
  TensorMap tensors_;
  std::set<std::string> asked_for_;
  bool loading_;
};

}  // namespace senet
