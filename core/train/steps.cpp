#include "train/steps.h"

#include <torch/utils.h>

#include <algorithm>
#include <optional>

#include "device/world.h"

namespace senet {

namespace {

// Each gradient's sum over the ranks. What has none on one rank has none on any.
void join_gradients(const Parameters& parameters) {
  std::vector<torch::Tensor> gradients, flat;
  for (const Parameter& parameter : parameters) {
    const torch::Tensor& gradient = parameter.value.grad();
    if (!gradient.defined()) continue;
    gradients.push_back(gradient);
    flat.push_back(gradient.reshape({-1}));
  }
  if (flat.empty()) return;
  const torch::NoGradGuard no_gradient;
  torch::Tensor all = torch::cat(flat);
  world()->sum(all);
  int64_t begin = 0;
  for (torch::Tensor& gradient : gradients) {
    gradient.copy_(all.narrow(0, begin, gradient.numel()).view(gradient.sizes()));
    begin += gradient.numel();
  }
}

void tensor_work(Objective& objective, Batch batch, Optimizer& optimizer, EpochSums& sums, double share) {
  optimizer.zero_gradients();
  std::optional<ShardedStep> sharded;
  if (world()) sharded.emplace(share);
  for (batch.pass = 0; batch.pass < objective.passes(); ++batch.pass) {
    const Loss loss = [&] {
      const Span span("forward");
      return objective.loss(batch, sums);
    }();
    {
      const Span span("backward");
      (share == 1 ? loss.loss : loss.loss * share).backward();
    }
    sums.add("loss", loss.loss * static_cast<double>(batch.labels.size(0)));
    sums.add("finite_losses", loss.loss.isfinite());
    if (batch.pass == 0) sums.add("correct", loss.logits.argmax(1).eq(batch.labels).sum());
  }
  if (sharded) join_gradients(optimizer.parameters());
  const Span span("update");
  optimizer.update();
  objective.after_update(optimizer.parameters());
  optimizer.end_step();
}

}  // namespace

void train_step(Objective& objective, Batch batch, Optimizer& optimizer, double lr, EpochSums& sums, double share) {
  optimizer.begin_step(lr);
  tensor_work(objective, std::move(batch), optimizer, sums, share);
}

Steps::Steps(Objective& objective, Optimizer& optimizer, EpochSums& sums, int64_t batch, torch::Device device,
             std::unique_ptr<WorkGraph> graph, Say say)
    : objective_(objective),
      optimizer_(optimizer),
      sums_(sums),
      batch_(batch),
      number_(torch::zeros({}, torch::TensorOptions(device).dtype(torch::kInt64))),
      graph_(std::move(graph)),
      say_(std::move(say)),
      run_ahead_(device.is_cuda()) {}

void Steps::wait() { graph_ ? graph_->wait() : run_ahead_.wait(); }

void Steps::changed() {
  if (graph_) graph_->forget();
  as_they_are_ = std::max(as_they_are_, 1);
}

bool Steps::record() {
  try {
    graph_->record([&] { tensor_work(objective_, recorded_, optimizer_, sums_, 1); });
    return true;
  } catch (const std::exception& error) {
    // What is wrong with the work itself, its plain step says.
    graph_.reset();
    say_(text("a step cannot be recorded as a graph, so that each kernel is started by itself, which is slower: ",
              first_line(error)));
    return false;
  }
}

void Steps::run(Batch batch, double lr, int64_t number, double share) {
  const Span span("step");
  batch.step = number_.fill_(number);
  const bool usual = graph_ && !world() && batch.labels.size(0) == batch_;
  if (!usual || as_they_are_ > 0) {
    train_step(objective_, batch, optimizer_, lr, sums_, share);
    if (usual) --as_they_are_;
  } else {
    if (!recorded_.images.defined()) {
      recorded_ = {torch::empty_like(batch.images), torch::empty_like(batch.labels), 0,
                   torch::empty_like(batch.indices), number_};
    }
    recorded_.images.copy_(batch.images);
    recorded_.labels.copy_(batch.labels);
    recorded_.indices.copy_(batch.indices);
    optimizer_.begin_step(lr);
    if (graph_->recorded() || record()) {
      graph_->replay();
    } else {
      tensor_work(objective_, std::move(batch), optimizer_, sums_, 1);
    }
  }
  run_ahead_.step();
}

}  // namespace senet
