#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "senet/dataset.h"
#include "senet/network.h"
#include "senet/objective.h"
#include "senet/recorded.h"
#include "senet/training.h"

namespace senet {

// What a method may look at. The test images are the core's alone.
enum class Part { train, held_out };

// What the harness offers to a sensitivity measure or a method's step while its phase runs. A phase is a function of
// its inputs: use nothing but what is offered here, and the same seed gives the same bits.
class PhaseContext {
 public:
  virtual ~PhaseContext() = default;

  virtual const Options& options() const = 0;  // of the plugin or step that runs
  // From those options; with a prefix, from "<prefix>.epochs", "<prefix>.lr", ….
  virtual TrainingSettings training(const std::string& prefix = "") const = 0;
  virtual uint64_t seed() const = 0;
  virtual torch::Device device() const = 0;
  virtual int64_t classes() const = 0;

  // What the model is built for. A method may ask for a network that is made smaller (NetworkShape::scale, stem_stride,
  // blocks), not for one of another input or of other classes.
  virtual NetworkShape shape() const = 0;
  // A network of the student's model options, with the teacher's sites and no weight that the teacher has not
  // (Step::like_teacher: of the teacher's); with fresh weights, drawn from the seed and `purpose`; all ReLUs in place;
  // on device().
  virtual std::shared_ptr<Network> make_network(const std::string& purpose, const NetworkShape& shape) = 0;
  std::shared_ptr<Network> make_network(const std::string& purpose) { return make_network(purpose, shape()); }

  // Trains `network` in place. Stored under the phase as `name`: an interrupted training goes on where its last
  // checkpoint stands, a finished one is read back, network, masks and objective's state alike. Whatever it throws (a
  // stop, a loss that is not finite, a phase that another process runs) ends the phase, though the method catches it.
  //
  // Names of trainings and series are 1 to 100 letters, digits, '_', '-' and '.', each given once a phase, and none
  // that the core has for its own ("network", "sensitivity", …); another is refused (exit code 2).
  virtual void train(const std::string& name, Network& network, Objective& objective,
                     const TrainingSettings& settings) = 0;

  // Calls `body` with the part's images in their order, `batch` at a time, without augmentation: the first `images` of
  // them (0: all). Gradients are recorded unless the caller said otherwise, and nothing is updated; the network's mode
  // is the caller's. The images count as image passes of the phase. Throws (exit code 2) where there are no such
  // images, and what `body` throws; a stop ends the phase.
  virtual void for_each_batch(Part part, int64_t batch, int64_t images,
                              const std::function<void(const Batch&)>& body) = 0;
  // On the first `limit` of the images; 0: on all. Throws (exit code 2) where there are none.
  virtual Score evaluate(Network& network, Part part, int64_t limit) = 0;
  Score evaluate(Network& network, Part part) { return evaluate(network, part, 0); }

  // Keeps a series in the phase's record and in the results that build on it. Two names have a meaning of their own,
  // each of one number: "trials", how many networks the method judged to choose one; and "cut", how many ReLUs were
  // above the budget at the end of a search and were taken away, which the result remarks.
  virtual void record(const std::string& name, const std::vector<double>& values) = 0;
  // Keeps what the method chose from. The result marks the Pareto front: those that no other beats in accuracy without
  // more ReLUs.
  virtual void record(const std::vector<Candidate>& candidates) = 0;
};

}  // namespace senet
