#include "evaluate/evaluation.h"

#include <torch/types.h>

#include <algorithm>

#include "senet/error.h"
#include "storage/files.h"
#include "train/widths.h"

namespace senet {

PhaseInputs evaluation_inputs(const PhaseBase& base, const std::string& network_key) {
  return {
      "evaluation", kEvaluationVersion, {{"data", base.data}, {"precision", base.precision}, {"network", network_key}}};
}

SiteRecord describe(const ReluSite& site) {
  const SiteShape shape = site.shape();
  return {site.name(),       {shape.begin(), shape.end()},       site.relus(), site.stage(), site.conv_name(),
          count_relus(site), site.activation().multiplications()};
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

const PhaseRecord* phase_before_finetuning(const std::vector<PhaseRecord>& method) {
  const PhaseRecord& last = method.back();
  const auto deployed = [&](const PhaseRecord& phase) {
    return std::any_of(last.deployed.begin(), last.deployed.end(),
                       [&](const std::string& training) { return training.rfind(phase.kind + "/", 0) == 0; });
  };
  if (!deployed(last)) return nullptr;
  for (auto phase = method.rbegin() + 1; phase != method.rend(); ++phase) {
    if (deployed(*phase) && phase->training(kNetwork)) return &*phase;
  }
  return nullptr;
}

namespace {

// Nothing where the network gives no finite logits: the fine-tuning may have put that right.
std::optional<Score> test_of(const PhaseRecord& phase, StoredContext& context, const Laboratory& laboratory) {
  const auto network = context.make_network(kNetwork, shape_of(phase, laboratory.data.input));
  load_at_width(network_tensors(phase, kNetwork), 1, *network);
  try {
    return evaluate(*network, make_loader(laboratory, laboratory.data.test), phase.kind);
  } catch (const Unreadable&) {
    throw;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

EvaluationRecord run_evaluation(StoredContext& context, const Laboratory& laboratory, const PhaseRecord& network_phase,
                                const std::string& weights_file, const PhaseRecord* before) {
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
    record.multiplications = counts.multiplications;
    record.outside_sites = {counts.max_pool_comparisons, counts.not_counted};
    if (width == 1) {
      for (const ReluSite& site : network->sites()) evaluation.sites.push_back(describe(site));
    }
    return record;
  };
  evaluation.network = evaluate_at(1);
  if (before) evaluation.network.before_finetuning = test_of(*before, context, laboratory);
  if (network_phase.widths.size() < 2) return evaluation;
  for (const double width : network_phase.widths)
    evaluation.widths.push_back(width == 1 ? evaluation.network : evaluate_at(width));
  return evaluation;
}

}  // namespace senet
