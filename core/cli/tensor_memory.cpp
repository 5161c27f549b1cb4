#include "cli/tensor_memory.h"

#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <torch/version.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include "senet/error.h"

namespace senet {

namespace {

constexpr size_t kLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kPage = 4096;

// What lies in front of a tensor's bytes.
struct alignas(kLine) Header {
  size_t bytes;  // of the block, this header included
};
static_assert(sizeof(Header) == kLine);

// The next of eight sizes in each power of two, so that at most an eighth is lost.
size_t rounded(size_t bytes) {
  size_t step = kLine;
  while (step * 16 < bytes) step *= 2;
  return (bytes + step - 1) / step * step;
}

struct State {
  std::mutex mutex;
  std::map<size_t, std::vector<Header*>> free;  // by size
  TensorMemory counts{};
  int64_t most_ever = 0;
};
// Never destroyed: tensors of other static objects are freed after it would be.
State& state() {
  static auto* state = new State;
  return *state;
}

// On the boundary of a huge page.
void* mapped_pages(size_t bytes) {
  void* start = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  auto* first = static_cast<char*>(start);
  const size_t before = (kHugePage - reinterpret_cast<uintptr_t>(first) % kHugePage) % kHugePage;
  const size_t pages = (bytes + kPage - 1) / kPage * kPage;
  if (before > 0) munmap(first, before);
  munmap(first + before + pages, kHugePage - before);
  madvise(first + before, pages, MADV_HUGEPAGE);
  return first + before;
}

// Every large block's data lie at the same place of a page: where one array of a loop lies a little before another,
// its reads wait for the other's writes, whose addresses look alike to the processor.
Header* make_block(size_t bytes) {
  void* start = bytes >= kHugePage ? mapped_pages(bytes) : std::aligned_alloc(kLine, bytes);
  return start ? new (start) Header{bytes} : nullptr;
}

void free_block(Header* header) {
  if (header->bytes >= kHugePage) {
    munmap(header, header->bytes);
  } else {
    std::free(header);
  }
}

Header* take(size_t bytes) {
  const auto size = static_cast<int64_t>(bytes);
  std::lock_guard<std::mutex> lock(state().mutex);
  TensorMemory& counts = state().counts;
  counts.in_use += size;
  counts.most_in_use = std::max(counts.most_in_use, counts.in_use);
  state().most_ever = std::max(state().most_ever, counts.in_use);
  if (const auto kept = state().free.find(bytes); kept != state().free.end() && !kept->second.empty()) {
    Header* header = kept->second.back();
    kept->second.pop_back();
    return header;
  }
  const int64_t most_held = state().most_ever + state().most_ever / 4;
  for (auto kept = state().free.rbegin(); kept != state().free.rend() && counts.held + size > most_held; ++kept) {
    while (!kept->second.empty() && counts.held + size > most_held) {
      free_block(kept->second.back());
      kept->second.pop_back();
      counts.held -= static_cast<int64_t>(kept->first);
    }
  }
  Header* header = make_block(bytes);
  if (!header) {
    counts.in_use -= size;
    fail("there is no memory left for a tensor of ", bytes, " bytes beside the ", counts.in_use,
         " in use; a smaller batch needs less");
  }
  counts.held += size;
  return header;
}

void give_back(void* data) {
  if (!data) return;
  auto* header = static_cast<Header*>(data) - 1;
  const std::lock_guard<std::mutex> lock(state().mutex);
  state().counts.in_use -= static_cast<int64_t>(header->bytes);
  state().free[header->bytes].push_back(header);
}

class KeptMemory final : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR >= 2
  c10::DataPtr allocate(size_t bytes) override {
#else
  c10::DataPtr allocate(size_t bytes) const override {
#endif
    void* data = bytes == 0 ? nullptr : take(rounded(bytes + sizeof(Header))) + 1;
    return {data, data, &give_back, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }
#if TORCH_VERSION_MAJOR >= 2
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
#endif
};

}  // namespace

void keep_tensor_memory() {
#ifndef SENET_SANITIZED
  static auto* memory = new KeptMemory;  // never destroyed, like what it handed out
  c10::SetCPUAllocator(memory, /*priority=*/1);
#endif
}

TensorMemory tensor_memory() {
  const std::lock_guard<std::mutex> lock(state().mutex);
  return state().counts;
}

void forget_most_in_use() {
  const std::lock_guard<std::mutex> lock(state().mutex);
  state().counts.most_in_use = state().counts.in_use;
}

}  // namespace senet
