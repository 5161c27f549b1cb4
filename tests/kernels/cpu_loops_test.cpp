#include <torch/types.h>
#include <torch/utils.h>

#include <mutex>
#include <set>
#include <thread>

#include "support/support.h"
#include "support/threads.h"

namespace senet {
namespace {

// at::parallel_for is defined in a header: without the compiler's OpenMP it runs everything on the calling thread.
TEST(Loops, RunOnAsManyThreadsAsAreSet) {
#ifdef SENET_SANITIZED
  const size_t expected = 1;
#else
  const size_t expected = 2;
#endif
  const testing::Threads two(2);
  std::set<std::thread::id> threads;
  std::mutex mutex;
  at::parallel_for(0, 2, 1, [&](int64_t, int64_t) {
    const std::lock_guard<std::mutex> lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(threads.size(), expected);
}

}  // namespace
}  // namespace senet
