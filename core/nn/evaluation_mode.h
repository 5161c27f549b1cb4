#pragma once

#include "senet/network.h"

namespace senet {

// A network is in evaluation mode for as long as this lives, then in its own mode again.
class EvaluationMode {
 public:
  explicit EvaluationMode(Network& network) : network_(network), training_(network.is_training()) { network_.eval(); }
  ~EvaluationMode() { network_.train(training_); }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  Network& network_;
  bool training_;
};

}  // namespace senet
