#pragma once

#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "storage/safetensors.h"
#include "support/program.h"

namespace senet::testing {

using nlohmann::json;

// The experiment of program.h as it is run everywhere below.
inline const std::vector<std::string> kRun = {"run", "tiny.toml", "--threads", "2"};

// Everything an experiment leaves that time has no part in: results without durations and dates, and every tensor.
struct Bits {
  std::map<std::string, json> results;
  std::map<std::string, TensorMap> networks;

  explicit Bits(const fs::path& folder) {
    for (const auto& entry : fs::recursive_directory_iterator(folder / "results")) {
      if (entry.path().extension() != ".json") continue;
      json result = json::parse(slurp(entry.path()));
      for (json& phase : result["phases"]) phase.erase("training_seconds");
      result.erase("finished");
      results[entry.path().filename().string()] = result;
    }
    for (const auto& entry : fs::recursive_directory_iterator(folder / "runs")) {
      if (entry.path().extension() != ".safetensors") continue;
      networks[fs::relative(entry.path(), folder).string()] = load_safetensors(entry.path()).tensors;
    }
  }
};

inline void expect_same(const Bits& found, const Bits& expected) {
  ASSERT_EQ(found.results.size(), expected.results.size());
  for (const auto& [file, result] : expected.results) {
    ASSERT_TRUE(found.results.count(file)) << file;
    const json difference = json::diff(found.results.at(file), result);
    EXPECT_TRUE(difference.empty()) << file << ": " << difference.dump(1);
  }
  ASSERT_EQ(found.networks.size(), expected.networks.size());
  for (const auto& [file, tensors] : expected.networks) {
    ASSERT_TRUE(found.networks.count(file)) << file;
    ASSERT_EQ(found.networks.at(file).size(), tensors.size()) << file;
    for (const auto& [name, tensor] : tensors)
      ASSERT_TRUE(identical(found.networks.at(file).at(name), tensor)) << file << " " << name;
  }
}

inline const TemporaryFolder& uninterrupted(const std::string& experiment = tiny_experiment()) {
  static auto* const made = new std::map<std::string, TemporaryFolder>;
  if (!made->count(experiment)) {
    const TemporaryFolder& folder = (*made)[experiment];
    write_file(folder / "tiny.toml", experiment);
    const Outcome outcome = run_program(kRun, folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
  }
  return made->at(experiment);
}

inline fs::path phase_folder(const fs::path& folder, const std::string& kind) {
  for (const auto& entry : fs::directory_iterator(folder / "runs")) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(kind + "-", 0) == 0 && name.find(".damaged") == std::string::npos) return entry.path();
  }
  ADD_FAILURE() << "no phase " << kind << " under " << folder;
  return folder;
}

// The kinds of the phases that are finished, one for each phase.
inline std::multiset<std::string> finished_phases(const fs::path& folder) {
  std::multiset<std::string> kinds;
  for (const auto& entry : fs::directory_iterator(folder / "runs")) {
    const std::string name = entry.path().filename().string();
    if (fs::exists(entry.path() / "record.json")) kinds.insert(name.substr(0, name.find('-')));
  }
  return kinds;
}

// The first convolution's weights of a finished network.
inline torch::Tensor first_weights(const std::string& run, const fs::path& folder) {
  const Outcome outcome = run_program({"export", run, "--out", run + ".safetensors"}, folder);
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  return load_safetensors(folder / (run + ".safetensors")).tensors.at("conv1.weight");
}

// Until a process, which runs in `folder`, says that it waits for another.
inline void until_it_waits(Process& process, const fs::path& folder) {
  while (process.running() && !mentions(slurp(folder / "stderr"), "waiting: "))
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

// Waits until a phase of this kind has a checkpoint that is not its last.
inline bool in_the_middle_of(const std::string& kind, const fs::path& folder, Process& process) {
  while (process.running()) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder / "runs", ignored)) {
      if (entry.path().filename().string().rfind(kind + "-", 0) != 0) continue;
      if (fs::exists(entry.path() / "record.json")) return false;
      for (const auto& file : fs::directory_iterator(entry.path(), ignored)) {
        if (file.path().extension() == ".safetensors") return true;
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

// Starts the experiment in `folder` and kills it in the middle of a phase of this kind.
inline void kill_in(const std::string& kind, const fs::path& folder,
                    const std::string& experiment = tiny_experiment()) {
  write_file(folder / "tiny.toml", experiment);
  Process process(kRun, folder);
  ASSERT_TRUE(in_the_middle_of(kind, folder, process));
  std::this_thread::sleep_for(std::chrono::milliseconds(15));
  process.signal(SIGKILL);
  EXPECT_EQ(process.wait().code, 128 + SIGKILL);
}

inline void expect_goes_on_to_the_same_bits(const fs::path& folder, const std::string& experiment = tiny_experiment()) {
  const Outcome outcome = run_program(kRun, folder);
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  expect_same(Bits(folder), Bits(uninterrupted(experiment).path()));
}

}  // namespace senet::testing
