#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "device/kernel.h"

namespace senet::testing {

// Runs a kernel on the host, thread by thread, over memory of the host. Shared and local memory begin as garbage, and
// the threads of every other block run backwards, so that a kernel that relies on either shows it.
template <class Kernel>
void emulate(const Kernel& kernel, Blocks blocks) {
  const auto shared = std::make_unique<typename Kernel::Shared>();
  std::vector<typename Kernel::Local> locals(Kernel::kThreads);
  for (int64_t y = 0; y < blocks.y; ++y) {
    for (int64_t x = 0; x < blocks.x; ++x) {
      std::memset(static_cast<void*>(shared.get()), 0xFF, sizeof(typename Kernel::Shared));
      std::memset(static_cast<void*>(locals.data()), 0xFF, locals.size() * sizeof(typename Kernel::Local));
      for (int phase = 0; phase < Kernel::kPhases; ++phase) {
        for (int i = 0; i < Kernel::kThreads; ++i) {
          const int thread = (x + y) % 2 == 0 ? i : Kernel::kThreads - 1 - i;
          kernel.run(phase, {x, y, blocks.y}, thread, locals[thread], *shared);
        }
      }
    }
  }
}

}  // namespace senet::testing
