#pragma once

#include <functional>

#include "phase/record.h"

namespace senet {

// What a phase is a function of. Options that stand at their defaults are left out, so that a new option with a default
// that changes nothing leaves old keys valid.
struct PhaseInputs {
  std::string kind;  // "teacher", "evaluation", or that of a method's step
  int version;       // bumped by hand when the phase's meaning changes
  Json inputs;       // changed options, data fingerprint, model, seed, precision, the keys it builds on
  // No part of the key.
  std::string step = "";                      // which of the steps of its kind; empty where there is one
  bool any_budget = true;                     // neither it nor what it stands on depends on the budget
  std::map<std::string, int64_t> parts = {};  // the versions of the parts of the program that make it
  std::string key() const;
};

// Finished and unfinished phases, each in a folder named by kind and key: `inputs.json`, metrics, checkpoints, and
// `record.json`, written last, with the hash of every file that counts. The store's `version` says how processes share
// it.
class PhaseStore {
 public:
  // Throws (exit code 2) where a later program has made the store one that this program does not know.
  explicit PhaseStore(std::filesystem::path root);

  using Body = std::function<void(PhaseRecord& record)>;
  using OnDamage = std::function<void(const std::string& damage)>;

  // Runs `body` under the phase's lock unless the phase is finished. The body fills the record and leaves its files
  // (named in it by add_file) in its folder. A finished phase whose files are missing or damaged is set aside (renamed)
  // and run again; `on_damage` is told. Nothing when another process runs the phase now: `holder` says which. What
  // `body` throws goes through, and is noted as why the phase failed until it runs again. What cannot be read for
  // another reason than damage throws Unreadable, and nothing is touched.
  std::optional<PhaseRecord> run(const PhaseInputs& inputs, const Body& body, std::string& holder,
                                 const OnDamage& on_damage);

  // The finished phase with this kind and key, if there is one and its files are sound. Damage is a record that does
  // not parse, a file that is gone, or one whose hash is not the record's.
  std::optional<PhaseRecord> find(const std::string& kind, const std::string& key, std::string* damage = nullptr) const;

  enum class State { absent, running, unfinished, failed, finished };
  // `note`: who runs it, or why it failed.
  State state(const std::string& kind, const std::string& key, std::string* note = nullptr) const;

  // Why the phase failed, where that was noted at this time or later; empty otherwise.
  std::string failure_since(const std::string& kind, const std::string& key,
                            std::filesystem::file_time_type since) const;

  std::filesystem::path folder(const std::string& kind, const std::string& key) const;
  const std::filesystem::path& root() const { return root_; }

  // Names a file of the phase's folder in its record, with size and hash.
  static void add_file(PhaseRecord& record, const std::string& file);

 private:
  std::filesystem::path root_;
};

}  // namespace senet
