#include <senet/distilled.h>
#include <senet/method.h>
#include <senet/selection.h>

namespace {

constexpr senet::Option kOptions[] = {
    senet::integer_option("epochs", "10", "passes over the training images, with the masks in place")
        .between(1, 1e6)
        .counts_epochs(),
    senet::real_option("lr", "0.01", "of SGD, falling to 0 by a cosine").at_least(0),
    senet::kTemperatureOption,
};

// A ReLU that adds up how far it moves what it is given: Σ max(−x, 0) over all images, for each element.
class MeasuredRelu final : public senet::Activation {
 public:
  explicit MeasuredRelu(senet::SiteShape shape) : shape_(shape) {}

  torch::Tensor forward(const torch::Tensor& x) override {
    const torch::Tensor sum = (-x).clamp_min(0).sum(0, /*keepdim=*/false, torch::kFloat64);
    moved_ = moved_.defined() ? moved_ + sum : sum;
    return x.clamp_min(0);
  }
  torch::Tensor mask() const override { return torch::ones(shape_, torch::kUInt8); }

  torch::Tensor moved() const { return moved_.cpu(); }  // C×H×W

 private:
  senet::SiteShape shape_;
  torch::Tensor moved_;
};

// Keeps the ReLUs that move their input furthest over the training images, and trains what is left to follow its
// teacher.
class MyBaseline final : public senet::Baseline {
 public:
  explicit MyBaseline(const senet::Options& options)
      : epochs_(options.integer("epochs")), lr_(options.real("lr")), temperature_(options.real("temperature")) {}

  std::shared_ptr<senet::Network> linearise(senet::Network& teacher, int64_t budget,
                                            senet::PhaseContext& context) override {
    const auto network = context.make_network("student");
    senet::copy_weights(teacher, *network);

    std::vector<std::shared_ptr<MeasuredRelu>> relus;
    for (const senet::ReluSite& site : network->sites()) {
      relus.push_back(std::make_shared<MeasuredRelu>(site.shape()));
      network->set_activation(site, relus.back());
    }
    context.evaluate(*network, senet::Part::train);
    std::vector<torch::Tensor> scores;
    for (const auto& relu : relus) scores.push_back(relu->moved());
    network->set_masks(senet::largest_of_all(scores, budget));

    senet::DistilledSettings distilled;
    distilled.temperature = temperature_;
    senet::Distilled objective(teacher, *network, distilled);
    senet::TrainingSettings training = context.training();
    training.schedule = senet::Schedule::cosine;
    training.epochs = epochs_;
    training.lr = lr_;
    context.train("finetune", *network, objective, training);
    return network;
  }

 private:
  int64_t epochs_;
  double lr_, temperature_;
};

}  // namespace

SENET_PLUGIN(senet::entry<MyBaseline>("my_baseline", "keeps the ReLUs that move their input furthest", kOptions));
