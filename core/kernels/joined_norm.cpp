#include "kernels/joined_norm.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/utils.h>

#include "device/world.h"

namespace senet {

namespace {

const std::vector<int64_t> kOverBatch = {0, 2, 3};

std::vector<double> values_of(const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.contiguous();
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

torch::Tensor channels_of(const torch::Tensor& values, const torch::Tensor& like) {
  return values.to(like.scalar_type()).view({1, -1, 1, 1});
}

// join_moments() of float64 tensors, where the activations are: on a GPU the host waits for none of it.
torch::Tensor joined_moments(World& world, const torch::Scalar& rows, torch::Tensor& mean, torch::Tensor& variance) {
  const int64_t channels = mean.numel();
  const torch::Tensor mine = torch::cat({mean, variance, torch::full({1}, rows, mean.options())});
  const torch::Tensor all = torch::stack(world.gather(mine));
  const torch::Tensor means = all.narrow(1, 0, channels), variances = all.narrow(1, channels, channels),
                      counts = all.narrow(1, 2 * channels, 1);
  torch::Tensor total = sum_in_tree(counts);
  mean = sum_in_tree(counts * means) / total;
  variance = sum_in_tree(counts * (variances + (means - mean).square())) / total;
  return total;
}

class JoinedNorm final : public torch::autograd::Function<JoinedNorm> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias, const Norm* norm) {
    const torch::Tensor values = x.to(torch::promote_types(x.scalar_type(), torch::kFloat32));
    const torch::Tensor centre = values.mean(kOverBatch, true);
    torch::Tensor mean = centre.view({-1}).to(torch::kFloat64),
                  variance = (values - centre).square().mean(kOverBatch).to(torch::kFloat64);
    const torch::Tensor rows = joined_moments(*sharing_world(), x.numel() / x.size(1), mean, variance);
    const double added = norm->momentum, kept = 1 - added;
    norm->running_mean.mul_(kept).add_(mean.to(norm->running_mean.scalar_type()), added);
    norm->running_var.mul_(kept).add_((variance * rows / (rows - 1)).to(norm->running_var.scalar_type()), added);
    const torch::Tensor of_mean = channels_of(mean, values),
                        of_inverse = channels_of((variance + norm->epsilon).sqrt().reciprocal(), values);
    context->save_for_backward({x, weight, of_mean, of_inverse, channels_of(rows, values)});
    return ((values - of_mean) * of_inverse * weight.view({1, -1, 1, 1}) + bias.view({1, -1, 1, 1}))
        .to(x.scalar_type());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3], &rows = saved[4];
    const torch::Tensor g = gradients[0].to(mean.scalar_type()), centred = x.to(mean.scalar_type()) - mean;
    const torch::Tensor slopes = g.sum(kOverBatch), products = (g * centred).sum(kOverBatch);
    torch::Tensor sums = torch::stack({slopes, products}).to(torch::kFloat64);
    sharing_world()->sum(sums);
    const torch::Tensor gx =
        weight.view({1, -1, 1, 1}) * inverse *
        (g - channels_of(sums[0], mean) / rows - centred * inverse.square() * channels_of(sums[1], mean) / rows);
    return {gx.to(x.scalar_type()), (products * inverse.view({-1})).to(weight.scalar_type()),
            slopes.to(weight.scalar_type()), torch::Tensor()};
  }
};

}  // namespace

double join_moments(double rows, std::vector<double>& mean, std::vector<double>& variance) {
  World* world = sharing_world();
  if (!world) return rows;
  torch::Tensor means = torch::tensor(mean, torch::kFloat64), variances = torch::tensor(variance, torch::kFloat64);
  const torch::Tensor total = joined_moments(*world, rows, means, variances);
  mean = values_of(means);
  variance = values_of(variances);
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
