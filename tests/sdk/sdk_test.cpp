#include <regex>
#include <set>

#include "sdk/installation.h"
#include "support/readme.h"

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

INSTANTIATE_TEST_SUITE_P(Each, Skeleton, ::testing::Values("baseline", "sensitivity", "dataset", "model"),
                         [](const auto& test) { return std::string(test.param); });

// What a README says of my_method, from the plugin's first file on, with the SDK where this test has it.
std::vector<std::string> from_nothing(const char* readme) {
  std::vector<std::string> commands;
  for (std::string command :
       testing::commands_of(fs::path(SENET_TEST_SOURCE) / readme, {"senet", "cmake -S", "cmake --build", "ctest"})) {
    if (command.find("my_method") == std::string::npos) continue;
    commands.push_back(std::regex_replace(command, std::regex("~/senet"), prefix().string()));
  }
  return commands;
}

TEST(Readme, LeadsFromNothingToTheTableOfAMethod) {
  const TemporaryFolder folder;
  std::string script = "export CXX='" SENET_TEST_COMPILER "'\nctest() { '" SENET_TEST_CTEST "' \"$@\"; }\n";
  const std::vector<std::string> commands = from_nothing("plugins/README.md");
  for (const std::string& command : commands) {
    // The experiment that the reader adds the method to; one_batch_test has one whose cells can learn a batch by heart.
    if (command.find("--overfit-one-batch") != std::string::npos) continue;
    if (command.find("quickstart.toml") != std::string::npos) script += "cp my_method/my_method.toml quickstart.toml\n";
    script += command + "\n";
  }
  const Outcome outcome = shell(script, folder.path());
  EXPECT_EQ(outcome.code, 0) << script << outcome.out << outcome.error;
  EXPECT_NE(outcome.out.find("my_method  20%"), std::string::npos) << outcome.out;
  for (const std::string& command : from_nothing("README.md"))
    EXPECT_EQ(std::count(commands.begin(), commands.end(), command), 1) << command;
}

TEST(Sdk, WhatItsReadmeLeadsToIsThere) {
  const fs::path readme = prefix() / "share/senet/README.md";
  const std::string text = testing::slurp(readme);
  const std::regex link("\\]\\(([^) ]+)\\)");
  int links = 0;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), link); at != std::sregex_iterator(); ++at) {
    ++links;
    EXPECT_TRUE(fs::exists(readme.parent_path() / (*at)[1].str())) << (*at)[1];
  }
  EXPECT_GE(links, 3);
}

// Those that need LibTorch are alone in the models of this folder, in the example and in the skeletons.
TEST(Sdk, ItsHeadersHaveWhatTheirMacrosNeed) {
  const TemporaryFolder folder;
  write_file(folder / "plugin.cpp",
             "#include <senet/plugin.h>\nstruct Own { struct Interface { static constexpr auto kKind = "
             "senet::PluginKind::model; }; };\nSENET_PLUGIN(senet::PluginEntry{senet::PluginKind::model, \"own\", "
             "\"\", nullptr, 0, nullptr});\n");
  write_file(folder / "error.cpp",
             "#include <senet/error.h>\nvoid check(int x) { SENET_CHECK(x > 0, \"found \", x); }\n");
  for (const char* source : {"plugin.cpp", "error.cpp"}) {
    const Outcome outcome = shell(
        "'" SENET_TEST_COMPILER "' -std=c++17 -fsyntax-only -I '" + (prefix() / "include").string() + "' " + source,
        folder.path());
    EXPECT_EQ(outcome.code, 0) << source << "\n" << outcome.error;
  }
}

TEST(Sdk, EachOfItsHeadersCompilesAlone) {
  const TemporaryFolder folder;
  write_file(folder / "headers/CMakeLists.txt",
             "cmake_minimum_required(VERSION 3.25)\nproject(headers LANGUAGES CXX)\nfind_package(senet REQUIRED)\n"
             "file(GLOB headers RELATIVE ${FOLDER} ${FOLDER}/*.h)\nforeach(header IN LISTS headers)\n"
             "  file(WRITE ${PROJECT_BINARY_DIR}/${header}.cpp \"#include <senet/${header}>\\n\")\n"
             "  list(APPEND sources ${PROJECT_BINARY_DIR}/${header}.cpp)\nendforeach()\n"
             "add_library(headers OBJECT ${sources})\ntarget_link_libraries(headers PRIVATE senet::core)\n"
             "target_compile_options(headers PRIVATE -fsyntax-only)\n");
  const Outcome outcome = shell("configure -S headers -B build -DFOLDER='" + (prefix() / "include/senet").string() +
                                    "'\ncmake --build build -j 2",
                                folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.error;
}

// A narrow MobileNetV2 and a tiny transformer, built outside the tree.
class Models : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    const std::string from = SENET_TEST_SOURCE "/tests/sdk/models";
    const Outcome built =
        shell("configure -S '" + from + "' -B build -DEXAMPLES='" + (prefix() / "share/senet/examples").string() +
                  "'\ncmake --build build -j 2\n" + run("once"),
              folder_->path());
    ASSERT_EQ(built.code, 0) << built.out << built.error;
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::string run(const std::string& turn) {
    return "senet run '" SENET_TEST_SOURCE
           "/tests/sdk/models/models.toml' --plugin-dir build --threads 1 --set "
           "training.checkpoint_seconds=0 --runs " +
           turn + "/runs --results " + turn + "/results";
  }
  static json result(const std::string& turn, const std::string& label) {
    return json::parse(testing::slurp(*folder_ / (turn + "/results/models/" + label + "-20pct-s1.json")));
  }

  inline static TemporaryFolder* folder_ = nullptr;
};

TEST_F(Models, AreCountedAsByHand) {
  const json mobilenet = result("once", "mobilenet"), vit = result("once", "vit");
  EXPECT_EQ(mobilenet["model"]["relus"], 3 * 8 * 64 + 8 * 16);
  EXPECT_EQ(mobilenet["model"]["macs"],
            2 * 4 * 9 * 64 + 2 * 4 * 8 * 64 + 8 * 9 * 64 + 4 * 8 * 64 + 8 * 9 * 16 + 8 * 4 * 16 + 4 * 4);
  EXPECT_EQ(mobilenet["result"]["relus"], 332);
  EXPECT_EQ(vit["model"]["relus"], 16 * 5);
  EXPECT_EQ(vit["model"]["macs"], 2 * 8 * 16 * 4 + 5 * (8 * 24 + 8 * 16 + 16 * 8) + 8 * 4);
  EXPECT_EQ(vit["result"]["relus"], 16);
  const std::string named = vit["model"].dump();
  EXPECT_NE(named.find("aten::softmax"), std::string::npos) << named;
  EXPECT_NE(named.find("aten::layer_norm after 'norm1'"), std::string::npos) << named;
}

TEST_F(Models, GoOnAsIfTheyHadNotBeenStopped) {
  for (const char* phase : {"sensitivity", "mask"}) {
    const Outcome stopped = shell(run("again") + " & until ls again/runs/" + phase +
                                      "-*/*.safetensors; do sleep 0.02; kill -0 $! || break; done >/dev/null 2>&1\n"
                                      "kill -TERM $! || true\nwait $! || true",
                                  folder_->path());
    EXPECT_EQ(stopped.code, 0) << stopped.error;
  }
  const Outcome resumed = shell(run("again"), folder_->path());
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  for (const char* label : {"mobilenet", "vit"})
    EXPECT_EQ(result("again", label)["result"], result("once", label)["result"]) << label;
}

TEST_F(Models, AreExportedOrRefusedByNameByExportAlone) {
  const auto exported = [&](const std::string& label) {
    return shell("senet export models/" + label + "-20pct " + label +
                     ".out --format stablehlo --plugin-dir build --runs once/runs --results once/results",
                 folder_->path());
  };
  const Outcome mobilenet = exported("mobilenet"), vit = exported("vit");
  EXPECT_EQ(mobilenet.code, 0) << mobilenet.error;
  EXPECT_NE(vit.code, 0);
  EXPECT_NE(vit.error.find("the network's operator aten::"), std::string::npos) << vit.error;
  EXPECT_NE(vit.error.find("cannot be exported"), std::string::npos) << vit.error;
}

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
