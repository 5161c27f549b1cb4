#include "support/bits.h"

namespace senet::students {
namespace {

using nlohmann::json;
using testing::json_of;
using testing::Outcome;
using testing::TemporaryFolder;
using testing::tiny_experiment_of;
using testing::write_file;

// A student that learns from the labels alone, with masks at random and shares by no measure: nothing of it depends on
// the teacher.
const std::string kAlone =
    "[sensitivity]\nplugin = \"uniform\"\n[mask]\nepochs = 2\nupdate = \"never\"\nkd_weight = 0\nce_weight = 1\n"
    "[finetune]\nepochs = 2\nkd_weight = 0\npram = \"none\"\n";
const std::string kSnl = "[snl]\nsearch.epochs = 2\nfill = true\nlambda = 0.1\nfinetune.epochs = 1\n";

std::string cell(const std::string& label, const std::string& settings) {
  return "[[cell]]\nlabel = \"" + label + "\"\nbudgets = [\"20%\"]\n" + settings;
}
const std::string kWithout = "student.identity_shortcut = false\n";
const std::string kCells = cell("both", "") + cell("student", kWithout) +
                           cell("model", "model.identity_shortcut = false\n") + cell("snl", "method = \"snl\"\n") +
                           cell("snl student", "method = \"snl\"\n" + kWithout);

const TemporaryFolder& finished() { return testing::uninterrupted(tiny_experiment_of(kAlone + kSnl + kCells)); }

json result_of(const std::string& label) {
  return json::parse(testing::slurp(finished() / ("results/tiny/" + label + "-20pct-s1.json")));
}
std::string key_of(const json& result, const std::string& kind) {
  for (const json& phase : result["phases"]) {
    if (phase["kind"] == kind) return phase["key"];
  }
  return "";
}

TEST(Student, HasModelOptionsOfItsOwnAndTheTeacherHasTheModels) {
  const json both = result_of("both"), student = result_of("student"), model = result_of("model");
  EXPECT_EQ(student["teacher"], both["teacher"]);
  EXPECT_NE(model["teacher"]["loss"], both["teacher"]["loss"]);
  EXPECT_EQ(student["result"]["loss"], model["result"]["loss"]) << "the same network, whatever the teacher is";
  EXPECT_NE(student["result"]["loss"], both["result"]["loss"]);
  for (const char* shared : {"teacher", "sensitivity"}) EXPECT_EQ(key_of(student, shared), key_of(both, shared));
  for (const char* own : {"mask", "finetune"}) EXPECT_NE(key_of(student, own), key_of(both, own));
  EXPECT_EQ(student["changes"].dump().find("\"option\":\"identity_shortcut\",\"section\":\"model\""),
            std::string::npos);
  EXPECT_NE(student["changes"].dump().find("\"option\":\"identity_shortcut\",\"section\":\"student\",\"value\":false"),
            std::string::npos)
      << student["changes"];
}

TEST(Student, OfABaselineIsEvaluatedAsItIs) {
  const json without = result_of("snl-student");
  EXPECT_NE(without["result"]["loss"], result_of("snl")["result"]["loss"]);
  EXPECT_EQ(without["result"]["relus"], 217);
  const json again = json_of(testing::run_program({"evaluate", "snl-student", "--json"}, finished().path()));
  EXPECT_EQ(again["loss"], without["result"]["loss"]);
}

Outcome planned(const std::string& cells) {
  const TemporaryFolder folder;
  const bool has_snl = cells.find("method = \"snl\"") != std::string::npos;
  write_file(folder / "tiny.toml", tiny_experiment_of(kAlone + (has_snl ? kSnl : "") + cells));
  return testing::run_program({"run", "tiny.toml", "--dry-run", "--json"}, folder.path());
}

TEST(Student, ThatIsTheModelIsNoOther) {
  std::map<std::string, std::string> keys;
  const json plan = json_of(planned(cell("a", "") + cell("b", "student.identity_shortcut = true\n")));
  for (const json& row : plan["phases"])
    keys[row["cell"].get<std::string>() + "/" + row["phase"].get<std::string>()] = row["key"];
  EXPECT_EQ(keys.at("a/mask"), keys.at("b/mask"));
}

TEST(Student, ThatCannotTakeMasksAndWeightsOfTheTeacherIsRefusedBeforeAnythingIsTrained) {
  const std::string snl = cell("snl", "method = \"snl\"\n"), from = "\"snl\"\n";
  for (const auto& [cells, word] : std::vector<std::pair<std::string, std::string>>{
           {cell("a", "student.stem_relu = false\n"), "student.stem_relu: the student has no ReLU site"},
           {cell("a", "student.width = 3\n"), "which the model has not"},
           {cell("a", "student.identity_shortcut = 1\n"), "expected true or false"},
           {cell("a", "student.shortcut = false\n"), "unknown key 'student.shortcut'"},
           {cell("a", "student.plugin = \"vgg16\"\n"), "unknown key 'student.plugin'"},
           {snl + cell("a", "mask.from = " + from + kWithout), "which has another [student]"}}) {
    const Outcome outcome = planned(cells);
    EXPECT_EQ(outcome.code, 2) << word;
    EXPECT_NE((outcome.out + outcome.error).find(word), std::string::npos) << outcome.out << outcome.error;
  }
  EXPECT_EQ(planned(cell("a", "") + cell("b", "sensitivity.from = \"a\"\n" + kWithout)).code, 0)
      << "a sensitivity is of the teacher's model";
}

}  // namespace
}  // namespace senet::students
