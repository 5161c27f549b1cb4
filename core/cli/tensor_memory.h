#pragma once

#include <cstdint>

namespace senet {

// From the first call on, the memory that a tensor on the CPU frees is kept for the next tensor of its size, in huge
// pages where the system has them. A training step then takes the memory of the step before it without page faults. At
// most a quarter more is held than the most that was in use at once.
//
// This holds for the whole process; tensors that exist already are freed as they were made. Without effect under a
// sanitizer, which has to see every allocation.
void keep_tensor_memory();

struct TensorMemory {
  int64_t in_use, most_in_use, held;  // bytes, in the sizes that are handed out
};
TensorMemory tensor_memory();
void forget_most_in_use();  // it is counted anew from what is in use now

}  // namespace senet
