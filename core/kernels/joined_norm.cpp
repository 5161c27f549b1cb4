#include "kernels/joined_norm.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/utils.h>

#include <cmath>

#include "device/world.h"

namespace senet {

namespace {

const std::vector<int64_t> kOverBatch = {0, 2, 3};

std::vector<double> values_of(const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.to(torch::kCPU, torch::kFloat64).contiguous();
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

torch::Tensor channels_of(const std::vector<double>& values, const torch::Tensor& like) {
  return torch::tensor(values, torch::kFloat64).to(like.options()).view({1, -1, 1, 1});
}

class JoinedNorm final : public torch::autograd::Function<JoinedNorm> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias, const Norm* norm) {
    const torch::Tensor wide = x.to(torch::promote_types(x.scalar_type(), torch::kFloat32));
    const torch::Tensor centre = wide.mean(kOverBatch, true);
    std::vector<double> mean = values_of(centre), variance = values_of((wide - centre).square().mean(kOverBatch));
    const int64_t rows_here = x.numel() / x.size(1);
    const double rows = join_moments(static_cast<double>(rows_here), mean, variance);
    std::vector<double> inverse(variance.size()), unbiased(variance.size());
    for (size_t c = 0; c < variance.size(); ++c) {
      inverse[c] = 1 / std::sqrt(variance[c] + norm->epsilon);
      unbiased[c] = variance[c] * rows / (rows - 1);
    }
    const double added = norm->momentum, kept = 1 - added;
    norm->running_mean.mul_(kept).add_(channels_of(mean, norm->running_mean).view({-1}), added);
    norm->running_var.mul_(kept).add_(channels_of(unbiased, norm->running_var).view({-1}), added);
    const torch::Tensor of_mean = channels_of(mean, wide), of_inverse = channels_of(inverse, wide);
    context->save_for_backward({x, weight, of_mean, of_inverse});
    context->saved_data["rows"] = rows;
    return ((wide - of_mean) * of_inverse * weight.view({1, -1, 1, 1}) + bias.view({1, -1, 1, 1})).to(x.scalar_type());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3];
    const torch::Tensor g = gradients[0].to(mean.scalar_type()), centred = x.to(mean.scalar_type()) - mean;
    const torch::Tensor slopes = g.sum(kOverBatch), products = (g * centred).sum(kOverBatch);
    std::vector<double> of_g = values_of(slopes), of_product = values_of(products);
    join_sums(of_g, of_product);
    const double rows = context->saved_data["rows"].toDouble();
    const torch::Tensor gx =
        weight.view({1, -1, 1, 1}) * inverse *
        (g - channels_of(of_g, mean) / rows - centred * inverse.square() * channels_of(of_product, mean) / rows);
    return {gx.to(x.scalar_type()), (products * inverse.view({-1})).to(weight.scalar_type()),
            slopes.to(weight.scalar_type()), torch::Tensor()};
  }
};

}  // namespace

double join_moments(double rows, std::vector<double>& mean, std::vector<double>& variance) {
  World* world = sharing_world();
  if (!world) return rows;
  const auto channels = static_cast<int64_t>(mean.size());
  std::vector<double> mine = mean;
  mine.insert(mine.end(), variance.begin(), variance.end());
  mine.push_back(rows);
  const torch::Tensor all = torch::stack(world->gather(torch::tensor(mine, torch::kFloat64)));
  const torch::Tensor means = all.narrow(1, 0, channels), variances = all.narrow(1, channels, channels),
                      counts = all.narrow(1, 2 * channels, 1), total = sum_in_tree(counts);
  const torch::Tensor centre = sum_in_tree(counts * means) / total;
  mean = values_of(centre);
  variance = values_of(sum_in_tree(counts * (variances + (means - centre).square())) / total);
  return total.item<double>();
}

void join_sums(std::vector<double>& first, std::vector<double>& second) {
  World* world = sharing_world();
  if (!world) return;
  torch::Tensor sums = torch::stack({torch::tensor(first, torch::kFloat64), torch::tensor(second, torch::kFloat64)});
  world->sum(sums);
  first = values_of(sums[0]);
  second = values_of(sums[1]);
}

torch::Tensor joined_batch_norm(const Norm& norm, const torch::Tensor& x) {
  return JoinedNorm::apply(x, norm.weight, norm.bias, &norm);
}

}  // namespace senet
