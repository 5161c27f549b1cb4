#include "cli/estimate.h"

#include <torch/types.h>

#include <cmath>
#include <functional>

#include "images/subset.h"
#include "method/objectives.h"
#include "storage/clock.h"
#include "train/optimizer.h"
#include "train/steps.h"

namespace senet {

namespace {

// Of one step, once the first ones have made what the others reuse: on a GPU a recording, behind some plain steps.
double seconds_of(bool on_gpu, const std::function<void()>& step, const std::function<void()>& wait) {
  const int first = on_gpu ? 5 : 1, counted = on_gpu ? 20 : 3;
  for (int i = 0; i < first; ++i) step();
  wait();
  const double began = seconds_now();
  for (int i = 0; i < counted; ++i) step();
  wait();
  return (seconds_now() - began) / counted;
}

double seconds_of_forward(Network& network, const Batch& batch, bool on_gpu) {
  const auto forward = [&] {
    const torch::NoGradGuard no_gradient;
    network.forward(batch.images);
  };
  forward();
  std::unique_ptr<WorkGraph> graph = step_graph(on_gpu);
  try {
    if (graph) graph->record(forward);
  } catch (const std::exception&) {
    graph.reset();
  }
  RunAhead run_ahead(on_gpu);
  return seconds_of(
      on_gpu, [&] { graph ? graph->replay() : forward(); }, [&] { run_ahead.wait(); });
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
  const bool on_gpu = laboratory.device.is_cuda();
  const DeviceStream stream(on_gpu);
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
  CrossEntropy objective(*network);
  EpochSums sums(laboratory.device);
  Steps steps(objective, optimizer, sums, count, laboratory.device, step_graph(on_gpu));
  const double train = seconds_of(
      on_gpu, [&] { steps.run(images, /*lr=*/0, /*number=*/0); }, [&] { steps.wait(); });
  network->eval();
  const double forward = seconds_of_forward(*network, images, on_gpu);
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
