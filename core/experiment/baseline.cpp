#include "experiment/baseline.h"

#include "senet/baseline.h"
#include "senet/error.h"
#include "train/training_settings.h"

namespace senet {

std::vector<Option> baseline_options(const std::vector<Option>& plugin_options) {
  return declare(plugin_options.data(), plugin_options.size(), training_input_options());
}

PhaseInputs baseline_inputs(const PhaseBase& base, const std::string& method, const std::string& teacher_key,
                            int64_t budget, const Options& options) {
  Json inputs = base_inputs(base, options);
  inputs["teacher"] = teacher_key;
  inputs["budget"] = budget;
  return {method, kBaselineVersion, std::move(inputs)};
}

PhaseInputs shared_training_inputs(const PhaseInputs& baseline, const std::string& training) {
  Json inputs = baseline.inputs;
  inputs.erase("budget");
  inputs["training"] = training;
  return {baseline.kind + "_training", kBaselineVersion, std::move(inputs)};
}

void run_baseline(StoredContext& context, Network& teacher, const PluginHost& plugins, const std::string& method,
                  int64_t budget, Json& record) {
  const auto baseline = plugins.make<Baseline>(method, context.options());
  std::shared_ptr<Network> network;
  context.run_plugin(PluginKind::baseline, method, [&] { network = baseline->linearise(teacher, budget, context); });
  const std::string plugin = "baseline plugin '" + method + "'";
  SENET_CHECK(network != nullptr, plugin, " gave no network");
  for (const ReluSite& site : network->sites()) {
    SENET_CHECK(site.activation().is_core(), plugin, " left an activation of its own at ReLU site '", site.name(),
                "'; a finished network holds Relu, Linear and MaskedRelu alone (Network::set_masks)");
  }
  int64_t relus = 0;
  PluginHost::guard(PluginKind::baseline, method, [&] { relus = count(*network).relus; });
  SENET_CHECK(relus <= budget, plugin, " gave a network of ", relus,
              " ReLUs, counted by evaluating it, for a budget of ", budget);
  const std::vector<std::string> deployed = context.trainings_of(*network);
  if (!deployed.empty()) record["deployed"] = deployed;
  context.keep(kNetwork, *network);
}

}  // namespace senet
