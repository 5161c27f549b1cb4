#pragma once

#include <functional>
#include <set>
#include <vector>

#include "senet/distilled.h"
#include "senet/phase_context.h"

namespace senet {

// Options that a method has which trains beside the teacher in DeepReDuce's way, and what they say.
constexpr Option kExponentOption =
    real_option("exponent", "0.07", "w in C = (Acc − lowest Acc) / ReLUs^w").between(0, 1);
constexpr Option kKdWeightOption =
    real_option("kd_weight", "0.9", "weight of the distillation; the cross entropy's is 1 − kd_weight").between(0, 1);

// ReLU criticality of the residual stages (DeepReDuce: Jha et al., ICML 2021, section 3.1): a network for each stage k,
// trained with ReLUs in that stage alone, reaches Acc_k, in per cent;
//   C_k = (Acc_k − min_j Acc_j) / (ReLUs in k)^w.
struct Criticality {
  std::vector<int64_t> stages;  // ascending
  std::vector<int64_t> relus;   // of each
  std::vector<double> accuracy, criticality;

  std::vector<int64_t> least_first() const;  // the stages; ties: the lower one
};

std::vector<double> criticality(const std::vector<double>& accuracy, const std::vector<int64_t>& relus,
                                double exponent);

std::set<int64_t> stages_of(const Network& network);
int64_t relus_of_stage(const Network& network, int64_t stage);

// A network with fresh weights, drawn for `criticality_training(stage)`, and the ReLUs of that stage alone.
std::shared_ptr<Network> network_of_stage(int64_t stage, PhaseContext& context);
// Trains one of them beside the teacher.
void train_stage(Network& network, int64_t stage, Network& teacher, PhaseContext& context,
                 const DistilledSettings& distilled, const TrainingSettings& training);
// Judges the trained network of each stage by the held-out training images. Records stage_accuracy and criticality.
Criticality judge_stages(const std::function<std::shared_ptr<Network>(int64_t stage)>& trained, PhaseContext& context,
                         const std::set<int64_t>& stages, double exponent);
// The name of its training.
std::string criticality_training(int64_t stage);

}  // namespace senet
