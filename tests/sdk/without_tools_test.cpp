// An installation that has lost libsenet_tools.so: all that runs an experiment is left, and what is not says so.

#include "sdk/installation.h"
#include "support/bits.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::json_of;
using testing::Outcome;
using testing::prefix;
using testing::run_shell;
using testing::slurp;
using testing::TemporaryFolder;
using testing::write_file;
namespace fs = std::filesystem;

class WithoutTools : public ::testing::Test {
 protected:
  // A run of the tiny experiment by the installation without the library.
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    fs::copy(prefix(), folder() / "senet", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    ASSERT_TRUE(fs::remove(folder() / "senet/lib/libsenet_tools.so"));
    write_file(folder() / "tiny.toml", testing::tiny_experiment());
    ran_ = senet("run tiny.toml --threads 2");
  }
  static void TearDownTestSuite() { delete folder_; }

  static const fs::path& folder() { return folder_->path(); }
  static Outcome senet(const std::string& arguments) { return run_shell("senet/bin/senet " + arguments, folder()); }
  static std::string missing() {
    return fs::canonical(folder() / "senet").string() + "/lib/libsenet_tools.so: no such file";
  }

  inline static TemporaryFolder* folder_ = nullptr;
  inline static Outcome ran_;
};

TEST_F(WithoutTools, ARunTrainsWritesItsResultsAndPrintsItsTable) {
  EXPECT_EQ(ran_.code, 0) << ran_.error;
  EXPECT_NE(ran_.out.find("ReLUs counted"), std::string::npos) << ran_.out;
  EXPECT_EQ(ran_.out.find("picture:"), std::string::npos) << ran_.out;
  EXPECT_NE(ran_.error.find("senet: no picture: " + missing()), std::string::npos) << ran_.error;
  EXPECT_TRUE(fs::exists(folder() / "results/tiny/senet-20pct-s1.json"));
}

TEST_F(WithoutTools, TheOtherVerbsOfRunningWork) {
  fs::copy(testing::phase_folder(folder(), "teacher") / "network.safetensors", folder() / "mine.safetensors");
  const std::string data = "--dataset synthetic --set dataset.height=8 --set dataset.width=8";
  for (const std::string& verb :
       {std::string("status tiny.toml"), std::string("run tiny.toml --dry-run"), std::string("plugins pruning"),
        std::string("plugins new sensitivity mine plugin"), std::string("options mask"),
        std::string("inspect tiny/senet"), std::string("evaluate tiny/senet --threads 2"),
        std::string("budget --model resnet18 --input 3x8x8 --classes 4 --budget 10% --sensitivity ") +
            "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
        std::string("compare tiny/senet tiny/senet"), "data show --out sheet.png " + data,
        "data pack --out x.pack " + data, std::string("data verify x.pack"),
        "import mine.safetensors --model resnet18 --set model.width=2 --set dataset.classes=4 --set "
        "dataset.channels=2 " +
            data,
        std::string("gc")}) {
    const Outcome outcome = senet(verb);
    EXPECT_EQ(outcome.code, 0) << verb << "\n" << outcome.error;
  }
  EXPECT_TRUE(fs::exists(folder() / "sheet.png"));
}

TEST_F(WithoutTools, DoctorSaysWhatIsMissing) {
  bool said = false;
  const json findings = json_of(senet("doctor --json"));
  for (const json& row : findings["findings"]) {
    if (row["what"] != "tools") continue;
    said = true;
    EXPECT_EQ(row["ok"], false);
    EXPECT_NE(row["advice"].get<std::string>().find(missing()), std::string::npos) << row;
  }
  EXPECT_TRUE(said);
}

TEST_F(WithoutTools, TheVerbsOfFinishedResultsNameTheMissingFile) {
  for (const char* verb : {"tables", "figures", "report", "cost tiny/senet", "differences tiny --against senet",
                           "export tiny/senet x.safetensors", "measure tiny/senet"}) {
    const Outcome outcome = senet(verb);
    EXPECT_EQ(outcome.code, 1) << verb;
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.error.find(missing()), std::string::npos) << outcome.error;
  }
}

TEST(Libraries, HelpAndWrongUsageLoadNone) {
  const TemporaryFolder folder;
  for (const char* words : {"--help", "--version", "run --help", "tables --help", "rnu", "export"}) {
    const Outcome outcome = testing::shell(std::string("LD_DEBUG=files senet ") + words + " || true", folder.path());
    EXPECT_NE(outcome.error.find("libstdc++"), std::string::npos) << "LD_DEBUG shows what is loaded";
    EXPECT_EQ(outcome.error.find("libsenet"), std::string::npos) << words;
  }
}

TEST(Libraries, EachVerbLoadsWhatItNeeds) {
  const TemporaryFolder folder;
  const Outcome plugins = testing::shell("LD_DEBUG=files senet plugins", folder.path());
  EXPECT_NE(plugins.error.find("libsenet_cli.so"), std::string::npos);
  EXPECT_EQ(plugins.error.find("libsenet_tools.so"), std::string::npos);
}

}  // namespace
}  // namespace senet
