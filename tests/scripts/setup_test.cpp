// The scripts that set up and test.

#include "support/program.h"

namespace senet {
namespace {

using testing::mentions;
using testing::Outcome;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

class SomebodysEnvironment : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(SomebodysEnvironment, IsNotInstalledInto) {
  const auto [script, variable] = GetParam();
  const TemporaryFolder folder;
  fs::create_directory(folder / "scripts");
  for (const std::string& file : {std::string(script), std::string("pip-environment")})
    fs::copy(std::string(SENET_TEST_SOURCE) + "/scripts/" + file, folder / "scripts" / file);
  for (const char* program : {"mine/bin/python", "mine/bin/pip"}) {
    write_file(folder / program, "#!/bin/sh\necho \"$@\" >>\"" + (folder / "called").string() + "\"\n");
    fs::permissions(folder / program, fs::perms::owner_all);
  }
  fs::create_directories(folder / "mine/lib/python3.11/site-packages/torch-2.0.0.dist-info");
  const Outcome outcome = testing::run_shell(std::string(variable) + "=\"$PWD/mine\" scripts/" + script, folder.path());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(mentions(outcome.error, (folder / "mine").string() + " has not ")) << outcome.error;
  EXPECT_TRUE(mentions(outcome.error, std::string("or leave ") + variable + " out")) << outcome.error;
  EXPECT_FALSE(fs::exists(folder / "called"));
}

INSTANTIATE_TEST_SUITE_P(Each, SomebodysEnvironment,
                         ::testing::Values(std::pair("setup-cuda", "SENET_CUDA_VENV"),
                                           std::pair("setup-mpc", "SENET_MPC_VENV")),
                         [](const auto& test) { return std::string(test.param.first).substr(6); });

TEST(ScriptTest, SaysThatThePresetFuzzHasNoTests) {
  const TemporaryFolder folder;
  const Outcome outcome = testing::run_shell("'" SENET_TEST_SOURCE "/scripts/test' fuzz", folder.path());
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(mentions(outcome.error, "scripts/fuzz builds its targets and runs them")) << outcome.error;
}

}  // namespace
}  // namespace senet
