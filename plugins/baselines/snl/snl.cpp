#include "snl.h"

#include <torch/types.h>

#include <algorithm>

#include "senet/method.h"

namespace {

using senet::integer_option;
using senet::real_option;
using senet::text_option;

constexpr senet::Option kOptions[] = {
    real_option("lambda", "1e-5", "λ at the start, weight of Σ|α|").at_least(0),
    real_option("lambda_factor", "1.1", "what λ is multiplied by after an epoch that lowered no count").at_least(1),
    integer_option("patience", "5", "the first epoch, from 0, after which λ may grow").at_least(0),
    real_option("threshold", "1e-2", "α above it counts as a ReLU, and stays one").between(0, 1),
    real_option("ce_weight", "1", "of the cross-entropy, in the search and in the fine-tuning").at_least(0),
    real_option("kd_weight", "1", "of the distillation, in the search and in the fine-tuning").at_least(0),
    senet::kTemperatureOption,
    senet::boolean_option("fill", "false",
                          "keep exactly the budget, by the largest α; else the count that the search stopped at, which "
                          "lies under it"),
    senet::boolean_option("fixed_sum", "false",
                          "search and fine-tuning take search.epochs + finetune.epochs together: the epochs that the "
                          "search leaves unused go to the fine-tuning"),
    integer_option("search.epochs", "2000", "at most so many; then what is left is cut to the budget")
        .between(1, 1e6)
        .counts_epochs(),
    text_option("search.optimizer", "\"adam\"", "of weights and α").one_of("sgd adam adamw"),
    real_option("search.lr", "1e-3", "learning rate, of weights and α").at_least(0),
    real_option("search.weight_decay", "0", "of weights and α").at_least(0),
    text_option("search.schedule", "\"constant\"", "of the learning rate").one_of("step cosine constant"),
    integer_option("finetune.epochs", "100", "passes over the training images, with the masks frozen")
        .between(1, 1e6)
        .counts_epochs(),
    real_option("finetune.lr", "1e-3", "of SGD").at_least(0),
    real_option("finetune.momentum", "0.9", "of SGD").between(0, 1),
    real_option("finetune.weight_decay", "5e-4", "of SGD").at_least(0),
    text_option("finetune.schedule", "\"cosine\"", "of the learning rate").one_of("step cosine constant"),
};

constexpr int kBins = 60;  // of α, from −0.1 to 1.1; what lies beyond is in the outermost

std::vector<double> histogram(const std::vector<torch::Tensor>& alphas) {
  torch::Tensor bins = torch::zeros({kBins}, torch::kFloat64);
  for (const torch::Tensor& alpha : alphas) bins += torch::histc(alpha.clamp(-0.1, 1.1), kBins, -0.1, 1.1);
  return {bins.data_ptr<double>(), bins.data_ptr<double>() + kBins};
}

// Selective network linearisation (Cho et al., ICML 2022), as its public code does it: a search with one α a ReLU, from
// the teacher's weights, then fine-tuning with the α frozen to zeros and ones.
class Snl final : public senet::Method {
 public:
  explicit Snl(const senet::Options& options)
      : fill_(options.boolean("fill")),
        fixed_sum_(options.boolean("fixed_sum")),
        search_epochs_(options.integer("search.epochs")) {
    settings_.lambda = options.real("lambda");
    settings_.lambda_factor = options.real("lambda_factor");
    settings_.patience = options.integer("patience");
    settings_.threshold = options.real("threshold");
    settings_.distilled = senet::distilled_settings(options);
  }

  std::vector<senet::Step> steps(const senet::Target& target) override {
    senet::Step search{kSearch};
    search.options = senet::select(target.options, {"lambda", "lambda_factor", "patience", "threshold", "ce_weight",
                                                    "kd_weight", "temperature", "fill", "fixed_sum", "search."});
    search.budget = true;
    search.run = [this](senet::StepContext& context) { return find_masks(context); };

    senet::Step finetune{"snl_finetune"};
    finetune.options =
        senet::select(target.options, {"ce_weight", "kd_weight", "temperature", "fixed_sum", "finetune."});
    finetune.on = {kSearch};
    finetune.run = [this](senet::StepContext& context) { return train_on(context); };
    search.seeds = finetune.seeds = "snl";
    return {search, finetune};
  }

 private:
  static constexpr const char* kSearch = "snl_search";
  static constexpr const char* kEpochs = "search_epochs";  // a series

  std::shared_ptr<senet::Network> find_masks(senet::StepContext& context) const {
    auto network = context.make_network("student");
    senet::copy_weights(context.teacher(), *network);
    senet::SnlSearch search(context.teacher(), *network, context.budget(), settings_);
    context.train("search", *network, search, context.training("search"));
    context.record("alpha_above_threshold", {static_cast<double>(search.count())});
    context.record("cut", {static_cast<double>(std::max<int64_t>(0, search.count() - search.budget()))});
    context.record("alpha_histogram", histogram(search.alphas()));
    if (fixed_sum_) context.record(kEpochs, {static_cast<double>(search.epochs())});
    network->set_masks(search.masks(fill_));
    return network;
  }

  std::shared_ptr<senet::Network> train_on(senet::StepContext& context) const {
    auto network = context.make_network("student");
    context.load_network(kSearch, *network);
    senet::Distilled objective(context.teacher(), *network, settings_.distilled);
    senet::TrainingSettings training = context.training("finetune");
    if (fixed_sum_)
      training.epochs += search_epochs_ - static_cast<int64_t>(context.series(kSearch).at(kEpochs).front());
    context.train("finetune", *network, objective, training);
    return network;
  }

  senet::SnlSettings settings_;
  bool fill_, fixed_sum_;
  int64_t search_epochs_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Snl>("snl", "SNL: one trainable α a ReLU, pressed to zero until the budget is met",
                               kOptions));
