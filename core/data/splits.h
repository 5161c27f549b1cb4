#pragma once

#include <string>

#include "config/document.h"
#include "senet/dataset.h"
#include "senet/experiment.h"
#include "senet/network.h"

namespace senet {

std::vector<Option> split_options();

// What an experiment sees of a data set: the first `train_limit` images of a fixed shuffle of the training set, of
// which the last `holdout` share is held out (for selection and curves, never trained on); and the test set. Neither
// depends on the seed.
struct DataSplits {
  Images train, held_out, test;
  int64_t classes = 0;
  Normalisation normalisation;
  std::string fingerprint;  // of every byte and label above, the class count and normalisation

  const Images& part(Part part) const;
  NetworkShape input() const;  // channels, height, width and classes
};

// Throws when what the plugin gives is not what its interface promises.
DataSplits make_splits(Dataset& dataset, const Options& options, const std::string& plugin);

}  // namespace senet
