// The scripts that carry networks to and from PyTorch.

#include <algorithm>
#include <map>

#include "results/result.h"
#include "storage/safetensors.h"
#include "support/program.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::identical;
using testing::json_of;
using testing::Outcome;
using testing::run_program;
using testing::run_shell;
using testing::TemporaryFolder;
using testing::write_file;

const std::string kPython = SENET_TEST_PYTHON, kSource = SENET_TEST_SOURCE;
const std::string kFromPth = kPython + " " + kSource + "/scripts/pth-to-safetensors ",
                  kToPth = kPython + " " + kSource + "/scripts/safetensors-to-pth ";

// What tests/scripts/evaluate.py says of it.
json evaluated(const testing::fs::path& folder, const std::string& masks) {
  return json_of(run_shell(kPython + " " + kSource + "/tests/scripts/evaluate.py network.safetensors " +
                               "exported/golden.safetensors '" + masks + "'",
                           folder));
}

struct Case {
  const char* name;
  const char* experiment;  // the sections behind the teacher's; null: SENet's
  std::vector<std::string> settings;
  const char* width = "1";
};

class SenetTorch : public ::testing::TestWithParam<Case> {};

TEST_P(SenetTorch, GivesTheLogitsAndTheAccuracyOfTheResult) {
  const Case& c = GetParam();
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml",
             c.experiment ? testing::tiny_experiment_of(c.experiment) : testing::tiny_experiment());
  std::vector<std::string> run = {"run", "tiny.toml", "--threads", "2", "--set", "teacher.epochs=2"};
  for (const std::string& setting : c.settings) run.insert(run.end(), {"--set", setting});
  const Outcome outcome = run_program(run, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  ASSERT_EQ(run_program({"export", "tiny", "--out", "network.safetensors", "--width", c.width}, folder.path()).code, 0);
  ASSERT_EQ(run_program({"export", "tiny", "--format", "stablehlo", "exported", "--images", "64", "--limit", "1",
                         "--width", c.width},
                        folder.path())
                .code,
            0);
  const Result result = load_results(folder / "results").at(0);
  const NetworkScores scores = result.at_width(std::stod(c.width)).scores;
  const bool whole = std::string(c.width) == "1";
  const json found =
      evaluated(folder.path(), whole ? testing::fs::path(result.file).replace_extension(".masks").string() : "");
  EXPECT_NEAR(found["accuracy"].get<double>(), scores.accuracy, 5e-4);
  EXPECT_LT(found["logits_off"].get<double>(), 1e-4);
  EXPECT_EQ(found["relus"], scores.relus);
  EXPECT_EQ(found["polynomials"].get<int>() > 0, scores.multiplications.any());
  EXPECT_LT(found["bytes_off"].get<double>(), 1e-2);
  EXPECT_LT(found["normalised_off"].get<double>(), 1e-5);
  EXPECT_EQ(found["input"][0], found["input"][1]);
  EXPECT_EQ(found["same_masks"], true) << "the file of masks holds the network's own";
}

constexpr const char* kAutoRep =
    "[autorep]\nsearch.epochs = 3\ndegree = 2\n[[cell]]\nmethod = \"autorep\"\nbudgets = [\"20%\"]\n";

INSTANTIATE_TEST_SUITE_P(
    Of, SenetTorch,
    ::testing::Values(
        Case{"resnet18", nullptr, {}}, Case{"resnet18_at_half_width", nullptr, {"mask.widths=[0.5,1.0]"}, "0.5"},
        Case{"resnet18_of_imagenet_without_identity",
             nullptr,
             {"model.stem=\"imagenet\"", "model.identity_shortcut=false", "dataset.height=19"}},
        Case{"resnet34_of_snl", nullptr, {"model.plugin=\"resnet34\"", "model.stem_relu=false"}},
        Case{"wrn22_8", nullptr, {"model.plugin=\"wrn22_8\"", "model.width=4"}},
        Case{"wrn22_8_of_snl", nullptr, {"model.plugin=\"wrn22_8\"", "model.width=4", "model.last_relu=false"}},
        Case{"vgg16", nullptr, {"model.plugin=\"vgg16\"", "dataset.height=16", "dataset.width=16"}},
        Case{"vgg16_common",
             nullptr,
             {"model.plugin=\"vgg16\"", "model.pools=\"all\"", "model.hidden=5", "dataset.height=32",
              "dataset.width=32"}},
        Case{"student_without_identity", nullptr, {"student.identity_shortcut=false"}}, Case{"autorep", kAutoRep, {}}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(SenetTorch, RefusesByNameWhatItDoesNotKnow) {
  const TemporaryFolder folder;
  const auto error = [&](const Metadata& metadata) {
    save_safetensors(folder / "network.safetensors", {{"conv1.weight", torch::zeros({2})}}, metadata);
    return run_shell(kPython + " -c \"import sys; sys.path.insert(0, '" + kSource +
                         "/scripts'); import senet_torch; senet_torch.load('network.safetensors')\"",
                     folder.path())
        .error;
  };
  EXPECT_NE(error({{"model", "mobilenet"}}).find("of the model mobilenet, which senet_torch does not know"),
            std::string::npos);
  EXPECT_NE(error({{"model", "vgg16"}}).find("does not say its normalisation; `senet export`"), std::string::npos);
}

TEST(SafetensorsToPth, CarriesWeightsMasksAndMetadataAndComesBack) {
  const TemporaryFolder folder;
  const TensorMap tensors = {{"linear.weight", torch::randn({2, 3})},
                             {"bn.num_batches_tracked", torch::tensor(7)},
                             {"mask.relu", torch::tensor({1, 0}, torch::kUInt8).view({2, 1, 1})}};
  save_safetensors(folder / "in.safetensors", tensors, {{"model", "mine"}});
  write_file(folder / "look.py",
             "import torch\n"
             "c = torch.load('out.pth', weights_only=True)\n"
             "print(sorted(c['state_dict']), c['masks']['relu'].flatten().tolist(), c['about']['model'])\n");
  const Outcome outcome = run_shell(kToPth + "in.safetensors out.pth --rename linear.=fc. && " + kPython +
                                        " look.py && " + kFromPth + "out.pth back.safetensors",
                                    folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_NE(outcome.out.find("['bn.num_batches_tracked', 'fc.weight'] [True, False] mine"), std::string::npos)
      << outcome.out;
  const TensorMap back = load_safetensors(folder / "back.safetensors").tensors;
  EXPECT_EQ(back.size(), 2u);
  for (const char* name : {"linear.weight", "bn.num_batches_tracked"})
    EXPECT_TRUE(identical(back.at(name), tensors.at(name))) << name;
}

TEST(PthToSafetensors, TakesPrefixesOutInAnyOrderAndReadsSafetensors) {
  const TemporaryFolder folder;
  write_file(
      folder / "save.py",
      "import torch\n"
      "w = torch.ones(2)\n"
      "torch.save({'module._orig_mod.module.fc.weight': w, 'module._orig_mod.module.a._orig_mod.b': w}, 'x.pth')\n");
  save_safetensors(folder / "module.safetensors",
                   {{"module.fc.weight", torch::ones({3})}, {"module.half", torch::ones({2}, torch::kBFloat16)}});
  const Outcome outcome = run_shell(kPython + " save.py && " + kFromPth + "x.pth x.safetensors && " + kFromPth +
                                        "module.safetensors plain.safetensors --drop half",
                                    folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const TensorMap pth = load_safetensors(folder / "x.safetensors").tensors,
                  plain = load_safetensors(folder / "plain.safetensors").tensors;
  EXPECT_TRUE(pth.size() == 2 && pth.count("linear.weight") && pth.count("a.b")) << outcome.out;
  EXPECT_TRUE(plain.size() == 1 && plain.count("linear.weight")) << outcome.out;
}

TEST(PthToSafetensors, SaysInOneLineWhatAFileIsAndWhatToDo) {
  const TemporaryFolder folder;
  write_file(folder / "save.py",
             "import argparse, torch\n"
             "w = {'conv1.weight': torch.ones(2)}\n"
             "torch.save({'state_dict': w, 'args': argparse.Namespace(lr=1)}, 'namespace.pth')\n"
             "torch.save([w], 'list.pth')\n"
             "torch.save({5: torch.ones(1), **w}, 'number.pth')\n"
             "torch.save({'epoch': 3}, 'nothing.pth')\n"
             "torch.save(torch.nn.Linear(2, 2), 'whole.pth')\n"
             "torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), 'script.pth')\n"
             "torch.save(w, 'sound.pth')\n"
             "open('cut.pth', 'wb').write(open('sound.pth', 'rb').read()[:300])\n");
  ASSERT_EQ(run_shell(kPython + " save.py", folder.path()).code, 0);
  write_file(folder / "page.pth", "<!DOCTYPE html><html><title>Virus scan warning</title></html>");
  write_file(folder / "pointer.pth", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
  write_file(folder / "text.pth", "hello");
  const std::map<std::string, std::string> files = {
      {"namespace.pth", "holds an object of the class argparse.Namespace, which could run code"},
      {"whole.pth", "of a whole module c.state_dict()"},
      {"list.pth", "holds a list, not weights by name; in PyTorch"},
      {"number.pth", "holds a tensor under 5, which is no name; in PyTorch"},
      {"nothing.pth", "holds no tensors under a name it is known by, but epoch"},
      {"script.pth", "is a TorchScript program; in PyTorch: torch.save(torch.jit.load("},
      {"cut.pth", "is cut off: it begins as a checkpoint and lacks its end"},
      {"page.pth", "is a web page, not a checkpoint: download"},
      {"pointer.pth", "is a Git LFS pointer"},
      {"text.pth", "is no checkpoint of PyTorch and no .safetensors file"},
      {"none.pth", "none.pth: No such file or directory"}};
  for (const auto& [file, said] : files) {
    const Outcome outcome = run_shell(kFromPth + file + " out.safetensors", folder.path());
    EXPECT_EQ(outcome.code, 1) << file;
    EXPECT_NE(outcome.error.find(said), std::string::npos) << outcome.error;
    EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
    EXPECT_FALSE(testing::fs::exists(folder / "out.safetensors")) << file;
  }
  const Outcome full = run_shell(kFromPth + "sound.pth nowhere/out.safetensors", folder.path());
  EXPECT_EQ(full.error, "pth-to-safetensors: nowhere/out.safetensors: No such file or directory\n");
}

}  // namespace
}  // namespace senet
