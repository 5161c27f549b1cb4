#include "config/document.h"

#include <nlohmann/json.hpp>

#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using ::testing::Test;

const std::vector<Option> kDeclared = declare(
    std::vector<Option>{
        integer_option("epochs", "240", "passes").at_least(1),
        real_option("lr", "0.05", "rate").between(0, 10),
        text_option("schedule", "\"step\"", "shape").one_of("step cosine"),
        boolean_option("flip", "true", "flips"),
        reals_option("drops", "[0.5, 0.75]", "fractions").between(0, 1),
        text_option("path", "\"here\"", "folder").without_effect(),
    }
        .data(),
    6);

bool mentions(const std::string& message, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (message.find(word) == std::string::npos) {
      ADD_FAILURE() << "'" << word << "' is missing in: " << message;
      return false;
    }
  }
  return true;
}

std::string refusal(const std::string& toml) {
  Exit exit = Exit::failure;
  const std::string message = error_of(
      [&] {
        const Document document = Document::from_toml(toml, "x.toml");
        document.resolve("phase", kDeclared, document.cells() ? 0 : -1);
        document.refuse_unread();
      },
      &exit);
  EXPECT_EQ(exit, Exit::usage);
  return message;
}

TEST(Document, GivesDefaultsWhereNothingIsSaid) {
  const Options options = Document("none").resolve("phase", kDeclared);
  EXPECT_EQ(options.integer("epochs"), 240);
  EXPECT_DOUBLE_EQ(options.real("lr"), 0.05);
  EXPECT_EQ(options.text("schedule"), "step");
  EXPECT_EQ(options.reals("drops"), (std::vector<double>{0.5, 0.75}));
  EXPECT_EQ(options.item("lr").origin, "default");
  EXPECT_TRUE(changed_options(options).empty());
}

TEST(Document, TheCommandLineBeatsTheCellTheCellTheFileTheSectionItsFallback) {
  Document document = Document::from_toml(
      "training.lr = 0.1\ntraining.epochs = 7\nphase.epochs = 8\n[[cell]]\nphase.epochs = 9\n[[cell]]\n", "x.toml");
  EXPECT_EQ(document.resolve("phase", kDeclared, 0, "training").integer("epochs"), 9);
  EXPECT_EQ(document.resolve("phase", kDeclared, 1, "training").integer("epochs"), 8);
  EXPECT_DOUBLE_EQ(document.resolve("phase", kDeclared, 1, "training").real("lr"), 0.1);
  EXPECT_EQ(document.resolve("phase", kDeclared, 1, "training").item("lr").origin, "x.toml:1:15");
  document.set("phase.epochs=3");
  EXPECT_EQ(document.resolve("phase", kDeclared, 0, "training").integer("epochs"), 3);
  EXPECT_NO_THROW(document.refuse_unread());
}

TEST(Document, AnIntegerServesAsANumberButNotTheOtherWay) {
  EXPECT_DOUBLE_EQ(Document::from_toml("phase.lr = 1", "x").resolve("phase", kDeclared).real("lr"), 1.0);
  EXPECT_TRUE(
      mentions(refusal("phase.epochs = 1.5"), {"x.toml:1:16", "phase.epochs = 1.5", "an integer", "at least 1"}));
}

TEST(Document, RefusesWhatNoOptionAllowsWithPlaceKeyFoundAndExpected) {
  mentions(refusal("[phase]\n  lr = \"fast\""), {"x.toml:2:8", "phase.lr", "fast", "a number", "[0, 10]"});
  mentions(refusal("phase.lr = 11.0"), {"11", "[0, 10]"});
  mentions(refusal("phase.lr = nan"), {"nan"});
  mentions(refusal("phase.epochs = 0"), {"phase.epochs = 0", "at least 1"});
  mentions(refusal("phase.schedule = \"cosin\""), {"step cosine", "did you mean 'cosine'"});
  mentions(refusal("phase.drops = [0.5, 2.0]"), {"phase.drops", "[0, 1]"});
  mentions(refusal("phase.flip = 1"), {"true or false"});
  mentions(refusal("phase.flip = 1979-05-27"), {"true or false"});
}

TEST(Document, EveryKeyMustBeReadBySomeone) {
  mentions(refusal("[phase]\nepoch = 3"), {"x.toml:2:9", "unknown key 'phase.epoch'", "did you mean 'phase.epochs'?"});
  mentions(refusal("[phase]\nlrr = 0.1"), {"unknown key 'phase.lrr' (found 0.1)"});
  mentions(refusal("[phse]\nepochs = 3"), {"phse.epochs", "did you mean 'phase.epochs'?"});
  mentions(refusal("[[cell]]\nphase.lrr = 0.1"), {"x.toml:2:13", "phase.lrr", "did you mean 'phase.lr'?"});
  Document document("none");
  document.set("zzzzzzzzzz=1");
  document.resolve("phase", kDeclared);
  mentions(error_of([&] { document.refuse_unread(); }), {"--set zzzzzzzzzz=1", "senet options"});
}

TEST(Document, AMistypedKeyIsNearestToOneOfItsOwnSection) {
  const auto meant = [](const std::string& key) {
    Document document("none");
    document.set(key + "=1");
    document.resolve("phase", kDeclared);
    document.resolve("phases", {integer_option("epoch", "1", ""), integer_option("epochs_at_most", "1", "")});
    return error_of([&] { document.refuse_unread(); });
  };
  mentions(meant("phase.epoch"), {"did you mean 'phase.epochs'?"});
  mentions(meant("phases.epochs"), {"did you mean 'phases.epoch'?"});
  mentions(meant("phse.epochs"), {"did you mean 'phase.epochs'?"});
}

TEST(Document, AKeyThatAnotherCellReadsIsNotItsOwnHint) {
  const Document document = Document::from_toml("[[cell]]\n[[cell]]\nphase.epochs = 3\n", "x.toml");
  document.resolve("phase", kDeclared, 0);
  const std::string message = error_of([&] { document.refuse_unread(); });
  mentions(message, {"x.toml:3:", "nothing reads the key 'phase.epochs'"});
  EXPECT_EQ(message.find("did you mean"), std::string::npos) << message;
}

TEST(Document, ASectionWithoutKeysHasToBeKnownToo) {
  EXPECT_EQ(Document::from_toml("[phase]\n", "x.toml").resolve("phase", kDeclared).integer("epochs"), 240);
  const Document known = Document::from_toml("[phase]\n", "x.toml");
  known.resolve("phase", kDeclared);
  EXPECT_NO_THROW(known.refuse_unread());
  mentions(refusal("name = 1\n[phsae]\n"), {"x.toml:1:", "name"});
  mentions(refusal("[phsae]\n"), {"x.toml:1:2", "unknown section [phsae]", "did you mean 'phase'?"});
}

TEST(Document, APathDoesNotBeginAtHome) {
  mentions(refusal("phase.schedule = \"~/step\""), {"x.toml:1:18", "phase.schedule"});
  const std::vector<Option> path = {text_option("path", "\"\"", "")};
  mentions(error_of([&] { Document::from_toml("d.path = \"~/images\"", "x.toml").resolve("d", path); }),
           {"x.toml:1:10: d.path = '~/images'", "~ is not expanded", "the whole path"});
  EXPECT_EQ(Document::from_toml("d.path = \"~images\"", "x.toml").resolve("d", path).text("path"), "~images");
}

TEST(Document, RefusesFilesThatAreNotExperiments) {
  mentions(error_of([] { Document::from_toml("", "empty.toml"); }), {"empty.toml", "is empty"});
  mentions(error_of([] { Document::from_toml("a = = 1", "x.toml"); }), {"x.toml:1:", "not valid TOML"});
  mentions(error_of([] { Document::from_toml("a = 1\na = 2", "x.toml"); }), {"x.toml:2:"});
  mentions(error_of([] { Document::from_toml("cell = 3", "x.toml"); }), {"x.toml:1:8", "[[cell]]"});
  mentions(error_of([] { Document::from_toml("a = 1\n[[cells]]\nb = 2\n[[cells]]\n", "x.toml"); }),
           {"x.toml:2:3", "no [[cells]]", "did you mean [[cell]]?"});
  EXPECT_NO_THROW(Document::from_toml("[[data_set]]\na = 1\n", "x.toml")) << "other documents have such";
  mentions(error_of([] { Document::from_file("/no/such/file.toml"); }), {"/no/such/file.toml", "no such file"});
  mentions(error_of([] { Document::from_file("/"); }), {"/"});
}

TEST(Document, SetTakesTomlValuesAndBareWords) {
  Document document("none");
  document.set("phase.schedule=cosine");
  document.set("phase.drops=[0.1]");
  document.set("phase.flip=false");
  const Options options = document.resolve("phase", kDeclared);
  EXPECT_EQ(options.text("schedule"), "cosine");
  EXPECT_EQ(options.reals("drops"), std::vector<double>{0.1});
  EXPECT_FALSE(options.boolean("flip"));
  EXPECT_EQ(options.item("flip").origin, "--set phase.flip=false");
  for (const char* wrong : {"phase.lr", "=1", "phase.lr=[1,", "phase.lr=1\nx=2"}) {
    EXPECT_NE(error_of([&] { Document("none").set(wrong); }).find("--set"), std::string::npos) << wrong;
  }
}

TEST(Document, BudgetsMixCountsAndShares) {
  const std::vector<Option> declared = {budgets_option("budgets", "[]", "b")};
  const Document document = Document::from_toml("budgets = [\"10%\", 15000]\n", "x.toml");
  EXPECT_EQ(document.resolve("", declared).texts("budgets"), (std::vector<std::string>{"10%", "15000"}));
  const Document counts = Document::from_toml("budgets = [1, 2]\n", "x.toml");
  EXPECT_EQ(counts.resolve("", declared).texts("budgets"), (std::vector<std::string>{"1", "2"}));
}

TEST(Document, OnlyWhatAffectsResultsAndDiffersIsChanged) {
  const Document document = Document::from_toml("[phase]\nlr = 0.05\nepochs = 3\npath = \"there\"", "x.toml");
  EXPECT_EQ(changed_options(document.resolve("phase", kDeclared)).dump(), "{\"epochs\":3}");
}

TEST(Document, SettingsOfAResultComeBack) {
  const Document document = Document::from_toml("[phase]\nlr = 2\ndrops = []\nflip = false", "x.toml");
  const Options options = document.resolve("phase", kDeclared);
  std::vector<Setting> settings;
  for (const Options::Item& item : options.items())
    settings.push_back({std::string("phase.") + item.declaration.name, item.value});
  const Options again = Document::from_settings(settings, "result").resolve("phase", kDeclared);
  EXPECT_EQ(to_json(again), to_json(options));
}

TEST(Options, ReadingWhatWasNotDeclaredIsAnError) {
  const Options options = Document("none").resolve("phase", kDeclared);
  EXPECT_NE(error_of([&] { options.real("rate"); }).find("phase"), std::string::npos);
  EXPECT_NE(error_of([&] { options.integer("lr"); }).find("another type"), std::string::npos);
}

TEST(Options, ADefaultThatIsNoValueOfItsTypeIsAnErrorThatNamesTheOption) {
  const std::vector<std::pair<Option, const char*>> wrong = {
      {text_option("kind", "linear", ""), "option 'kind' declares the default linear, which is not a text"},
      {integer_option("count", "0.5", ""), "option 'count' declares the default 0.5, which is not an integer"}};
  for (const auto& [option, words] : wrong) {
    const std::string message = error_of([&, declared = option] { default_of(declared); });
    EXPECT_NE(message.find(words), std::string::npos) << message;
  }
}

TEST(Nearest, FindsWhatWasMeantAndNothingElse) {
  const std::set<std::string> known = {"pruning", "uniform", "stage_criticality"};
  EXPECT_EQ(nearest_name("prunning", known), "pruning");
  EXPECT_EQ(nearest_name("unifrom", known), "uniform");
  EXPECT_EQ(nearest_name("cosine", known), "");
}

}  // namespace
}  // namespace senet
