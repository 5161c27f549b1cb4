#include "evaluate/evaluation.h"

#include <torch/types.h>

namespace senet {

PhaseInputs evaluation_inputs(const PhaseBase& base, const std::string& network_key) {
  return {"evaluation", 1, {{"data", base.data}, {"precision", base.precision}, {"network", network_key}}};
}

Json to_json(const Score& score) {
  return {{"accuracy", score.accuracy}, {"loss", score.loss}, {"images", score.images}};
}

Json describe_sites(const Network& network, bool with_kept) {
  Json sites = Json::array();
  for (const ReluSite& site : network.sites()) {
    Json row = {{"name", site.name()},
                {"shape", site.shape()},
                {"relus", site.relus()},
                {"stage", site.stage()},
                {"conv", site.conv_name()}};
    if (with_kept) row["kept"] = count_relus(site);
    sites.push_back(std::move(row));
  }
  return sites;
}

void run_evaluation(PhaseExperiment& experiment, const Laboratory& laboratory, const PhaseRecord& network_phase,
                    Json& record) {
  const auto network = experiment.make_network(kNetwork);
  load_network(network_phase, kNetwork, *network);
  record["test"] = to_json(experiment.evaluate(*network, Part::test));
  if (laboratory.data.held_out.count() > 0) record["held_out"] = to_json(experiment.evaluate(*network, Part::held_out));
  const NetworkCounts counts = count(*network, laboratory.input);
  record["relus"] = counts.relus;
  record["parameters"] = counts.parameters;
  record["macs"] = counts.macs;
  record["sites"] = describe_sites(*network, true);
}

}  // namespace senet
