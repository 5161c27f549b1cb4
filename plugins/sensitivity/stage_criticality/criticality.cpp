#include "criticality.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace senet {

std::vector<double> criticality(const std::vector<double>& accuracy, const std::vector<int64_t>& relus,
                                double exponent) {
  const double lowest = *std::min_element(accuracy.begin(), accuracy.end());
  std::vector<double> values;
  for (size_t k = 0; k < accuracy.size(); ++k) {
    values.push_back((accuracy[k] - lowest) / std::pow(static_cast<double>(relus[k]), exponent));
  }
  return values;
}

std::vector<int64_t> Criticality::least_first() const {
  std::vector<size_t> order(stages.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return criticality[a] < criticality[b]; });
  std::vector<int64_t> sorted;
  for (const size_t k : order) sorted.push_back(stages[k]);
  return sorted;
}

std::set<int64_t> stages_of(const Network& network) {
  std::set<int64_t> stages;
  for (const ReluSite& site : network.sites()) stages.insert(site.stage());
  return stages;
}

int64_t relus_of_stage(const Network& network, int64_t stage) {
  int64_t relus = 0;
  for (const ReluSite& site : network.sites()) relus += site.stage() == stage ? site.relus() : 0;
  return relus;
}

std::string criticality_training(int64_t stage) { return "criticality-" + std::to_string(stage); }

std::shared_ptr<Network> network_of_stage(int64_t stage, PhaseContext& context) {
  auto network = context.make_network(criticality_training(stage));
  for (const ReluSite& site : network->sites()) {
    if (site.stage() != stage) network->set_activation(site, std::make_shared<Linear>(site.shape()));
  }
  return network;
}

void train_stage(Network& network, int64_t stage, Network& teacher, PhaseContext& context,
                 const DistilledSettings& distilled, const TrainingSettings& training) {
  Distilled objective(teacher, network, distilled);
  context.train(criticality_training(stage), network, objective, training);
}

Criticality judge_stages(const std::function<std::shared_ptr<Network>(int64_t stage)>& trained, PhaseContext& context,
                         const std::set<int64_t>& stages, double exponent) {
  Criticality measured;
  for (const int64_t stage : stages) {
    const auto network = trained(stage);
    measured.stages.push_back(stage);
    measured.relus.push_back(relus_of_stage(*network, stage));
    measured.accuracy.push_back(100 * context.evaluate(*network, Part::held_out).accuracy);
  }
  measured.criticality = criticality(measured.accuracy, measured.relus, exponent);
  context.record("stage_accuracy", measured.accuracy);
  context.record("criticality", measured.criticality);
  return measured;
}

}  // namespace senet
