#include "tools/report/figure_kinds.h"

namespace senet {

const std::vector<Kind<Figure>>& figure_kinds() {
  static const Option budget = text_option("budget", "\"\"", "of the cells it shows; none: every one");
  static const Option seed = integer_option("seed", "1", "of the results it shows");
  static const Option published = texts_option("published", "data sets whose published points it overlays");
  static const Option protocol = text_option("protocol", "\"cheetah\"", "whose measurements it shows");
  static const Option profile = text_option("profile", "\"../experiments/costs/delphi.toml\"",
                                            "what a ReLU and the linear layers cost; seen from the source's folder");
  static const std::vector<Kind<Figure>> kinds = {
      {"pareto", {published}, pareto_figure},
      {"sensitivity", {seed}, sensitivity_figure},
      {"layers", {seed}, layers_figure},
      {"budgets", {seed}, budgets_figure},
      {"settling", {budget}, settling_figure},
      {"masks", {budget, seed}, masks_figure},
      {"measured", {protocol, seed}, measured_figure},
      {"cost", {profile}, cost_figure},
  };
  return kinds;
}

}  // namespace senet
