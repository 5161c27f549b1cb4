#include "evaluate/evaluation.h"

#include "train/widths.h"

#include <torch/types.h>

namespace senet {

PhaseInputs evaluation_inputs(const PhaseBase& base, const std::string& network_key) {
  return {
      "evaluation", kEvaluationVersion, {{"data", base.data}, {"precision", base.precision}, {"network", network_key}}};
}

SiteRecord describe(const ReluSite& site) {
  const SiteShape shape = site.shape();
  return {site.name(), {shape.begin(), shape.end()}, site.relus(), site.stage(), site.conv_name(), count_relus(site)};
}

std::vector<std::pair<std::string, int64_t>> macs_of_layers(Network& network) {
  count(network);  // runs it: layers know the multiply–accumulates of their last pass
  std::vector<std::pair<std::string, int64_t>> layers;
  for (const auto& module : network.named_modules()) {
    const auto* layer = dynamic_cast<const Layer*>(module.value().get());
    if (layer && layer->macs_per_image() > 0) layers.emplace_back(module.key(), layer->macs_per_image());
  }
  return layers;
}

EvaluationRecord run_evaluation(StoredContext& context, const Laboratory& laboratory, const PhaseRecord& network_phase,
                                const std::string& weights_file) {
  const std::string weights =
      weights_file.empty() ? (network_phase.folder / text(kNetwork, ".safetensors")).string() : weights_file;
  const TensorMap tensors = network_tensors(network_phase, kNetwork);
  EvaluationRecord evaluation;
  const auto evaluate_at = [&](double width) {
    const auto network = context.make_network(kNetwork, shape_of(network_phase, laboratory.data.input, width));
    load_at_width(tensors, width, *network);
    const std::string at = width == 1 ? weights : text(weights, ", width ", width);
    NetworkRecord record;
    record.width = width;
    record.test = evaluate(*network, make_loader(laboratory, laboratory.data.test), at);
    if (laboratory.data.held_out.count() > 0) record.held_out = context.evaluate(*network, Part::held_out, at);
    const NetworkCounts counts = count(*network);
    record.relus = counts.relus;
    record.parameters = counts.parameters;
    record.macs = counts.macs;
    record.outside_sites = {counts.max_pool_comparisons, counts.not_counted};
    if (width == 1) {
      for (const ReluSite& site : network->sites()) evaluation.sites.push_back(describe(site));
    }
    return record;
  };
  evaluation.network = evaluate_at(1);
  if (network_phase.widths.size() < 2) return evaluation;
  for (const double width : network_phase.widths)
    evaluation.widths.push_back(width == 1 ? evaluation.network : evaluate_at(width));
  return evaluation;
}

}  // namespace senet
