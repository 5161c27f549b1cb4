#include "evaluate/evaluation.h"

#include "senet/error.h"
#include "train/widths.h"

#include <torch/types.h>

namespace senet {

namespace {

Json describe_sites(const Network& network) {
  Json sites = Json::array();
  for (const ReluSite& site : network.sites()) {
    sites.push_back(describe(site));
    sites.back()["counted"] = count_relus(site);
  }
  return sites;
}

}  // namespace

PhaseInputs evaluation_inputs(const PhaseBase& base, const std::string& network_key) {
  return {
      "evaluation", kEvaluationVersion, {{"data", base.data}, {"precision", base.precision}, {"network", network_key}}};
}

Json describe(const ReluSite& site) {
  return {{"name", site.name()},
          {"shape", site.shape()},
          {"relus", site.relus()},
          {"stage", site.stage()},
          {"conv", site.conv_name()}};
}

Json to_json(const Score& score) {
  return {{"accuracy", score.accuracy}, {"loss", score.loss}, {"images", score.images}};
}

void describe_outside_sites(const NetworkCounts& counts, Json& into) {
  if (counts.max_pool_comparisons > 0) into["max_pool_comparisons"] = counts.max_pool_comparisons;
  if (!counts.not_counted.empty()) into["not_counted"] = counts.not_counted;
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

void run_evaluation(StoredContext& context, const Laboratory& laboratory, const PhaseRecord& network_phase,
                    const std::string& weights_file, Json& record) {
  const std::string weights =
      weights_file.empty() ? (network_phase.folder / text(kNetwork, ".safetensors")).string() : weights_file;
  const TensorMap tensors = network_tensors(network_phase, kNetwork);
  const auto evaluate_at = [&](double width) {
    Json into = Json::object();
    const auto network = context.make_network(kNetwork, shape_of(network_phase, laboratory.input, width));
    load_at_width(tensors, width, *network);
    const std::string at = width == 1 ? weights : text(weights, ", width ", width);
    into["test"] = to_json(evaluate(*network, make_loader(laboratory, laboratory.data.test), at));
    if (laboratory.data.held_out.count() > 0)
      into["held_out"] = to_json(context.evaluate(*network, Part::held_out, at));
    const NetworkCounts counts = count(*network);
    into["relus"] = counts.relus;
    into["parameters"] = counts.parameters;
    into["macs"] = counts.macs;
    describe_outside_sites(counts, into);
    if (width == 1) record["sites"] = describe_sites(*network);
    return into;
  };
  const Json full = evaluate_at(1);
  record.update(full);
  const auto widths = network_phase.json.value("widths", std::vector<double>{1});
  if (widths.size() < 2) return;
  for (const double width : widths) {
    record["widths"].emplace_back(Json{{"width", width}}).update(width == 1 ? full : evaluate_at(width));
  }
}

}  // namespace senet
