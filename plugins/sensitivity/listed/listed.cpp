#include <algorithm>

#include "senet/error.h"
#include "senet/sensitivity.h"

namespace {

constexpr senet::Option kOptions[] = {
    senet::reals_option("values", "[]", "one number for each layer with ReLUs, from the input to the logits")
        .at_least(0),
    senet::text_option("per", "\"layer\"",
                       "layer: ReLUs in proportion to a layer's number; relu: each number is of one ReLU, as the "
                       "shares of a layer's ReLUs that the authors publish are, so a layer gets number times size")
        .one_of("layer relu"),
};

// η_l as given: budgets that somebody published, or that another method found, in place of a measured sensitivity.
class Listed final : public senet::Sensitivity {
 public:
  explicit Listed(const senet::Options& options)
      : values_(options.reals("values")), per_relu_(options.text("per") == "relu") {}

  void check(const senet::Network& model) const override {
    if (values_.size() != model.sites().size())
      senet::fail_usage("sensitivity.values has ", values_.size(), " numbers, the model ", model.sites().size(),
                        " layers with ReLUs: give one for each, in the order of `senet inspect`");
    if (std::all_of(values_.begin(), values_.end(), [](double value) { return value == 0; }))
      senet::fail_usage("sensitivity.values are all 0: no budget can be shared in proportion to them");
  }

  std::vector<double> measure(senet::Network& teacher, senet::PhaseContext&) override {
    check(teacher);
    const auto& sites = teacher.sites();
    std::vector<double> eta = values_;
    for (size_t l = 0; l < eta.size(); ++l)
      if (per_relu_) eta[l] *= static_cast<double>(sites[l].relus());
    return eta;
  }

 private:
  std::vector<double> values_;
  bool per_relu_;
};

}  // namespace

SENET_PLUGIN(senet::entry<Listed>("listed", "numbers that you give: published budgets, another method's", kOptions));
