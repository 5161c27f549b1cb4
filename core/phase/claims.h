#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "storage/files.h"

namespace senet {

// What the experiments of a store claim: the phases that each is made of, and the folders that hold its results. A
// file an experiment and results folder, under `experiments/` in the store.
struct Claimed {
  std::set<std::string> keys;
  std::set<std::filesystem::path> results;
};
// Throws with a claim's file where it is not sound: what it needs is not known then.
Claimed claimed(const std::filesystem::path& store);

// While it is held, no experiment of the store claims a phase, or ends.
std::filesystem::path claims_lock(const std::filesystem::path& store);

// The one path of a folder, as claims name it.
std::filesystem::path one_path_of(const std::filesystem::path& folder);

// The claim of an experiment that runs.
class Claim {
 public:
  Claim(const std::filesystem::path& store, const std::string& experiment, const std::filesystem::path& results);

  // The phases are not to be removed while the experiment may go on. What was claimed before stays claimed.
  void join(const std::set<std::string>& keys);
  // For a run that ends with all its results: only what it joined stays claimed, unless another process runs the same
  // experiment into the same folder.
  void replace();

 private:
  void write(const std::set<std::string>& keys) const;

  std::filesystem::path store_, file_, results_;
  std::string experiment_;
  std::set<std::string> keys_;
  FileLock in_use_;
};

}  // namespace senet
