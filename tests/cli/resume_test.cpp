#include <chrono>
#include <random>
#include <thread>

#include "phase/safetensors.h"
#include "support/program.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::identical;
using testing::Outcome;
using testing::Process;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

const std::vector<std::string> kRun = {"run", "tiny.toml", "--threads", "2"};

// Everything an experiment leaves that time has no part in: results without durations and dates, and every tensor.
struct Bits {
  std::map<std::string, json> results;
  std::map<std::string, TensorMap> networks;

  explicit Bits(const fs::path& folder) {
    for (const auto& entry : fs::recursive_directory_iterator(folder / "results")) {
      if (entry.path().extension() != ".json") continue;
      json result = json::parse(testing::slurp(entry.path()));
      for (json& phase : result["phases"]) phase.erase("training_seconds");
      for (const char* timed : {"seconds", "images_per_second"}) result["mask_identification"].erase(timed);
      result.erase("finished");
      results[entry.path().filename().string()] = result;
    }
    for (const auto& entry : fs::recursive_directory_iterator(folder / "runs")) {
      if (entry.path().extension() != ".safetensors") continue;
      networks[fs::relative(entry.path(), folder).string()] = load_safetensors(entry.path()).tensors;
    }
  }
};

void expect_same(const Bits& found, const Bits& expected) {
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

const TemporaryFolder& uninterrupted() {
  static const auto* folder = [] {
    auto* made = new TemporaryFolder;
    write_file(*made / "tiny.toml", testing::tiny_experiment());
    EXPECT_EQ(testing::run_program(kRun, made->path()).code, 0);
    return made;
  }();
  return *folder;
}

// Waits until a phase of this kind has a checkpoint that is not its last.
bool in_the_middle_of(const std::string& kind, const fs::path& folder, Process& process) {
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

class KilledIn : public ::testing::TestWithParam<const char*> {};

TEST_P(KilledIn, TheSameCommandGivesTheSameBits) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  Process process(kRun, folder.path());
  ASSERT_TRUE(in_the_middle_of(GetParam(), folder.path(), process));
  std::this_thread::sleep_for(std::chrono::milliseconds(15));
  process.signal(SIGKILL);
  EXPECT_EQ(process.wait().code, 128 + SIGKILL);
  const Outcome outcome = testing::run_program(kRun, folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  expect_same(Bits(folder.path()), Bits(uninterrupted().path()));
}

INSTANTIATE_TEST_SUITE_P(EachPhase, KilledIn, ::testing::Values("teacher", "sensitivity", "mask", "finetune"),
                         [](const auto& test) { return test.param; });

TEST(Interrupted, StopsAfterACheckpointWithItsOwnExitCodeAndGoesOn) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", testing::tiny_experiment());
    Process process(kRun, folder.path());
    ASSERT_TRUE(in_the_middle_of("mask", folder.path(), process));
    process.signal(signal);
    const Outcome stopped = process.wait();
    EXPECT_EQ(stopped.code, 130) << stopped.error;
    EXPECT_NE(stopped.error.find("stopped after a checkpoint"), std::string::npos) << stopped.error;
    EXPECT_EQ(testing::run_program(kRun, folder.path()).code, 0);
    expect_same(Bits(folder.path()), Bits(uninterrupted().path()));
  }
}

TEST(Seeds, TheSameGivesTheSameBitsAnotherGivesOthers) {
  const TemporaryFolder same, other;
  write_file(same / "tiny.toml", testing::tiny_experiment());
  write_file(other / "tiny.toml", testing::tiny_experiment());
  ASSERT_EQ(testing::run_program(kRun, same.path()).code, 0);
  expect_same(Bits(same.path()), Bits(uninterrupted().path()));
  std::vector<std::string> reseeded = kRun;
  reseeded.insert(reseeded.end(), {"--set", "seeds=[2]"});
  ASSERT_EQ(testing::run_program(reseeded, other.path()).code, 0);
  const json a = Bits(uninterrupted().path()).results.begin()->second, b = Bits(other.path()).results.begin()->second;
  EXPECT_NE(a["result"]["loss"], b["result"]["loss"]);
  EXPECT_NE(a["teacher"]["loss"], b["teacher"]["loss"]);
}

}  // namespace
}  // namespace senet
