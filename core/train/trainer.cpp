#include "train/trainer.h"

#include <torch/utils.h>

#include <cmath>
#include <set>

#include "device/world.h"
#include "images/subset.h"
#include "nn/evaluation_mode.h"
#include "senet/error.h"
#include "senet/losses.h"
#include "storage/clock.h"
#include "train/network_state.h"
#include "train/steps.h"

namespace senet {

namespace {

constexpr int64_t kEvaluationBatch = 256;
const std::string kBest = "best.";

// The smoothed rate of one process: a resumed run starts it anew.
class Rate {
 public:
  void add(int64_t images, double seconds) {
    images_ = 0.98 * images_ + static_cast<double>(images);
    seconds_ = 0.98 * seconds_ + seconds;
  }
  double per_second() const { return seconds_ > 0 ? images_ / seconds_ : 0; }

 private:
  double images_ = 0, seconds_ = 0;
};

Score scored(Network& network, const BatchLoader& data, const std::string& weights, torch::Tensor* logits,
             int64_t limit) {
  const torch::NoGradGuard no_gradient;
  const EvaluationMode evaluation(network);
  const int64_t count = limit > 0 ? std::min(limit, data.count()) : data.count();
  SENET_CHECK(count > 0, "there are no images to evaluate on");
  const Span span("evaluate");
  std::vector<torch::Tensor> parts;
  // Of the losses, of the images classified correctly, and of those whose logits are not finite; where the network is.
  torch::Tensor sums;
  BatchStream batches(data, first_indices(count), kEvaluationBatch);
  for (int64_t begin = 0; begin < count; begin += kEvaluationBatch) {
    const Batch batch = batches.next();
    const torch::Tensor out = network.forward(batch.images);
    const torch::Tensor loss = cross_entropy(out, batch.labels).to(torch::kFloat64);
    const torch::Tensor of_batch =
        torch::stack({loss * batch.labels.size(0), out.argmax(1).eq(batch.labels).sum().to(torch::kFloat64),
                      out.isfinite().all(1).logical_not().sum().to(torch::kFloat64)});
    sums = sums.defined() ? sums + of_batch : of_batch;
    if (logits) parts.push_back(out.cpu());
  }
  if (logits) *logits = torch::cat(parts);
  const auto images = static_cast<double>(count);
  const Score score{sums[1].item<double>() / images, sums[0].item<double>() / images, count};
  const auto not_finite = static_cast<int64_t>(sums[2].item<double>());
  SENET_CHECK(
      not_finite == 0 && std::isfinite(score.loss), weights, ": gives logits that are not finite for ", not_finite,
      " of ", count, " images, and a loss of ", score.loss,
      ": no accuracy can be told; what the network computes leaves float32's range (a variance that is negative or not "
      "finite, or activations that grow from layer to layer); take other weights, or train them with a lower learning "
      "rate");
  return score;
}

// The first parameter's device, which is the network's.
torch::Device device_of(const Network& network) {
  const auto parameters = network.parameters();
  SENET_CHECK(!parameters.empty(), "the network has no parameters to train");
  return parameters.front().device();
}

// A training from its checkpoint, or from its start, to its end.
class RunningTraining {
 public:
  RunningTraining(const Trainer& inputs, Network& network, Objective& objective, TrainingHost& host)
      : inputs_(inputs),
        settings_(inputs.settings),
        network_(network),
        objective_(objective),
        host_(host),
        device_(device_of(network)),
        stream_(device_.is_cuda()),
        optimizer_(make_optimizer(network, settings_)),
        sums_(device_),
        training_(objective, *optimizer_, sums_, settings_.batch, device_, inputs.graph(device_.is_cuda()),
                  [&host](const std::string& text) { host.message(text); }),
        images_(inputs.data.count()),
        steps_((images_ + settings_.batch - 1) / settings_.batch) {
    check_shards();
  }

  // From a checkpoint whose network is restored already.
  void restore(Archive& archive) {
    state(archive);
    archive.check_all_asked_for();
  }

  void run() {
    while (epoch_ < settings_.epochs && !objective_.finished()) {
      network_.train();
      if (step_ == 0) {
        sums_.zero();
        epoch_seconds_ = data_seconds_ = 0;
      }
      run_steps();
      check_loss();
      sums_.join();
      end_epoch();
      ++epoch_;
      step_ = 0;
      const bool ends = epoch_ == settings_.epochs || objective_.finished(),
                 stop = !ends && any_rank(host_.stop_requested());
      if (ends || stop || checkpoint_is_due()) checkpoint();
      if (stop) throw stopped();
    }
    if (settings_.best_epoch) take_best();
    network_.eval();
  }

 private:
  // All but the network's.
  void state(Archive& archive) {
    optimizer_->state(archive);
    objective_.state(archive);
    sums_.state(archive);
    archive.number("trainer.epoch", epoch_);
    archive.number("trainer.step", step_);
    archive.number("trainer.epoch_seconds", epoch_seconds_);
    archive.number("trainer.data_seconds", data_seconds_);
    if (!settings_.best_epoch) return;
    archive.number("trainer.best_accuracy", best_accuracy_);
    if (archive.is_loading()) {
      for (const auto& [name, tensor] : archive.tensors()) {
        if (name.rfind(kBest, 0) == 0) archive.tensor(name, best_[name.substr(kBest.size())]);
      }
    } else {
      for (auto& [name, tensor] : best_) archive.tensor(kBest + name, tensor);
    }
  }

  void keep_if_best(const Score& held_out, Metrics& metrics) {
    if (objective_.may_be_kept() && held_out.accuracy > best_accuracy_) {
      best_accuracy_ = held_out.accuracy;
      Archive archive = Archive::saving();
      network_state(network_, archive);
      best_ = archive.tensors();
    }
    metrics.scalar("best_held_out_accuracy", std::max(best_accuracy_, 0.0));
  }

  void take_best() {
    if (best_.empty()) {
      if (epoch_ > 0) host_.message("no epoch ended with a network that meets its budget: the last epoch's is kept");
      return;
    }
    Archive archive = Archive::loading(best_);
    network_state(network_, archive);
  }

  // What the objective summed beside its own metrics.
  void add_sums(Metrics& metrics) {
    std::set<std::string> known = {"loss", "correct", "finite_losses"};
    for (const auto& [name, value] : metrics.scalars()) known.insert(name);
    for (const std::string& name : sums_.scalars()) {
      if (known.count(name) == 0) metrics.scalar(name, sums_.value(name) / static_cast<double>(images_));
    }
  }

  // Of all shards: a loss that is not finite on one leaves no finite weights on any; and the longest wait for images,
  // through which the others waited too.
  void check_loss() {
    double loss = sums_.value("loss");
    const double finite = sums_.value("finite_losses");
    if (world()) {
      const torch::Tensor all = torch::stack(world()->gather(torch::tensor({loss, data_seconds_}, torch::kFloat64)));
      loss = all.select(1, 0).sum().item<double>();
      data_seconds_ = all.select(1, 1).max().item<double>();
    }
    if (std::isfinite(loss)) return;
    // The finite steps before it are its index; shards have counted from different steps on.
    const auto bad_step = static_cast<int64_t>(finite) / objective_.passes();
    fail("the loss is ", loss, " since epoch ", epoch_, world() ? "" : text(", step ", bad_step),
         " (counted from 0); lower the learning rate (lr = ", settings_.lr, ")");
  }

  void checkpoint() {
    Archive archive = Archive::saving();
    network_state(network_, archive);
    state(archive);
    first_alone([&] { host_.save(archive.tensors()); });
    last_checkpoint_ = seconds_now();
  }

  bool checkpoint_is_due() const { return any_rank(seconds_now() - last_checkpoint_ >= settings_.checkpoint_seconds); }
  static int shards() { return world() ? world()->size() : 1; }

  void check_shards() const {
    if (settings_.batch % shards() != 0) {
      fail_usage("batches of ", settings_.batch, " images cannot be cut into ", shards(),
                 " equal shards; expected a batch that training.shards divides");
    }
    const int64_t last = images_ - (steps_ - 1) * settings_.batch;
    if (last < shards()) {
      fail_usage("the last batch of an epoch has ", last, " of the ", images_, " images, fewer than the ", shards(),
                 " shards; take another batch or train_limit");
    }
  }

  // Shard r of V has the images from ⌊r·n/V⌋ to ⌊(r + 1)·n/V⌋ of a batch of n.
  std::vector<int64_t> of_this_shard(std::vector<int64_t> order) const {
    if (!world()) return order;
    std::vector<int64_t> mine;
    for (int64_t begin = 0; begin < images_; begin += settings_.batch) {
      const int64_t n = std::min(settings_.batch, images_ - begin);
      const auto place = [&](int64_t shard) { return order.begin() + begin + shard * n / shards(); };
      mine.insert(mine.end(), place(world()->rank()), place(world()->rank() + 1));
    }
    return mine;
  }

  static Error stopped() {
    return Error("stopped after a checkpoint; the same command goes on from it", Exit::interrupted);
  }

  // Those that are left of the epoch.
  void run_steps() {
    const Augmentation augmentation{settings_.crop_padding, settings_.flip, settings_.random_resized, settings_.cutout};
    const int64_t batch = settings_.batch / shards();
    BatchStream batches(inputs_.data, of_this_shard(inputs_.data.shuffled(inputs_.seed, epoch_)), batch, step_ * batch,
                        augmentation, inputs_.seed, epoch_);
    while (step_ < steps_) {
      run_step(batches);
      // Behind the epoch's last step comes the epoch's end, with a checkpoint where one is due.
      if (step_ == steps_) break;
      const bool stop = any_rank(host_.stop_requested());
      if (!stop && !checkpoint_is_due()) continue;
      wait_for_steps();
      check_loss();
      checkpoint();
      if (stop) throw stopped();
    }
    wait_for_steps();
  }

  // What a GPU has still to do when the host has asked for all of it is time of the epoch.
  void wait_for_steps() {
    const double began = seconds_now();
    training_.wait();
    epoch_seconds_ += seconds_now() - began;
  }

  void run_step(BatchStream& batches) {
    const double began = seconds_now();
    const Batch batch = batches.next();
    data_seconds_ += seconds_now() - began;
    const int64_t images = std::min(settings_.batch, images_ - step_ * settings_.batch);
    const double share = static_cast<double>(batch.labels.size(0)) / static_cast<double>(images);
    training_.run(batch, settings_.lr_at(epoch_), epoch_ * steps_ + step_, share);
    ++step_;
    const bool spans = objective_.interval_spans_epochs();
    const int64_t done = spans ? epoch_ * steps_ + step_ : step_;
    if (objective_.interval() > 0 && (spans || step_ < steps_) && done % objective_.interval() == 0) {
      check_loss();  // before anything is made of what such a loss leaves
      sums_.join();
      objective_.interval_end(sums_);
      sums_.part();
      if (objective_.work_changed()) training_.changed();
    }
    const double seconds = seconds_now() - began;
    epoch_seconds_ += seconds;
    rate_.add(images, seconds);
    const int64_t images_left = (settings_.epochs - epoch_) * images_ - std::min(step_ * settings_.batch, images_);
    host_.progress({epoch_, settings_.epochs, step_, steps_, rate_.per_second(),
                    static_cast<double>(images_left) / rate_.per_second()});
  }

  void end_epoch() {
    Metrics metrics;
    EpochEnd end{epoch_, settings_.epochs, sums_, optimizer_->parameters(), metrics, images_, steps_};
    {
      const Span span("epoch end");
      objective_.epoch_end(end);
      if (objective_.work_changed()) training_.changed();
    }
    add_sums(metrics);
    const auto images = static_cast<double>(images_);
    EpochReport report{
        epoch_,         sums_.value("loss") / images, sums_.value("correct") / images, settings_.lr_at(epoch_),
        epoch_seconds_, images / epoch_seconds_,      data_seconds_ / epoch_seconds_,  std::nullopt,
        &metrics};
    if (inputs_.held_out.count() > 0) {
      report.held_out = evaluate(network_, inputs_.held_out, text("the network after epoch ", epoch_));
      if (settings_.best_epoch) keep_if_best(*report.held_out, metrics);
    }
    host_.report(report);
  }

  const Trainer& inputs_;
  const TrainingSettings& settings_;
  Network& network_;
  Objective& objective_;
  TrainingHost& host_;
  const torch::Device device_;
  const DeviceStream stream_;
  const std::unique_ptr<Optimizer> optimizer_;
  EpochSums sums_;
  Steps training_;
  const int64_t images_, steps_;  // of an epoch
  int64_t epoch_ = 0, step_ = 0;  // the next step to run
  double epoch_seconds_ = 0;      // of the running epoch, over all processes that worked on it
  double data_seconds_ = 0;       // of those, spent waiting for images
  double best_accuracy_ = -1;     // on the held-out images, with best_epoch; and the network that had it
  TensorMap best_;
  Rate rate_;
  double last_checkpoint_ = seconds_now();
};

}  // namespace

Score evaluate(Network& network, const BatchLoader& data, const std::string& weights, torch::Tensor* logits,
               int64_t limit) {
  return with_explained_errors([&] { return scored(network, data, weights, logits, limit); });
}

void Trainer::run(Network& network, Objective& objective, TrainingHost& host) const {
  with_explained_errors([&] {
    std::optional<Archive> saved;
    if (auto tensors = host.restore()) saved = Archive::loading(std::move(*tensors));
    // Before the optimiser is made: loading may put other activations in place, whose parameters it has to hold.
    if (saved) network_state(network, *saved);
    RunningTraining training(*this, network, objective, host);
    if (saved) training.restore(*saved);
    training.run();
  });
}

}  // namespace senet
