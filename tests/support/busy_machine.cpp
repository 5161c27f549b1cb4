#include <cstdlib>

// Preloaded into a program: a machine with far more work than processors.
extern "C" int getloadavg(double* loads, int count) noexcept {
  for (int i = 0; i < count; ++i) loads[i] = 1000;
  return count;
}
