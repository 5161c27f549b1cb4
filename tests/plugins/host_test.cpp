#include "plugin/host.h"

#include <dlfcn.h>

#include "config/document.h"
#include "experiment/task.h"
#include "senet/dataset.h"
#include "support/models.h"
#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;

TEST(PluginHost, FindsWhatIsShipped) {
  const PluginHost host({SENET_TEST_PLUGINS});
  EXPECT_TRUE(host.refused().empty()) << host.refused().front().file << ": " << host.refused().front().reason;
  EXPECT_TRUE(host.has(PluginKind::dataset, "fashion_mnist"));
  EXPECT_TRUE(host.has(PluginKind::dataset, "synthetic"));
  EXPECT_TRUE(host.has(PluginKind::model, "resnet18"));
  EXPECT_TRUE(host.has(PluginKind::sensitivity, "pruning"));
  EXPECT_TRUE(host.has(PluginKind::sensitivity, "uniform"));
  EXPECT_FALSE(host.has(PluginKind::model, "pruning")) << "names belong to kinds";
}

TEST(PluginHost, AnUnknownNameListsTheKnownAndTheNearest) {
  const PluginHost host({SENET_TEST_PLUGINS});
  Exit exit = Exit::failure;
  const std::string message = error_of([&] { host.find(PluginKind::sensitivity, "prunning"); }, &exit);
  EXPECT_EQ(exit, Exit::usage);
  EXPECT_NE(message.find("did you mean 'pruning'"), std::string::npos) << message;
  EXPECT_NE(message.find("known: listed, pruning, stage_criticality, uniform"), std::string::npos) << message;
}

template <class T, class = void>
struct NamesTheTestImages : std::false_type {};
template <class T>
struct NamesTheTestImages<T, std::void_t<decltype(T::test)>> : std::true_type {};

TEST(Sdk, GivesMethodsTrainingAndHeldOutImagesAlone) {
  static_assert(!NamesTheTestImages<Part>::value, "the core alone evaluates on the test images");
  static_assert(static_cast<int>(Part::train) == 0 && static_cast<int>(Part::held_out) == 1);
}

TEST(PluginVersion, ChangesTheKeysOfWhatStandsOnIt) {
  static_assert(PluginEntry{}.at_version(3).version == 3);
  const PluginHost host({SENET_TEST_PLUGINS});
  const Document document = Document::from_toml(
      "name = \"x\"\n[dataset]\nplugin = \"synthetic\"\n[model]\nplugin = \"resnet18\"\n"
      "[[cell]]\nbudgets = [100]\n[[cell]]\nmethod = \"snl\"\nbudgets = [100]\n",
      "x.toml");
  const Plan plan = make_plan(document, host);
  const auto keys = [&](const Cell& cell) {
    Laboratory laboratory;
    laboratory.data.fingerprint = "data";
    laboratory.data.input = {3, 8, 8, 10};
    laboratory.student.build = [](const NetworkShape& shape) { return testing::build_model("resnet18", shape); };
    std::vector<std::string> all;
    const Task task = make_task(cell, host, laboratory, "100", 100, 1, {});
    for (const PhaseInputs* phase : task.in_order()) all.push_back(phase->key());
    return all;
  };
  const auto changed = [&](Cell cell, const std::string& part) {
    const std::vector<std::string> before = keys(cell);
    EXPECT_EQ(cell.versions.at(part), 1);
    cell.versions[part] = 2;
    const std::vector<std::string> after = keys(cell);
    std::string which;
    for (size_t i = 0; i < before.size(); ++i) which += before[i] == after[i] ? '-' : 'x';
    return which;
  };
  // Teacher and its evaluation; then the method's steps; then the evaluation.
  EXPECT_EQ(changed(plan.cells[0], "sensitivity plugin 'pruning'"), "--xxxx");
  EXPECT_EQ(changed(plan.cells[0], "model plugin 'resnet18'"), "xxxxxx");
  EXPECT_EQ(changed(plan.cells[1], "baseline plugin 'snl'"), "--xxx");
}

TEST(PluginHost, WhatAPluginMadeOutlivesTheHost) {
  std::shared_ptr<Dataset> dataset;
  {
    const PluginHost host({SENET_TEST_PLUGINS});
    Document document("none");
    document.set("dataset.train_images=20");
    dataset =
        host.make<Dataset>("synthetic", document.resolve("dataset", host.options(PluginKind::dataset, "synthetic")));
  }
  EXPECT_EQ(dataset->load(Split::train).count(), 20);
}

TEST(PluginHost, ASecondHostFindsTheSamePlugins) {
  const PluginHost first({SENET_TEST_PLUGINS}), second({SENET_TEST_PLUGINS, SENET_TEST_PLUGINS});
  EXPECT_EQ(first.loaded().size(), second.loaded().size());
}

TEST(PluginHost, RefusesFilesThatAreNoPlugins) {
  const testing::TemporaryFolder folder;
  testing::write_file(folder / "text.so", "not a library");
  testing::write_file(folder / "ignored.txt", "not a library");
  const PluginHost host({folder.path().string()});
  ASSERT_EQ(host.refused().size(), 1u);
  EXPECT_NE(host.refused()[0].file.find("text.so"), std::string::npos);
}

PluginHost with_unsound(const std::string& which) {
  return PluginHost({SENET_TEST_PLUGINS, std::string(SENET_TEST_UNSOUND_PLUGINS) + "/" + which});
}

TEST(PluginHost, RefusesAnotherAbiBeforeALineOfItRuns) {
  const testing::TemporaryFolder folder;
  const std::string trace = (folder / "trace").string();
  ASSERT_EQ(setenv("SENET_TEST_TRACE", trace.c_str(), 1), 0);
  const PluginHost host = with_unsound("another_abi");
  ASSERT_EQ(host.refused().size(), 1u);
  EXPECT_NE(host.refused()[0].reason.find("senet_abi_another"), std::string::npos) << host.refused()[0].reason;
  EXPECT_NE(host.refused()[0].reason.find(SENET_ABI_TAG), std::string::npos) << "both sides are named";
  EXPECT_FALSE(std::filesystem::exists(trace)) << "its static initialiser ran";
  // The trace is left when the file is loaded after all: the check above can fail.
  ASSERT_NE(dlopen(host.refused()[0].file.c_str(), RTLD_NOW | RTLD_LOCAL), nullptr);
  EXPECT_TRUE(std::filesystem::exists(trace));
  unsetenv("SENET_TEST_TRACE");
}

TEST(PluginHost, RefusesALibraryWithoutAManifest) {
  const PluginHost host = with_unsound("no_manifest");
  ASSERT_EQ(host.refused().size(), 1u);
  EXPECT_NE(host.refused()[0].reason.find("no manifest"), std::string::npos) << host.refused()[0].reason;
}

TEST(PluginHost, RefusesANameThatIsTakenAndKeepsTheFirst) {
  const PluginHost host = with_unsound("name_taken");
  ASSERT_EQ(host.refused().size(), 1u);
  EXPECT_NE(host.refused()[0].reason.find("sensitivity 'uniform'"), std::string::npos) << host.refused()[0].reason;
  EXPECT_NE(host.refused()[0].reason.find("uniform.so"), std::string::npos) << "and who has it";
  EXPECT_FALSE(host.options(PluginKind::sensitivity, "uniform").empty()) << "the impostor has no options";
}

TEST(PluginHost, ErrorsOfAPluginCarryItsName) {
  EXPECT_NE(error_of([] {
              PluginHost::guard(PluginKind::model, "mine", [] { throw std::out_of_range("inner"); });
            }).find("model plugin 'mine': inner"),
            std::string::npos);
  EXPECT_NE(error_of([] { PluginHost::guard(PluginKind::model, "mine", [] { throw 3; }); }).find("mine"),
            std::string::npos);
  Exit exit = Exit::failure;
  error_of([] { PluginHost::guard(PluginKind::model, "mine", [] { fail_usage("wrong"); }); }, &exit);
  EXPECT_EQ(exit, Exit::usage);
}

}  // namespace
}  // namespace senet
