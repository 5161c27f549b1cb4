#include "cli/estimate.h"

#include <torch/types.h>

#include <cmath>
#include <functional>

#include "data/subset.h"
#include "senet/losses.h"
#include "storage/clock.h"
#include "train/optimizer.h"

namespace senet {

namespace {

constexpr int kRepetitions = 3;

double seconds_of(const std::function<void()>& step) {
  step();  // the first call makes what the others reuse
  const double began = seconds_now();
  for (int i = 0; i < kRepetitions; ++i) step();
  return (seconds_now() - began) / kRepetitions;
}

}  // namespace

double epochs_of(const Options& options) {
  double epochs = 0;
  for (const Options::Item& item : options.items()) {
    if (item.declaration.kind == OptionKind::epochs) epochs += static_cast<double>(std::get<int64_t>(item.value));
  }
  return epochs;
}

StepCost measure_step(const Laboratory& laboratory, int64_t batch) {
  const BatchLoader data = make_loader(laboratory, laboratory.data.train);
  const int64_t count = std::min(batch, data.count());
  const std::vector<int64_t> indices = first_indices(count);
  const auto network = laboratory.model.build(laboratory.data.input);
  network->initialise(0);
  network->to(laboratory.device);
  TrainingSettings settings;
  settings.weight_decay = 0;
  Sgd optimizer(*network, settings);
  const Batch images = data.load(indices.data(), count);
  network->train();
  const double train = seconds_of([&] {
    optimizer.zero_gradients();
    const torch::Tensor loss = cross_entropy(network->forward(images.images), images.labels);
    loss.backward();
    optimizer.step(0);
    loss.item<float>();
  });
  network->eval();
  const double forward = seconds_of([&] {
    const torch::NoGradGuard no_gradient;
    network->forward(images.images).sum().item<float>();
  });
  return {forward / static_cast<double>(count), train / static_cast<double>(count)};
}

Work training_work(double epochs, const Laboratory& laboratory, const StepCost& cost, double width, bool with_teacher) {
  const double images = epochs * static_cast<double>(laboratory.data.train.count());
  // The student's step runs beside the teacher's forward pass.
  return {images, images * (width * cost.train + (with_teacher ? cost.forward : 0)) +
                      epochs * static_cast<double>(laboratory.data.held_out.count()) * cost.forward};
}

Work evaluation_work(const Laboratory& laboratory, const StepCost& cost) {
  const DataSplits& data = laboratory.data;
  return {0, static_cast<double>(data.test.count() + data.held_out.count()) * cost.forward};
}

}  // namespace senet
