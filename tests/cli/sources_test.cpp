#include "support/bits.h"

namespace senet::sources {
namespace {

using nlohmann::json;
using testing::json_of;
using testing::Outcome;
using testing::TemporaryFolder;
using testing::tiny_experiment_of;
using testing::write_file;
namespace fs = std::filesystem;

const std::string kSettings = "[sensitivity]\nepochs = 1\n[mask]\nepochs = 1\n[finetune]\nepochs = 1\n";
const std::string kSnl =
    "method = \"snl\"\nsnl.fill = true\nsnl.search.epochs = 2\nsnl.lambda = 0.1\nsnl.finetune.epochs = 1\n";

std::string cell(const std::string& label, const std::string& settings, const std::string& budgets = "[\"10%\"]") {
  return "[[cell]]\nlabel = \"" + label + "\"\nbudgets = " + budgets + "\n" + settings;
}

const std::string kCells =
    cell("ours", "") + cell("snl", kSnl) +
    cell("theirs", "mask.from = \"snl\"\nmask.epochs = 0\nmask.start = \"teacher\"\nfinetune.lr = 0\n") +
    cell("shuffled", "mask.from = \"snl\"\nmask.pixels = \"random\"\n") +
    cell("found", "mask.from = \"snl\"\nmask.pixels = \"found\"\nmask.score = \"pre\"\n") +
    cell("taken", "sensitivity.from = \"ours\"\nmask.score = \"pre\"\n");

const TemporaryFolder& finished() { return testing::uninterrupted(tiny_experiment_of(kSettings + kCells)); }

json result_of(const std::string& label) {
  return json::parse(testing::slurp(finished() / ("results/tiny/" + label + "-10pct-s1.json")));
}
std::string masks_of(const std::string& label) {
  return testing::slurp(finished() / ("results/tiny/" + label + "-10pct-s1.masks"));
}

std::vector<int64_t> counts(const json& result) {
  std::vector<int64_t> all;
  for (const json& site : result["sites"]) all.push_back(site["counted"]);
  return all;
}

std::set<std::string> kinds(const json& result) {
  std::set<std::string> all;
  for (const json& phase : result["phases"]) all.insert(phase["kind"]);
  return all;
}

TEST(MasksFromAnotherCell, AreKeptAsTheyAreAndNothingIsMeasured) {
  const json theirs = result_of("theirs");
  EXPECT_EQ(masks_of("theirs"), masks_of("snl"));
  EXPECT_EQ(counts(theirs), counts(result_of("snl")));
  EXPECT_EQ(theirs["result"]["relus"], 108);
  EXPECT_EQ(kinds(theirs), (std::set<std::string>{"teacher", "evaluation", "mask", "finetune"}));
  EXPECT_NE(masks_of("theirs"), masks_of("ours"));
  const fs::path teacher = testing::phase_folder(finished().path(), "teacher") / "network.safetensors";
  EXPECT_TRUE(testing::identical(testing::first_weights("theirs-10pct-s1", finished().path()),
                                 load_safetensors(teacher).tensors.at("conv1.weight")))
      << "a fine-tuning at the rate 0 leaves the weights that mask.start gave";
}

TEST(MasksFromAnotherCell, CanKeepAsManyOfEachLayerAtRandom) {
  EXPECT_EQ(counts(result_of("shuffled")), counts(result_of("snl")));
  EXPECT_NE(masks_of("shuffled"), masks_of("snl"));
}

TEST(MasksFromAnotherCell, CanGiveTheCountsOfMasksThatAreFound) {
  EXPECT_EQ(counts(result_of("found")), counts(result_of("snl")));
  EXPECT_NE(masks_of("found"), masks_of("snl"));
  EXPECT_NE(masks_of("found"), masks_of("shuffled")) << "masks that change after each epoch";
  EXPECT_EQ(kinds(result_of("found")).count("sensitivity"), 0u);
}

TEST(SensitivityFromAnotherCell, SharesTheBudgetAsItDoesThere) {
  const json ours = result_of("ours"), taken = result_of("taken");
  for (size_t l = 0; l < ours["sites"].size(); ++l) {
    EXPECT_EQ(taken["sites"][l]["sensitivity"], ours["sites"][l]["sensitivity"]);
    EXPECT_EQ(taken["sites"][l]["allocated"], ours["sites"][l]["allocated"]);
  }
  EXPECT_EQ(kinds(taken).count("sensitivity"), 0u);
}

// The rows of a dry run beside the finished experiment, by the cell's label and the phase.
std::map<std::string, json> planned(const std::string& cells) {
  write_file(finished() / "again.toml", tiny_experiment_of(kSettings + cells));
  const json plan = json_of(testing::run_program({"run", "again.toml", "--dry-run", "--json"}, finished().path()));
  std::map<std::string, json> rows;
  for (const json& row : plan["phases"])
    rows[row["cell"].get<std::string>() + "/" + row["phase"].get<std::string>()] = row;
  return rows;
}

TEST(ASourceByItsPath, StandsForItsContent) {
  // The same network by its result and by its cell: the same phase, whatever the cell is called now.
  const std::string settings = "mask.epochs = 0\nmask.start = \"teacher\"\nmask.from = ";
  const auto rows = planned(cell("other", kSnl) + cell("by label", settings + "\"other\"\n") +
                            cell("by result", settings + "\"results/tiny/snl-10pct-s1.json\"\n") +
                            cell("by masks", settings + "\"results/tiny/snl-10pct-s1.masks\"\n"));
  EXPECT_EQ(rows.at("by label/mask")["state"], "finished");
  EXPECT_EQ(rows.at("by label/mask")["key"], rows.at("by result/mask")["key"]);
  EXPECT_EQ(rows.at("by masks/mask")["state"], "not begun");

  fs::copy(finished() / "results/tiny/snl-10pct-s1.masks", finished() / "copy.masks");
  fs::copy(finished() / "results/tiny/ours-10pct-s1.masks", finished() / "others.masks");
  const auto copies =
      planned(cell("by masks", settings + "\"copy.masks\"\n") + cell("others", settings + "\"others.masks\"\n"));
  EXPECT_EQ(copies.at("by masks/mask")["key"], rows.at("by masks/mask")["key"]);
  EXPECT_NE(copies.at("others/mask")["key"], rows.at("by masks/mask")["key"]);
}

TEST(ASourceByItsPath, GivesTheSameMasks) {
  write_file(finished() / "path.toml",
             tiny_experiment_of(kSettings + cell("path", "mask.from = \"results/tiny/snl-10pct-s1.masks\"\n")));
  const Outcome outcome = testing::run_program({"run", "path.toml", "--results", "others"}, finished().path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(testing::slurp(finished() / "others/tiny/path-10pct-s1.masks"), masks_of("snl"));
}

TEST(ASourceByItsPath, GivesTheSensitivityThatWasMeasured) {
  const auto taken = [](const std::string& from) {
    return cell("taken", "sensitivity.from = \"" + from + "\"\nmask.score = \"pre\"\n");
  };
  write_file(finished() / "path.toml", tiny_experiment_of(kSettings + taken("results/tiny/ours-10pct-s1.json")));
  const Outcome outcome = testing::run_program({"run", "path.toml", "--results", "paths"}, finished().path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(testing::slurp(finished() / "paths/tiny/taken-10pct-s1.masks"), masks_of("taken"));
  const auto rows = planned(cell("ours", "") + taken("ours"));
  EXPECT_EQ(rows.at("taken/mask")["state"], "finished") << "it is the same phase";
}

TEST(ASourceByItsPath, OfAnotherModelsSensitivityIsRefused) {
  write_file(finished() / "deeper.toml",
             tiny_experiment_of(kSettings + cell("taken",
                                                 "model.plugin = \"resnet34\"\n"
                                                 "sensitivity.from = \"results/tiny/ours-10pct-s1.json\"\n")));
  const Outcome outcome = testing::run_program({"run", "deeper.toml", "--results", "deeper"}, finished().path());
  EXPECT_NE(outcome.error.find("the source of sensitivity.from"), std::string::npos) << outcome.error;
  EXPECT_EQ(outcome.error.find("allocation"), std::string::npos) << outcome.error;
}

TEST(ASource, IsRunUpToTheStepThatIsTaken) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml",
             tiny_experiment_of(kSettings + cell("ours", "mask.lr = 1e30\n") +
                                cell("taken", "sensitivity.from = \"ours\"\nmask.score = \"pre\"\n")));
  const Outcome outcome = testing::run_program({"run", "tiny.toml", "--cell", "taken"}, folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(testing::finished_phases(folder.path()).count("mask"), 1u) << "and not the masks of 'ours'";
  const json plan =
      json_of(testing::run_program({"run", "tiny.toml", "--cell", "taken", "--dry-run", "--json"}, folder.path()));
  std::vector<std::string> phases;
  for (const json& row : plan["phases"])
    phases.push_back(row["cell"].get<std::string>() + "/" + row["phase"].get<std::string>());
  EXPECT_EQ(phases, (std::vector<std::string>{"ours/teacher", "ours/evaluation", "ours/sensitivity", "taken/teacher",
                                              "taken/evaluation", "taken/mask", "taken/finetune", "taken/evaluation"}));
}

TEST(ASourceByItsPath, OfMoreReLUsThanTheBudgetIsRefused) {
  write_file(
      finished() / "large.toml",
      tiny_experiment_of(kSettings + cell("large", "mask.from = \"results/tiny/snl-10pct-s1.masks\"\n", "[\"5%\"]")));
  const Outcome outcome = testing::run_program({"run", "large.toml", "--results", "large"}, finished().path());
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.error.find("mask.from gives masks that keep 108 ReLUs, more than the budget of 54"),
            std::string::npos)
      << outcome.error;
}

TEST(ASource, ThatIsNoneIsRefusedBeforeAnythingIsTrained) {
  const TemporaryFolder folder;
  const std::string snl = cell("snl", kSnl);
  for (const auto& [cells, word] : std::vector<std::pair<std::string, std::string>>{
           {cell("a", "mask.from = \"b\"\n"), "'b' is no cell of this experiment ('a') and no file"},
           {snl + cell("a", "mask.from = \"snl\"\n", "[\"10%\", \"5%\"]"), "does not run with budget 5%"},
           {snl + cell("a", "mask.from = \"snl\"\nseeds = [1, 2]\n"), "does not run with seed 2"},
           {cell("a", "mask.from = \"a\"\n"), "which stands on it"},
           {cell("a", "mask.from = \"b\"\n") + cell("b", "mask.from = \"a\"\n"), "which stands on it"},
           {snl + cell("a", "sensitivity.from = \"snl\"\n"), "'snl' has no step 'sensitivity'"},
           {cell("a", "sensitivity.from = \"" + (finished() / "results/tiny/snl-10pct-s1.json").string() + "\"\n"),
            "snl-10pct-s1.json', which has none; name a result that has one"},
           {cell("a", "sensitivity.from = \"" + (finished() / "results/tiny/snl-10pct-s1.masks").string() + "\"\n"),
            "takes the step 'sensitivity' of"},
           {snl + cell("a", "mask.from = \"snl\"\nmodel.width = 4\n"), "another data set, model or precision"},
           {snl + cell("a", "mask.from = \"snl\"\nmask.pixels = \"found\"\nmask.epochs = 0\n"),
            "expected at least 1, or mask.from with mask.pixels"},
           {snl + cell("a", "mask.from = \"snl\"\nmask.first = \"teacher\"\n"), "mask.first has no part"},
           {cell("a", "mask.epochs = 0\n"), "mask.epochs = 0 finds no masks"}}) {
    write_file(folder / "tiny.toml", tiny_experiment_of(kSettings + cells));
    const Outcome outcome = testing::run_program({"run", "tiny.toml", "--dry-run"}, folder.path());
    EXPECT_EQ(outcome.code, 2) << word;
    EXPECT_NE((outcome.out + outcome.error).find(word), std::string::npos) << outcome.out << outcome.error;
    EXPECT_FALSE(fs::exists(folder / "runs"));
  }
}

}  // namespace
}  // namespace senet::sources
