#include "cli/tensor_memory.h"

#include <thread>

#include "support/support.h"

namespace senet {
namespace {

#ifdef SENET_SANITIZED
constexpr bool kKept = false;
#else
constexpr bool kKept = true;
#endif

class TensorMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    keep_tensor_memory();
    before_ = tensor_memory();
  }
  TensorMemory before_{};
};

TEST_F(TensorMemoryTest, AStepTakesTheMemoryOfTheStepBeforeIt) {
  const auto step = [] {
    std::vector<torch::Tensor> tensors;
    for (const int64_t size : {1, 100, 5000, 300000, 3000000}) tensors.push_back(torch::ones({size}) + 1);
    double sum = 0;
    for (const torch::Tensor& tensor : tensors) sum += tensor.sum().item<double>();
    return sum;
  };
  step();
  EXPECT_EQ(step(), 2.0 * 3305101);
  const int64_t held = tensor_memory().held;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(step(), 2.0 * 3305101);
  EXPECT_EQ(tensor_memory().held, held);
  EXPECT_EQ(tensor_memory().in_use, before_.in_use);
  EXPECT_EQ(held > 0, kKept);
}

TEST_F(TensorMemoryTest, CountsWhatIsInUseAndTheMostThatWas) {
  forget_most_in_use();
  {
    const torch::Tensor a = torch::empty({1 << 20}), b = torch::empty({1 << 20});
    if (kKept) {
      EXPECT_GE(tensor_memory().in_use - before_.in_use, 2 * (int64_t{4} << 20));
      EXPECT_LE(tensor_memory().in_use - before_.in_use, 2 * (int64_t{9} << 19)) << "an eighth more at most";
    }
  }
  EXPECT_EQ(tensor_memory().in_use, before_.in_use);
  EXPECT_GE(tensor_memory().most_in_use - before_.in_use, kKept ? 2 * (int64_t{4} << 20) : 0);
}

TEST_F(TensorMemoryTest, HoldsAtMostAQuarterMoreThanWasInUseAtOnce) {
  for (int64_t size = 1 << 20; size < 1 << 24; size += size / 3) torch::empty({size}).fill_(1);
  const int64_t most = int64_t{4} * (1 << 24) + before_.in_use;
  EXPECT_LE(tensor_memory().held, std::max(before_.held, most + most / 4));
}

TEST_F(TensorMemoryTest, TensorsStartOnACacheLineAndBelongToTheirOwner) {
  std::vector<torch::Tensor> tensors;
  for (int64_t size = 1; size < 4000000; size = size * 3 + 1) {
    tensors.push_back(torch::full({size}, static_cast<double>(size)));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensors.back().data_ptr()) % 64, 0u);
  }
  for (const torch::Tensor& tensor : tensors) {
    EXPECT_TRUE(tensor.eq(static_cast<double>(tensor.numel())).all().item<bool>()) << tensor.numel();
  }
  EXPECT_EQ(torch::empty({0}).numel(), 0);
}

TEST_F(TensorMemoryTest, IsGivenAndTakenByAnyThread) {
  torch::Tensor handed_over;
  std::thread([&] { handed_over = torch::ones({1 << 18}); }).join();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int64_t j = 1; j < 300; ++j) ASSERT_EQ(torch::full({j * 97}, 1.0).sum().item<double>(), j * 97.0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(handed_over.sum().item<double>(), 1 << 18);
}

}  // namespace
}  // namespace senet
