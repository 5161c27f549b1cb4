#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "config/document.h"
#include "senet/dataset.h"
#include "senet/network.h"
#include "senet/phase_context.h"

namespace senet {

std::vector<Option> split_options();

// What an experiment sees of a data set: the first `train_limit` images of a fixed shuffle of the training set, and the
// test set. The last `holdout` share of those training images is held out for selection and curves, and never trained
// on unless `holdout_is_training`. Nothing of this depends on the seed.
struct DataSplits {
  Images train, held_out, test;
  NetworkShape input{};  // channels, height, width and classes
  int64_t classes = 0;
  std::vector<std::string> class_names;  // empty when the data set names none
  Normalisation normalisation;
  int64_t left_out = 0;     // images that could not be decoded, where the data set leaves such out
  std::string fingerprint;  // of images and labels above, the class count and normalisation

  const Images& part(Part part) const;  // the images that a method may look at
};

// What a plugin gives, whole.
struct LabelledSet {
  Images train, test;
  int64_t classes = 0;
  std::vector<std::string> class_names;
  Normalisation normalisation;
  // Where in the whole set the images stand that a packed file lacks, in ascending order.
  std::vector<int64_t> left_out_of_train = {}, left_out_of_test = {};
};
// Throws when a plugin's set is not what the interface promises.
LabelledSet load_all(Dataset& dataset, const std::string& plugin);

// Whether the images are read from a packed file (`dataset.packed`).
bool is_packed(const Options& options);

// The splits of the plugin's own data set, or of the packed file if is_packed(): `dataset` may be null then, and its
// files need not be there. Images that fit into `dataset.memory` are in memory. Throws when the set is not what the
// interface promises.
DataSplits make_splits(Dataset* dataset, const Options& options, const std::string& plugin);

// Throws when a training of a section asks for random crops of whole images (random_resized) of a packed file that
// holds only what their view shows.
void check_random_crops(const DataSplits& data, const Options& section);

// The options of a [dataset] section that its images depend on; a packed file is made for them.
nlohmann::ordered_json pack_options(const Options& options);

}  // namespace senet
