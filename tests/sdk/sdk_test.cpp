#include <regex>
#include <set>

#include "sdk/installation.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::Outcome;
using testing::prefix;
using testing::shell;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

// CMake breaks the lines of a message.
std::string in_one_line(const std::string& text) { return std::regex_replace(text, std::regex("\\s+"), " "); }

TEST(Sdk, TheProgramFindsItsCoreAndPluginsWhereverItIs) {
  const TemporaryFolder folder;
  const json listed = testing::json_of(shell("senet plugins --json", folder.path()));
  const json built = testing::json_of(testing::run_program({"plugins", "--json"}, folder / "built"));
  EXPECT_EQ(listed["refused"], json::array());
  EXPECT_EQ(listed["plugins"].size(), built["plugins"].size());
  for (const json& plugin : listed["plugins"]) {
    EXPECT_EQ(plugin["file"].get<std::string>().rfind(prefix().string(), 0), 0u) << plugin["file"];
  }
}

TEST(Sdk, ItsPackageNamesNoFolderOfTheBuild) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(prefix() / "lib/cmake")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    for (const char* built : {SENET_TEST_BUILD "/", SENET_TEST_SOURCE "/core", SENET_TEST_SOURCE "/plugins"}) {
      EXPECT_EQ(testing::slurp(entry.path()).find(built), std::string::npos) << entry.path();
    }
  }
  EXPECT_GE(files, 5);
}

class Skeleton : public ::testing::TestWithParam<const char*> {};

TEST_P(Skeleton, ConfiguresBuildsAndPassesItsTest) {
  const TemporaryFolder folder;
  const std::string kind = GetParam();
  const Outcome written = shell("senet plugins new " + kind + " my_own here", folder.path());
  ASSERT_EQ(written.code, 0) << written.error;
  EXPECT_NE(written.out.find("-DCMAKE_PREFIX_PATH=" + prefix().string()), std::string::npos) << written.out;

  const Outcome built = shell("configure -S here -B here/build\ncmake --build here/build", folder.path());
  ASSERT_EQ(built.code, 0) << built.out << built.error;
  const Outcome tested = shell("'" SENET_TEST_CTEST "' --test-dir here/build --output-on-failure", folder.path());
  ASSERT_EQ(tested.code, 0) << tested.out << tested.error;
  EXPECT_NE(tested.out.find("100% tests passed, 0 tests failed out of 1"), std::string::npos) << tested.out;

  std::vector<fs::path> results;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "here/build")) {
    if (entry.path().parent_path().parent_path().filename() == "results") results.push_back(entry.path());
  }
  EXPECT_FALSE(results.empty()) << "its test runs its experiment";
  const json listed =
      testing::json_of(shell("SENET_PLUGIN_PATH=here/build senet plugins my_own --json", folder.path()));
  EXPECT_EQ(listed["plugins"][0]["kind"], kind);
}

INSTANTIATE_TEST_SUITE_P(Each, Skeleton, ::testing::Values("baseline", "sensitivity", "dataset"),
                         [](const auto& test) { return std::string(test.param); });

TEST(Package, RefusesAnotherCompilerAndNamesBoth) {
  const TemporaryFolder folder;
  write_file(folder / "CMakeLists.txt",
             "cmake_minimum_required(VERSION 3.25)\nproject(other LANGUAGES CXX)\n"
             "set(CMAKE_CXX_COMPILER_ID Other)\nset(CMAKE_CXX_COMPILER_VERSION 99.1)\nfind_package(senet REQUIRED)\n");
  const Outcome outcome = shell("configure -S . -B build", folder.path());
  EXPECT_NE(outcome.code, 0);
  const std::string message = in_one_line(outcome.error);
  EXPECT_NE(message.find("was built by " SENET_TEST_COMPILER_NAME), std::string::npos) << message;
  EXPECT_NE(message.find("this project is by Other 99 "), std::string::npos) << message;
  EXPECT_NE(message.find("-DCMAKE_CXX_COMPILER=" SENET_TEST_COMPILER), std::string::npos) << message;
}

// A LibTorch of `version` that lies in `folder` as in a virtual environment, and how a project asks for it.
std::string another_torch(const fs::path& folder, const std::string& version) {
  const fs::path torch = folder / "lib/python3.0/site-packages/torch", package = torch / "share/cmake/Torch";
  write_file(torch / "lib/libtorch.so", "");
  write_file(package / "TorchConfigVersion.cmake",
             "set(PACKAGE_VERSION " + version + ")\nset(PACKAGE_VERSION_COMPATIBLE TRUE)\n");
  write_file(package / "TorchConfig.cmake",
             "set(TORCH_LIBRARY ${CMAKE_CURRENT_LIST_DIR}/../../../lib/libtorch.so)\nset(TORCH_LIBRARIES torch)\n"
             "add_library(torch INTERFACE IMPORTED)\n");
  return std::string(SENET_TEST_TORCH_VENV).empty() ? "-DTorch_DIR=" + package.string()
                                                    : "-DSENET_TORCH_VENV=" + folder.string();
}

TEST(Package, RefusesAnotherLibTorchAndNamesBoth) {
  for (const std::string version : {"9.9.9", SENET_TEST_TORCH_VERSION}) {
    const TemporaryFolder folder;
    write_file(folder / "CMakeLists.txt",
               "cmake_minimum_required(VERSION 3.25)\nproject(other LANGUAGES CXX)\nfind_package(senet REQUIRED)\n");
    const Outcome outcome =
        shell("configure -S . -B build " + another_torch(folder / "elsewhere", version), folder.path());
    EXPECT_NE(outcome.code, 0);
    const std::string message = in_one_line(outcome.error);
    EXPECT_NE(message.find("was built with " SENET_TEST_TORCH), std::string::npos) << message;
    EXPECT_NE(message.find("finds LibTorch " + version + " (package " + (folder / "elsewhere").string()),
              std::string::npos)
        << message;
  }
}

}  // namespace
}  // namespace senet
