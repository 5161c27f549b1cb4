#include "train/trainer.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <chrono>
#include <cmath>
#include <numeric>

#include "senet/error.h"
#include "senet/losses.h"

namespace senet {

namespace {

constexpr int64_t kEvaluationBatch = 256;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

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
  const bool training = network.is_training();
  network.eval();
  const int64_t count = limit > 0 ? std::min(limit, data.count()) : data.count();
  SENET_CHECK(count > 0, "there are no images to evaluate on");
  const Span span("evaluate");
  std::vector<torch::Tensor> parts;
  // Of the losses, of the images classified correctly, and of those whose logits are not finite; where the network is.
  torch::Tensor sums;
  std::vector<int64_t> indices(count);
  std::iota(indices.begin(), indices.end(), 0);
  BatchStream batches(data, std::move(indices), kEvaluationBatch);
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
  network.train(training);
  if (logits) *logits = torch::cat(parts);
  const auto images = static_cast<double>(count);
  const Score score{sums[1].item<double>() / images, sums[0].item<double>() / images, count};
  const auto not_finite = static_cast<int64_t>(sums[2].item<double>());
  SENET_CHECK(
      not_finite == 0 && std::isfinite(score.loss), weights, ": gives logits that are not finite for ", not_finite,
      " of ", count, " images, and a loss of ", score.loss,
      ": no accuracy can be told; its weights are finite, but what they compute leaves float32's range (a variance "
      "below 0, or activations that grow from layer to layer); take other weights, or train them with a lower "
      "learning rate");
  return score;
}

}  // namespace

void network_state(Network& network, Archive& archive) {
  for (auto& item : network.named_parameters()) archive.tensor(item.key(), item.value());
  for (auto& item : network.named_buffers()) archive.tensor(item.key(), item.value());
  for (const ReluSite& site : network.sites()) {
    const std::string name = "mask." + site.name();
    const bool own = !site.activation().described_by_mask();
    if (own && !(archive.is_loading() && archive.has(name))) continue;
    torch::Tensor mask = site.mask();
    archive.tensor(name, mask);
    if (archive.is_loading()) network.set_activation(site, activation_from_mask(mask));
  }
}

Score evaluate(Network& network, const BatchLoader& data, const std::string& weights, torch::Tensor* logits,
               int64_t limit) {
  return with_explained_errors([&] { return scored(network, data, weights, logits, limit); });
}

void Trainer::run(Network& network, Objective& objective, TrainingHost& host) {
  with_explained_errors([&] { train(network, objective, host); });
}

Trainer::Trainer(const BatchLoader& data, const BatchLoader& held_out, TrainingSettings settings, uint64_t seed)
    : data_(data), held_out_(held_out), settings_(std::move(settings)), seed_(seed) {}

void Trainer::train(Network& network, Objective& objective, TrainingHost& host) {
  const auto parameters = network.parameters();
  SENET_CHECK(!parameters.empty(), "the network has no parameters to train");
  const std::unique_ptr<Optimizer> optimizer = make_optimizer(network, settings_);
  const torch::Device device = parameters.front().device();
  const DeviceStream stream(device.is_cuda());
  EpochSums sums(device);
  Steps training(objective, *optimizer, sums, settings_.batch, device);
  const Augmentation augmentation{settings_.crop_padding, settings_.flip, settings_.random_resized};
  const int64_t images = data_.count();
  const int64_t steps = (images + settings_.batch - 1) / settings_.batch;
  int64_t epoch = 0, step = 0;  // the next step to run
  double epoch_seconds = 0;     // of the running epoch, over all processes that worked on it
  double data_seconds = 0;      // of those, spent waiting for images

  const auto state = [&](Archive& archive) {
    network_state(network, archive);
    optimizer->state(archive);
    objective.state(archive);
    sums.state(archive);
    archive.number("trainer.epoch", epoch);
    archive.number("trainer.step", step);
    archive.number("trainer.epoch_seconds", epoch_seconds);
    archive.number("trainer.data_seconds", data_seconds);
  };
  if (auto saved = host.restore()) {
    Archive archive = Archive::loading(std::move(*saved));
    state(archive);
    archive.check_all_asked_for();
  }
  const auto check_loss = [&] {
    const double loss = sums.value("loss");
    if (!std::isfinite(loss)) {
      // A loss that is not finite leaves no finite weights: the finite steps before it are its index.
      const auto bad_step = static_cast<int64_t>(sums.value("finite_losses")) / objective.passes();
      fail("the loss is ", loss, " since epoch ", epoch, ", step ", bad_step,
           " (both counted from 0); lower the learning rate (lr = ", settings_.lr, "); the last checkpoint was kept");
    }
  };
  const auto checkpoint = [&] {
    check_loss();
    Archive archive = Archive::saving();
    state(archive);
    host.save(archive.tensors());
  };

  Rate rate;
  double last_checkpoint = now();
  for (; epoch < settings_.epochs && !objective.finished(); ++epoch, step = 0) {
    network.train();
    if (step == 0) {
      sums.zero();
      epoch_seconds = data_seconds = 0;
    }
    const double lr = settings_.lr_at(epoch);
    BatchStream batches(data_, data_.shuffled(seed_, epoch), settings_.batch, step * settings_.batch, augmentation,
                        seed_, epoch);
    while (step < steps) {
      const double step_began = now();
      const Batch batch = batches.next();
      const int64_t count = batch.labels.size(0);
      data_seconds += now() - step_began;
      training.run(batch, lr);
      ++step;
      if (objective.interval() > 0 && step < steps && step % objective.interval() == 0) {
        objective.interval_end(sums);
        training.changed();
      }

      const double seconds = now() - step_began;
      epoch_seconds += seconds;
      rate.add(count, seconds);
      const int64_t images_left = (settings_.epochs - epoch) * images - std::min(step * settings_.batch, images);
      host.progress({epoch, settings_.epochs, step, steps, rate.per_second(),
                     static_cast<double>(images_left) / rate.per_second()});
      // The epoch's last step is followed by the checkpoint of the epoch's end.
      if (step == steps) break;
      const bool stop = host.stop_requested();
      if (stop || now() - last_checkpoint >= settings_.checkpoint_seconds) {
        checkpoint();
        last_checkpoint = now();
      }
      if (stop) throw Error("stopped after a checkpoint; the same command goes on from it", Exit::interrupted);
    }

    check_loss();
    Metrics metrics;
    EpochEnd end{epoch, settings_.epochs, sums, optimizer->parameters(), metrics};
    {
      const Span span("epoch end");
      objective.epoch_end(end);
      training.changed();
    }
    EpochReport report{epoch,
                       sums.value("loss") / static_cast<double>(images),
                       sums.value("correct") / static_cast<double>(images),
                       lr,
                       epoch_seconds,
                       static_cast<double>(images) / epoch_seconds,
                       data_seconds / epoch_seconds,
                       std::nullopt,
                       &metrics};
    if (held_out_.count() > 0) report.held_out = evaluate(network, held_out_, text("the network after epoch ", epoch));
    host.report(report);

    const int64_t finished_epoch = epoch;
    ++epoch, step = 0;
    checkpoint();
    last_checkpoint = now();
    epoch = finished_epoch;
    if (host.stop_requested() && epoch + 1 < settings_.epochs) {
      throw Error("stopped after a checkpoint; the same command goes on from it", Exit::interrupted);
    }
  }
  network.eval();
}

}  // namespace senet
