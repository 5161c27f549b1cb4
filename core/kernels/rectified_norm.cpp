#include "kernels/rectified_norm.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/cpu_loops.h"
#include "kernels/joined_norm.h"
#include "kernels/norm_passes.h"

namespace senet {

namespace {

constexpr int64_t kChunk = 1 << 14;  // elements; fixed, so that sums do not depend on the number of threads
constexpr int64_t kPeriod = 256;

// An activation in channels-last memory is `rows` rows of `channels` values. Loops run over whole periods of several
// rows, against which the values of a channel are tiled: few channels alone would make loops too short for vectors.
struct Grid {
  int64_t rows, channels, image, period, chunk_rows, chunks;

  explicit Grid(const torch::Tensor& x)
      : rows(x.size(0) * x.size(2) * x.size(3)),
        channels(x.size(1)),
        image(channels * x.size(2) * x.size(3)),
        period(channels * ((kPeriod + channels - 1) / channels)),
        chunk_rows(std::max<int64_t>(1, kChunk / channels)),
        chunks((rows + chunk_rows - 1) / chunk_rows) {}

  std::vector<float> tiled(const std::vector<float>& of_channel) const {
    std::vector<float> values(period);
    for (int64_t i = 0; i < period; ++i) values[i] = of_channel[i % channels];
    return values;
  }
  // body(chunk, first element, end)
  template <class Body>
  void for_each_chunk(const Body& body) const {
    at::parallel_for(0, chunks, std::max<int64_t>(1, kParallelGrain / kChunk), [&](int64_t begin, int64_t end) {
      for (int64_t chunk = begin; chunk < end; ++chunk) {
        body(chunk, chunk * chunk_rows * channels, std::min(rows, (chunk + 1) * chunk_rows) * channels);
      }
    });
  }
};

// Two sums for each channel, over all chunks.
struct ChannelSums {
  std::vector<double> first, second;
};

// add(first element, end, sums, sums) adds a chunk's elements to two tiles of `period` sums.
template <class Add>
ChannelSums sum_channels(const Grid& grid, const Add& add) {
  std::vector<float> parts(grid.chunks * 2 * grid.channels);
  grid.for_each_chunk([&](int64_t chunk, int64_t begin, int64_t end) {
    std::vector<float> tiles(2 * grid.period);
    add(begin, end, tiles.data(), tiles.data() + grid.period);
    float* part = parts.data() + chunk * 2 * grid.channels;
    for (int64_t i = 0; i < grid.period; ++i) {
      part[i % grid.channels] += tiles[i];
      part[grid.channels + i % grid.channels] += tiles[grid.period + i];
    }
  });
  ChannelSums sums{std::vector<double>(grid.channels), std::vector<double>(grid.channels)};
  for (int64_t chunk = 0; chunk < grid.chunks; ++chunk) {
    const float* part = parts.data() + chunk * 2 * grid.channels;
    for (int64_t c = 0; c < grid.channels; ++c) {
      sums.first[c] += part[c];
      sums.second[c] += part[grid.channels + c];
    }
  }
  return sums;
}

template <class Element>
SENET_CPU_CLONES void add_moments(const Element* x, const float* shift, float* sum, float* squares, int64_t n,
                                  int64_t period) {
  for (int64_t at = 0; at < n; at += period) {
    const int64_t length = std::min(period, n - at);
    SENET_VECTOR_LOOP
    for (int64_t i = 0; i < length; ++i) {
      const float difference = widen(x[at + i]) - shift[i];
      sum[i] += difference;
      squares[i] += difference * difference;
    }
  }
}

// Below it a value becomes it (masked_relu.h).
template <Rectified which>
float floor_at(const float* floors, int64_t i) {
  if constexpr (which == Rectified::masked) return floors[i];
  return which == Rectified::all ? 0.0f : -std::numeric_limits<float>::infinity();
}

// y may be x.
template <Rectified which, bool with_shortcut, class Element>
SENET_CPU_CLONES void apply(const Element* x, const Element* shortcut, const float* floors, const float* scale,
                            const float* offset, Element* y, int64_t n, int64_t period) {
  for (int64_t at = 0; at < n; at += period) {
    const int64_t length = std::min(period, n - at);
    SENET_VECTOR_LOOP
    for (int64_t i = 0; i < length; ++i) {
      float value = widen(x[at + i]) * scale[i] + offset[i];
      if constexpr (with_shortcut) value += widen(shortcut[at + i]);
      const float floor = floor_at<which>(floors, at + i);
      narrow(value <= floor ? floor : value, y[at + i]);
    }
  }
}

// The gradient behind the activation, kept, and its sums with 1 and with x − μ.
template <Rectified which, class Element>
SENET_CPU_CLONES void add_gradient(const Element* g, const Element* y, const float* floors, const Element* x,
                                   const float* mean, Element* kept, float* sum, float* products, int64_t n,
                                   int64_t period) {
  for (int64_t at = 0; at < n; at += period) {
    const int64_t length = std::min(period, n - at);
    SENET_VECTOR_LOOP
    for (int64_t i = 0; i < length; ++i) {
      float value = widen(g[at + i]);
      if constexpr (which != Rectified::none) {
        value = widen(y[at + i]) <= floor_at<which>(floors, at + i) ? 0.0f : value;
        narrow(value, kept[at + i]);
      }
      sum[i] += value;
      products[i] += value * (widen(x[at + i]) - mean[i]);
    }
  }
}

// gx may be g.
template <class Element>
SENET_CPU_CLONES void combine(const Element* g, const Element* x, const float* of_g, const float* of_x,
                              const float* offset, Element* gx, int64_t n, int64_t period) {
  for (int64_t at = 0; at < n; at += period) {
    const int64_t length = std::min(period, n - at);
    SENET_VECTOR_LOOP
    for (int64_t i = 0; i < length; ++i) {
      narrow(of_g[i] * widen(g[at + i]) + (of_x[i] * widen(x[at + i]) + offset[i]), gx[at + i]);
    }
  }
}

template <class Body>
void with_rectified(Rectified rectified, const Body& body) {
  switch (rectified) {
    case Rectified::none:
      return body(std::integral_constant<Rectified, Rectified::none>());
    case Rectified::all:
      return body(std::integral_constant<Rectified, Rectified::all>());
    case Rectified::masked:
      return body(std::integral_constant<Rectified, Rectified::masked>());
  }
}

// A null pointer stays null.
template <class Element>
Element* from_place(Element* values, int64_t place) {
  return values ? values + place : nullptr;
}

struct Affine {
  std::vector<float> scale, offset;  // for each channel
};

Affine affine(const torch::Tensor& weight, const torch::Tensor& bias, const std::vector<float>& mean,
              const std::vector<float>& inverse_deviation) {
  Affine result{std::vector<float>(mean.size()), std::vector<float>(mean.size())};
  const auto* gamma = weight.data_ptr<float>();
  const auto* beta = bias.data_ptr<float>();
  for (size_t c = 0; c < mean.size(); ++c) {
    result.scale[c] = gamma[c] * inverse_deviation[c];
    result.offset[c] = beta[c] - mean[c] * result.scale[c];
  }
  return result;
}

void apply_all(const Grid& grid, const torch::Tensor& x, const torch::Tensor& shortcut, Rectified rectified,
               const torch::Tensor& floors, const Affine& of_channel, torch::Tensor& y) {
  const std::vector<float> scale = grid.tiled(of_channel.scale), offset = grid.tiled(of_channel.offset);
  const auto* lowest = elements<const float>(floors);
  with_element(x, [&](auto tag) {
    using Element = typename decltype(tag)::Type;
    const auto *from = elements<const Element>(x), *added = elements<const Element>(shortcut);
    auto* to = elements<Element>(y);
    with_rectified(rectified, [&](auto which) {
      grid.for_each_chunk([&](int64_t, int64_t begin, int64_t end) {
        for_each_run(begin, end, grid.image, [&](int64_t at, int64_t within, int64_t length) {
          if (added) {
            apply<which.value, true>(from + at, added + at, from_place(lowest, within), scale.data(), offset.data(),
                                     to + at, length, grid.period);
          } else {
            apply<which.value, false>(from + at, added, from_place(lowest, within), scale.data(), offset.data(),
                                      to + at, length, grid.period);
          }
        });
      });
    });
  });
}

// The batch's mean and 1/√(σ² + ε); updates the running statistics. Returns the batch's rows.
double batch_statistics(const Grid& grid, const torch::Tensor& x, const Norm& norm, torch::Tensor& mean,
                        torch::Tensor& inverse_deviation) {
  // Around the first row, which lies within a few deviations of the mean: a large mean then costs no digits.
  std::vector<float> first(grid.channels);
  ChannelSums sums;
  with_element(x, [&](auto tag) {
    using Element = typename decltype(tag)::Type;
    const auto* from = elements<const Element>(x);
    for (int64_t c = 0; c < grid.channels; ++c) first[c] = widen(from[c]);
    const std::vector<float> shift = grid.tiled(first);
    sums = sum_channels(grid, [&](int64_t begin, int64_t end, float* sum, float* squares) {
      add_moments(from + begin, shift.data(), sum, squares, end - begin, grid.period);
    });
  });
  std::vector<double> centre(grid.channels), variance(grid.channels);
  for (int64_t c = 0; c < grid.channels; ++c) {
    const double rows = static_cast<double>(grid.rows), shifted = sums.first[c] / rows;
    centre[c] = first[c] + shifted;
    variance[c] = std::max(0.0, sums.second[c] / rows - shifted * shifted);
  }
  const double rows = join_moments(static_cast<double>(grid.rows), centre, variance);
  auto *means = mean.data_ptr<float>(), *inverses = inverse_deviation.data_ptr<float>();
  auto *running_mean = norm.running_mean.data_ptr<float>(), *running_var = norm.running_var.data_ptr<float>();
  for (int64_t c = 0; c < grid.channels; ++c) {
    const double unbiased = variance[c] * rows / (rows - 1);
    means[c] = static_cast<float>(centre[c]);
    inverses[c] = static_cast<float>(1 / std::sqrt(variance[c] + norm.epsilon));
    running_mean[c] = static_cast<float>((1 - norm.momentum) * running_mean[c] + norm.momentum * centre[c]);
    running_var[c] = static_cast<float>((1 - norm.momentum) * running_var[c] + norm.momentum * unbiased);
  }
  return rows;
}

std::vector<float> values_of(const torch::Tensor& channels) {
  const auto* values = channels.data_ptr<float>();
  return {values, values + channels.numel()};
}

constexpr auto kOnGpu = [](const auto& kernel, Blocks blocks) { launch(kernel, blocks); };

class RectifiedNorm final : public torch::autograd::Function<RectifiedNorm> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               const c10::optional<torch::Tensor>& maybe_shortcut,
                               const c10::optional<torch::Tensor>& maybe_floors, Rectified rectified,
                               const Norm* norm) {
    const torch::Tensor shortcut = maybe_shortcut.value_or(torch::Tensor()),
                        floors = maybe_floors.value_or(torch::Tensor());
    torch::Tensor y;
    BatchStatistics batch;
    if (x.is_cuda()) {
      y = norm_training(kOnGpu, *norm, {x, shortcut, rectified, floors}, batch);
    } else {
      const Grid grid(x);
      batch = {torch::empty_like(weight), torch::empty_like(weight)};
      context->saved_data["rows"] = batch_statistics(grid, x, *norm, batch.mean, batch.inverse_deviation);
      y = torch::empty_like(x, torch::MemoryFormat::ChannelsLast);
      apply_all(grid, x, shortcut, rectified, floors,
                affine(weight, bias, values_of(batch.mean), values_of(batch.inverse_deviation)), y);
    }
    context->saved_data["rectified"] = static_cast<int64_t>(rectified);
    context->saved_data["shortcut"] = shortcut.defined();
    // The activation's sign decides where its gradient passes, so that what it rectified need not be kept.
    context->save_for_backward(
        {x, rectified == Rectified::none ? torch::Tensor() : y, weight, floors, batch.mean, batch.inverse_deviation});
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &y = saved[1], &weight = saved[2], &floors = saved[3], &mean = saved[4],
                        &inverse_deviation = saved[5];
    const auto rectified = static_cast<Rectified>(context->saved_data["rectified"].toInt());
    const bool with_shortcut = context->saved_data["shortcut"].toBool();
    const auto last = torch::MemoryFormat::ChannelsLast;
    const torch::Tensor g = gradients[0].to(x.scalar_type()).contiguous(last), none;
    if (x.is_cuda()) {
      const NormGradients all = norm_gradients(kOnGpu, weight, {x, with_shortcut ? x : none, rectified, floors}, y, g,
                                               {mean, inverse_deviation});
      return {all.x, all.weight, all.bias, all.shortcut, none, none, none};
    }
    const Grid grid(x);

    // Behind the activation; also the shortcut's gradient.
    torch::Tensor kept = rectified == Rectified::none ? g : torch::empty_like(x, last);
    const bool reuse = rectified != Rectified::none && !with_shortcut;
    torch::Tensor gx = reuse ? kept : torch::empty_like(x, last);
    torch::Tensor gradient_of_weight = torch::empty_like(weight), gradient_of_bias = torch::empty_like(weight);

    const std::vector<float> means = values_of(mean), inverses = values_of(inverse_deviation);
    const auto* lowest = elements<const float>(floors);
    with_element(x, [&](auto tag) {
      using Element = typename decltype(tag)::Type;
      const auto *from = elements<const Element>(x), *slope = elements<const Element>(g),
                 *out = elements<const Element>(y);
      auto* behind = elements<Element>(kept);
      const std::vector<float> tiled_mean = grid.tiled(means);
      ChannelSums sums;
      with_rectified(rectified, [&](auto which) {
        sums = sum_channels(grid, [&](int64_t begin, int64_t end, float* sum, float* products) {
          for_each_run(begin, end, grid.image, [&](int64_t at, int64_t within, int64_t length) {
            add_gradient<which.value>(slope + at, from_place(out, at), from_place(lowest, within), from + at,
                                      tiled_mean.data(), behind + at, sum, products, length, grid.period);
          });
        });
      });

      // The gradients of weight and bias are the shard's; the trainer joins them with all others.
      for (int64_t c = 0; c < grid.channels; ++c) {
        gradient_of_weight.data_ptr<float>()[c] = static_cast<float>(sums.second[c] * inverses[c]);
        gradient_of_bias.data_ptr<float>()[c] = static_cast<float>(sums.first[c]);
      }
      join_sums(sums.first, sums.second);
      // gx = γ/σ·(g − Σg/R − (x − μ)/σ²·Σg(x − μ)/R) over the batch's R rows, as one sum of g, x and a constant.
      std::vector<float> of_g(grid.channels), of_x(grid.channels), offset(grid.channels);
      const auto* gamma = weight.data_ptr<float>();
      const double rows = context->saved_data["rows"].toDouble();
      for (int64_t c = 0; c < grid.channels; ++c) {
        const double inverse = inverses[c], scale = gamma[c] * inverse;
        const double slope_of_x = -scale * inverse * inverse * sums.second[c] / rows;
        of_g[c] = static_cast<float>(scale);
        of_x[c] = static_cast<float>(slope_of_x);
        offset[c] = static_cast<float>(-scale * sums.first[c] / rows - slope_of_x * means[c]);
      }
      const std::vector<float> tiled_g = grid.tiled(of_g), tiled_x = grid.tiled(of_x),
                               tiled_offset = grid.tiled(offset);
      auto* to = elements<Element>(gx);
      grid.for_each_chunk([&](int64_t, int64_t begin, int64_t end) {
        combine(behind + begin, from + begin, tiled_g.data(), tiled_x.data(), tiled_offset.data(), to + begin,
                end - begin, grid.period);
      });
    });
    return {gx, gradient_of_weight, gradient_of_bias, with_shortcut ? kept : none, none, none, none};
  }
};

// Neither the tensor nor its memory is known elsewhere, so that a result may be written over it.
bool held_by_nobody_else(const torch::Tensor& x) { return x.use_count() == 1 && x.storage().use_count() == 1; }

}  // namespace

torch::Tensor rectified_norm(const Norm& norm, const torch::Tensor& x, const torch::Tensor& shortcut,
                             Rectified rectified, const torch::Tensor& floors) {
  return RectifiedNorm::apply(x, norm.weight, norm.bias, c10::optional<torch::Tensor>(shortcut),
                              c10::optional<torch::Tensor>(floors), rectified, &norm);
}

// x by value: one that the caller moved here is held by nobody else.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
torch::Tensor rectified_running_norm(const Norm& norm, torch::Tensor x, const torch::Tensor& shortcut,
                                     Rectified rectified, const torch::Tensor& floors) {
  if (x.is_cuda()) return norm_evaluation(kOnGpu, norm, {x, shortcut, rectified, floors});
  std::vector<float> inverse_deviation = values_of(norm.running_var);
  for (float& value : inverse_deviation) value = static_cast<float>(1 / std::sqrt(value + norm.epsilon));
  torch::Tensor y = held_by_nobody_else(x) ? x : torch::empty_like(x, torch::MemoryFormat::ChannelsLast);
  apply_all(Grid(x), x, shortcut, rectified, floors,
            affine(norm.weight, norm.bias, values_of(norm.running_mean), inverse_deviation), y);
  return y;
}

}  // namespace senet
