#include "kernels/channel_mean_square.h"

#include "support/support.h"

namespace senet {
namespace {

using testing::kLast;
using testing::largest_difference;
using testing::random_tensor;

// mean over c of x², and its gradient 2·g·x / C, in float64.
TEST(ChannelMeanSquare, EqualsItsDefinitionForwardAndBackward) {
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{3, 5, 7, 4}, {2, 64, 8, 8}, {1, 1, 1, 1}, {130, 33, 3, 5}}) {
    for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
      for (const auto format : {kLast, torch::MemoryFormat::Contiguous}) {
        const torch::Tensor x = random_tensor(shape, 1, type).contiguous(format).set_requires_grad(true);
        const torch::Tensor g = random_tensor({shape[0], shape[2], shape[3]}, 2, torch::kFloat32);
        const torch::Tensor means = channel_mean_square(x);
        const torch::Tensor exact = x.detach().to(torch::kFloat64);
        EXPECT_EQ(means.scalar_type(), torch::kFloat32);
        EXPECT_LT(largest_difference(means, exact.square().mean(1)), 1e-5);
        means.backward(g);
        const torch::Tensor slope = 2 * g.to(torch::kFloat64).unsqueeze(1) * exact / static_cast<double>(shape[1]);
        EXPECT_LT(largest_difference(x.grad(), slope), (type == torch::kFloat32 ? 1e-6 : 1e-2) * 20);
      }
    }
  }
}

}  // namespace
}  // namespace senet
