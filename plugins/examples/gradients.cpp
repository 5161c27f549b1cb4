#include <senet/losses.h>
#include <senet/sensitivity.h>
#include <torch/types.h>

namespace {

constexpr senet::Option kOptions[] = {
    senet::integer_option("epochs", "1",
                          "passes over the training images, while a copy of the teacher goes on training")
        .between(1, 1e6)
        .counts_epochs(),
};

// Adds up |∂L/∂post| of each ReLU site. A hook runs in the backward pass, once for each batch: it adds on the device
// and waits for nothing.
class GradientSums final : public senet::Observer {
 public:
  explicit GradientSums(torch::Tensor sums) : sums_(std::move(sums)) {}
  void at_site(const senet::ReluSite& site, const torch::Tensor&, const torch::Tensor& post) override {
    if (!post.requires_grad()) return;
    post.register_hook([sum = sums_[site.index()]](const torch::Tensor& gradient) {
      const torch::NoGradGuard no_gradient;
      sum.add_(gradient.abs().mean().to(torch::kFloat64));
    });
  }
  bool wants_pre() const override { return false; }

 private:
  torch::Tensor sums_;  // one a site
};

class Measured final : public senet::Objective {
 public:
  explicit Measured(senet::Network& network)
      : network_(network), found_(torch::zeros({static_cast<int64_t>(network.sites().size())}, torch::kFloat64)) {}

  // The sums are an epoch's: the trainer zeroes them, and saves them with each checkpoint.
  senet::Loss loss(const senet::Batch& batch, senet::EpochSums& sums) override {
    GradientSums observer(sums.get("gradients", found_.sizes()));
    const torch::Tensor logits = network_.forward(batch.images, &observer);
    return {senet::cross_entropy(logits, batch.labels), logits};
  }
  void epoch_end(senet::EpochEnd& end) override {
    found_.copy_(end.sums.get("gradients", found_.sizes()) / static_cast<double>(end.steps));
  }
  void state(senet::Archive& archive) override { archive.tensor("found", found_); }

  std::vector<double> found() const { return {found_.data_ptr<double>(), found_.data_ptr<double>() + found_.numel()}; }

 private:
  senet::Network& network_;
  torch::Tensor found_;  // of the last epoch, on the CPU
};

// η_l = mean over batches and elements of |∂L/∂post_l|, L the cross-entropy.
class Gradients final : public senet::Sensitivity {
 public:
  std::vector<double> measure(senet::Network& teacher, senet::PhaseContext& context) override {
    const auto network = context.make_network("measured");
    senet::copy_weights(teacher, *network);
    Measured objective(*network);
    context.train("measured", *network, objective, context.training());
    return objective.found();
  }
};

}  // namespace

SENET_PLUGIN(senet::entry<Gradients>("gradients", "mean |gradient| of what each ReLU gives", kOptions));
