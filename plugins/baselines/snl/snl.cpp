#include "snl.h"

#include <torch/types.h>

#include "senet/baseline.h"

namespace {

using senet::integer_option;
using senet::real_option;

constexpr senet::Option kOptions[] = {
    integer_option("search_epochs", "2000", "at most so many; then what is left is cut to the budget")
        .between(1, 1e6)
        .counts_epochs(),
    real_option("search_lr", "1e-3", "learning rate of Adam, on weights and α; no weight decay").at_least(0),
    real_option("lambda", "1e-5", "λ at the start, weight of Σ|α|").at_least(0),
    real_option("lambda_factor", "1.1", "what λ is multiplied by after an epoch that lowered no count").at_least(1),
    integer_option("patience", "5", "the first epoch, from 0, after which λ may grow").at_least(0),
    real_option("threshold", "1e-2", "α above it counts as a ReLU, and stays one").between(0, 1),
    real_option("temperature", "4", "T, of the distillation").between(0.01, 1000),
    senet::boolean_option("fill", "false",
                          "keep exactly the budget, by the largest α; else the count that the search stopped at, which "
                          "lies under it"),
    integer_option("finetune_epochs", "100", "passes over the training images, with the masks frozen")
        .between(1, 1e6)
        .counts_epochs(),
    real_option("finetune_lr", "1e-3", "of SGD, falling to 0 by a cosine").at_least(0),
    real_option("finetune_momentum", "0.9", "of SGD").between(0, 1),
    real_option("finetune_weight_decay", "5e-4", "of SGD").at_least(0),
};

constexpr int kBins = 60;  // of α, from −0.1 to 1.1; what lies beyond is in the outermost

std::vector<double> histogram(const std::vector<torch::Tensor>& alphas) {
  torch::Tensor bins = torch::zeros({kBins}, torch::kFloat64);
  for (const torch::Tensor& alpha : alphas) bins += torch::histc(alpha.clamp(-0.1, 1.1), kBins, -0.1, 1.1);
  return {bins.data_ptr<double>(), bins.data_ptr<double>() + kBins};
}

// Selective network linearisation (Cho et al., ICML 2022), as its public code does it: a search with one α a ReLU, from
// the teacher's weights, then fine-tuning with the α frozen to zeros and ones.
class Snl final : public senet::Baseline {
 public:
  explicit Snl(const senet::Options& options) : options_(options) {
    settings_.lambda = options.real("lambda");
    settings_.lambda_factor = options.real("lambda_factor");
    settings_.patience = options.integer("patience");
    settings_.threshold = options.real("threshold");
    settings_.distilled.temperature = options.real("temperature");
  }

  std::shared_ptr<senet::Network> linearise(senet::Network& teacher, int64_t budget,
                                            senet::PhaseContext& context) override {
    const auto network = context.make_network("student");
    senet::copy_weights(teacher, *network);
    senet::SnlSearch search(teacher, *network, budget, settings_);
    senet::TrainingSettings training = context.training();
    training.optimizer = senet::OptimizerKind::adam;
    training.schedule = senet::Schedule::constant;
    training.weight_decay = 0;
    training.epochs = options_.integer("search_epochs");
    training.lr = options_.real("search_lr");
    context.train("search", *network, search, training);
    context.record("alpha_above_threshold", {static_cast<double>(search.count())});
    context.record("alpha_histogram", histogram(search.alphas()));
    network->set_masks(search.masks(options_.boolean("fill")));

    senet::Distilled objective(teacher, *network, settings_.distilled);
    training = context.training();
    training.schedule = senet::Schedule::cosine;
    training.epochs = options_.integer("finetune_epochs");
    training.lr = options_.real("finetune_lr");
    training.momentum = options_.real("finetune_momentum");
    training.weight_decay = options_.real("finetune_weight_decay");
    context.train("finetune", *network, objective, training);
    return network;
  }

 private:
  senet::Options options_;
  senet::SnlSettings settings_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Snl>("snl", "SNL: one trainable α a ReLU, pressed to zero until the budget is met",
                               kOptions));
