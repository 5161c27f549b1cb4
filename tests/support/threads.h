#pragma once

#include <ATen/Parallel.h>

namespace senet::testing {

// LibTorch's loops run on so many threads while it lives.
class Threads {
 public:
  explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before_); }

 private:
  int before_;
};

}  // namespace senet::testing
