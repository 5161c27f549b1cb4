#include <cstdlib>
#include <fstream>

// Built against another SDK: another tag, and code that would run as soon as the file were loaded.
extern "C" __attribute__((visibility("default"), used, section("senet"))) const char senet_abi_another = 1;

namespace {
struct LeavesATrace {
  LeavesATrace() {
    if (const char* path = std::getenv("SENET_TEST_TRACE")) std::ofstream(path) << "ran";
  }
} leaves_a_trace;
}  // namespace
