#pragma once

#include <cstdint>

namespace senet {

// The memory of the CPU's tensors: what a tensor frees is kept for the next one of its size, in huge pages where the
// system has them, so that a training step takes the memory of the step before it and no page fault. Never more is held
// than a quarter above the most that was in use at once.
//
// For the whole process, from the first call on; tensors that exist already are freed as they were made. Without effect
// under a sanitizer, which has to see every allocation.
void keep_tensor_memory();

struct TensorMemory {
  int64_t in_use, most_in_use, held;  // bytes, in the sizes that are handed out
};
TensorMemory tensor_memory();
void forget_most_in_use();  // it is counted anew from what is in use now

}  // namespace senet
