#include "tools/report/figure_kinds.h"

namespace senet {

const std::vector<Kind<Figure>>& figure_kinds() {
  static const Option budget = text_option("budget", "\"\"", "of the cells it shows; none: every one");
  static const Option seed = integer_option("seed", "1", "of the results it shows");
  static const std::vector<Kind<Figure>> kinds = {
      {"pareto",
       "accuracy against ReLUs counted, a series a cell",
       {texts_option("published", "data sets whose published points it overlays")},
       pareto_figure},
      {"sensitivity",
       "pruning and ReLU sensitivity of each layer, DeepReDuce's criticality of each stage",
       {seed},
       sensitivity_figure},
      {"budgets", "ReLUs allocated to each layer at each budget", {seed}, budgets_figure},
      {"settling", "movement of the masks over epochs (NHD), a series a cell", {budget}, settling_figure},
      {"masks", "where each layer keeps its ReLUs", {budget, seed}, masks_figure},
      {"measured",
       "accuracy against what a two-party engine needed",
       {text_option("protocol", "\"cheetah\"", "whose measurements it shows"), seed},
       measured_figure},
      {"cost",
       "latency and communication of private inference against accuracy",
       {text_option("profile", "\"../experiments/costs/delphi.toml\"",
                    "what a ReLU and the linear layers cost; seen from the source's folder")},
       cost_figure},
  };
  return kinds;
}

}  // namespace senet
