#include "tools/report/figure_kinds.h"

namespace senet {

const std::vector<Kind<Figure>>& figure_kinds() {
  static const Option budgets = texts_option("budgets", "of the cells it shows; none: every one");
  static const Option budget = text_option("budget", "\"\"", "of the cells it shows; none: every one");
  static const Option seed = integer_option("seed", "1", "of the results it shows");
  static const Option published = texts_option("published", "data sets whose published points it overlays");
  static const Option protocol = text_option("protocol", "\"cheetah\"", "whose measurements it shows");
  static const Option profile = text_option("profile", "\"../experiments/costs/delphi.toml\"",
                                            "what a ReLU and the linear layers cost; seen from the source's folder");
  static const std::vector<Kind<Figure>> kinds = {
      {"pareto", {published}, pareto_figure},
      {"trend",
       {text_option("axis", "\"images\"", "what accuracy stands against").one_of("images width"), budgets,
        texts_option("lines", "which line a cell is a point of: \"label: line\"; others are lines of their own"),
        texts_option("reproduces",
                     "against the width: which published method a line has at its end, \"line: method\"")},
       trend_figure},
      {"sensitivity", {seed}, sensitivity_figure},
      {"layers", {seed}, layers_figure},
      {"budgets", {seed}, budgets_figure},
      {"settling", {budget}, settling_figure},
      {"masks", {budget, seed}, masks_figure},
      {"measured", {protocol, budgets, seed}, measured_figure},
      {"cost", {profile}, cost_figure},
  };
  return kinds;
}

}  // namespace senet
