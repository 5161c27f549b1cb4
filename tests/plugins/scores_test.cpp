#include "baselines/activation/activation.h"
#include "baselines/snip/snip.h"
#include "support/support.h"

namespace senet {
namespace {

// Two images of two elements; the gradients are those of the batch's mean, half of an image's own.
const torch::Tensor kInputs = torch::tensor({-2.0f, -1.0f, 4.0f, -3.0f}).view({2, 1, 1, 2}),
                    kGradients = torch::tensor({0.5f, -0.5f, -0.25f, 0.25f}).view({2, 1, 1, 2});

TEST(Snip, IsWhatTheLossWouldMissByHand) {
  Snip snip;
  for (const int sign : {1, -1}) {  // 2·0.5·2 and 2·(−0.5·1 + 0.25·3)
    const torch::Tensor score = snip.of_sum(snip.of_batch({nullptr, kInputs, sign * kGradients}));
    EXPECT_TRUE(score.flatten().allclose(torch::tensor({2.0f, 0.5f}))) << score;
  }
}

TEST(NegativeInputs, AreCountedOverTheImages) {
  NegativeInputs negative;
  const torch::Tensor score = negative.of_sum(negative.of_batch({nullptr, kInputs, {}}));
  EXPECT_TRUE(score.flatten().to(torch::kInt64).equal(torch::tensor({1, 2}))) << score;
}

}  // namespace
}  // namespace senet
