#pragma once

#include <cstddef>
#include <string>

namespace senet {

// What loading the libraries takes of the address space, and a training beyond that.
constexpr size_t kLibraryMemory = size_t{850} << 20;
constexpr size_t training_memory(int threads) { return (256 + 96 * static_cast<size_t>(threads)) << 20; }

// Whether a limit is set on this process's memory (ulimit -v or -d).
bool memory_is_limited();
// Why this process cannot have so many bytes more, naming the limit; empty when it can, or when there is none. To be
// asked beforehand: OpenBLAS repeats a request that was refused for ever.
std::string memory_shortage(size_t bytes);

}  // namespace senet
