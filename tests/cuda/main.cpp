#include <gtest/gtest.h>
#include <torch/cuda.h>

#include <cstdio>

#include "experiment/environment.h"

// 77: ctest counts it as skipped.
int main(int count, char** values) {
  ::testing::InitGoogleTest(&count, values);
  if (!torch::cuda::is_available()) {
    std::printf("no GPU on this machine: nothing was tested on one\n");
    return 77;
  }
  senet::resolve_device("cuda");
  return RUN_ALL_TESTS();
}
