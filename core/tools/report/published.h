#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace senet {

// One published accuracy, as `<results>/published/accuracy.toml` has it: in `points`, or in those of an [[elsewhere]].
struct PublishedPoint {
  std::string dataset, method, model;
  bool model_certain;  // false: which model it belongs to is a guess
  double relus_k;      // thousands
  double accuracy;     // %
  std::string via;     // of an [[elsewhere]]: the text that it was read from; empty in `points`
};

// Figures of other people's papers, to stand beside measured ones. Without the folder there are none; what is there and
// cannot be read is an error (exit code 2) with the file's name.
struct Published {
  std::vector<PublishedPoint> points;
  // Of each layer, relative to the largest, by model plugin (sensitivity.toml).
  std::map<std::string, std::vector<double>> sensitivity;
  std::vector<double> sensitivity_of(const std::string& model) const;  // empty where nothing is published
  // The point of a data set, one of the methods and a model nearest to so many thousands of ReLUs, within the 2.5 % by
  // which methods end under their budgets; null where there is none.
  const PublishedPoint* nearest(const std::string& dataset, const std::vector<std::string>& methods,
                                const std::string& model, double relus_k) const;
};
Published load_published(const std::filesystem::path& results);

}  // namespace senet
