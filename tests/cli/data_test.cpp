#include <thread>

#include "storage/safetensors.h"
#include "support/bits.h"
#include "support/image_writer.h"

namespace senet {
namespace {

using nlohmann::json;
using testing::json_of;
using testing::Outcome;
using testing::run_program;
using testing::slurp;
using testing::TemporaryFolder;
using testing::uninterrupted;
using testing::write_file;

const std::vector<std::string> kSynthetic = {"--dataset", "synthetic",
                                             "--set",     "dataset.channels=2",
                                             "--set",     "dataset.height=8",
                                             "--set",     "dataset.width=8",
                                             "--set",     "dataset.classes=4",
                                             "--set",     "dataset.train_images=160",
                                             "--set",     "dataset.test_images=64"};

std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(DataPack, ARunFromThePackedFileGivesTheSameBitsFromMemoryAndReadAhead) {
  const TemporaryFolder packed;
  const json described =
      json_of(run_program(with({"data", "pack", "--out", "x.pack", "--json"}, kSynthetic), packed.path()));
  EXPECT_EQ(described["train"], 160);
  EXPECT_EQ(described["test"], 64);
  EXPECT_EQ(run_program({"data", "verify", "x.pack"}, packed.path()).code, 0);
  for (const char* memory : {"8", "0"}) {
    const TemporaryFolder folder;
    write_file(folder / "tiny.toml", testing::tiny_experiment());
    std::filesystem::copy(packed / "x.pack", folder / "x.pack");
    const std::vector<std::string> run =
        with(testing::kRun, {"--set", "dataset.packed=\"x.pack\"", "--set", std::string("dataset.memory=") + memory});
    const Outcome outcome = run_program(run, folder.path());
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    const auto result = [](const TemporaryFolder& of) {
      json whole = json::parse(slurp(of / "results/tiny/senet-20pct-s1.json"));
      return json{{"teacher", whole["teacher"]}, {"result", whole["result"]}, {"sites", whole["sites"]}};
    };
    EXPECT_EQ(result(folder), result(uninterrupted())) << "memory " << memory;
    const json whole = json::parse(slurp(folder / "results/tiny/senet-20pct-s1.json"));
    const json plain = json::parse(slurp(uninterrupted() / "results/tiny/senet-20pct-s1.json"));
    EXPECT_EQ(whole["dataset"]["fingerprint"], plain["dataset"]["fingerprint"]);
    EXPECT_EQ(whole["phases"][0]["key"], plain["phases"][0]["key"]) << "where images lie changes no phase";
  }
}

std::filesystem::path teacher_of(const TemporaryFolder& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder / "runs")) {
    if (entry.path().filename().string().rfind("teacher-", 0) == 0) return entry.path() / "network.safetensors";
  }
  ADD_FAILURE() << "there is no teacher";
  return {};
}

// An experiment on images/train and images/val, 12 and 6 PNG files of 20×24 of two classes.
struct ImageExperiment {
  TemporaryFolder folder;
  const std::vector<std::string> view = {"--set", "dataset.resize=16", "--set", "dataset.size=12"};

  ImageExperiment() {
    for (int i = 0; i < 18; ++i) {
      write_file(folder / text("images/", i < 12 ? "train" : "val", i % 2 ? "/b/" : "/a/", i, ".png"),
                 testing::png_of(testing::made_up_image(20, 24, i)) + "behind the image");
    }
    write_file(folder / "tiny.toml", testing::tiny_experiment_on("plugin = \"image_folder\"\npath = \"images\"\n"));
  }
  // The keys of all phases.
  std::vector<std::string> keys(const std::vector<std::string>& settings, const std::string& cache = "cache") const {
    const json forecast =
        json_of(run_program(with({"run", "tiny.toml", "--dry-run", "--json", "--threads", "2"}, settings),
                            folder.path(), {"XDG_CACHE_HOME=" + (folder / cache).string()}));
    std::vector<std::string> keys;
    for (const json& phase : forecast["phases"]) keys.push_back(phase["key"]);
    EXPECT_EQ(keys.size(), 6u);
    return keys;
  }
  void pack(const std::string& encoding, const std::string& out) const {
    const Outcome outcome = run_program(with({"data", "pack", "--dataset", "image_folder", "--set",
                                              "dataset.path=\"images\"", "--encoding", encoding, "--out", out},
                                             view),
                                        folder.path());
    EXPECT_EQ(outcome.code, 0) << outcome.error;
  }
};

TEST(PhaseKeys, KnowWhatTheImagesLookLikeAndNotWhereTheyLie) {
  const ImageExperiment images;
  const std::vector<std::string> streamed = {"--set", "dataset.memory=0"};
  const auto keys = images.keys(images.view);
  EXPECT_EQ(images.keys(with(images.view, streamed)), keys) << "the memory that images may take";
  for (const char* encoding : {"raw", "encoded"}) {
    images.pack(encoding, "x.pack");
    const auto packed = with(images.view, {"--set", "dataset.packed=\"x.pack\""});
    EXPECT_EQ(images.keys(with(packed, streamed)), keys) << encoding << ", read as they are needed";
    if (encoding == std::string("raw")) {
      EXPECT_EQ(images.keys(packed), keys) << "raw, in memory";
    }
  }
  const auto differ = [&](const std::vector<std::string>& settings, const char* what) {
    const auto others = images.keys(settings);
    for (size_t i = 0; i < keys.size(); ++i) EXPECT_NE(others[i], keys[i]) << what << ", phase " << i;
  };
  const auto replaced = [&](const char* setting) { return with(with(images.view, streamed), {"--set", setting}); };
  differ(replaced("dataset.resize=14"), "another length of the shorter side");
  differ(replaced("dataset.size=10"), "another crop");

  write_file(images.folder / "images/val/a/12.png", slurp(images.folder / "images/val/a/14.png"));
  differ(with(images.view, streamed), "another image under the name");
  images.pack("encoded", "x.pack");
  differ(with(with(images.view, streamed), {"--set", "dataset.packed=\"x.pack\""}), "the same, packed");
}

TEST(Fingerprint, OfASetThatIsGivenAsPixelsIsThatOfEarlierVersions) {
  const json result = json::parse(slurp(uninterrupted() / "results/tiny/senet-20pct-s1.json"));
  EXPECT_EQ(result["dataset"]["fingerprint"], "54fb5255ad2bacc544fbd290dd3571d9");
}

TEST(PhaseKeys, OfAnImportedTeacherKnowTheShapeOfTheInput) {
  const TemporaryFolder folder;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  std::filesystem::copy(teacher_of(uninterrupted()), folder / "mine.safetensors");
  const auto teacher = [&](const char* height) {
    const json forecast =
        json_of(run_program({"run", "tiny.toml", "--dry-run", "--json", "--set", "teacher.weights=\"mine.safetensors\"",
                             "--set", std::string("dataset.height=") + height},
                            folder.path()));
    return forecast["phases"][0]["key"];
  };
  EXPECT_NE(teacher("8"), teacher("12"));
}

TEST(Checksums, OfAFolderAreRememberedByPathSizeAndTimeOfChange) {
  const ImageExperiment images;
  const std::vector<std::string> streamed = with(images.view, {"--set", "dataset.memory=0"});
  const auto remembered = [&] {
    std::map<std::string, std::string> files;
    const auto folder = images.folder / "cache/senet/checksums";
    if (!std::filesystem::exists(folder)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      files[entry.path().string()] = slurp(entry.path());
    }
    return files;
  };
  const auto fresh = images.keys(streamed);
  EXPECT_TRUE(remembered().empty()) << "what has just changed may change again within one tick of the clock";
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  EXPECT_EQ(images.keys(streamed), fresh);
  const auto after = remembered();
  ASSERT_EQ(after.size(), 2u) << "one for train, one for val";
  size_t bytes = 0;
  for (const auto& [file, content] : after) bytes += content.size();
  EXPECT_EQ(bytes, 2 * 16 + 18 * 32u) << "an entry of 32 bytes for each image";
  EXPECT_EQ(images.keys(streamed), fresh);
  EXPECT_EQ(remembered(), after) << "nothing was read again";

  for (const auto& [file, content] : after) {
    std::string damaged = content;
    damaged[damaged.size() - 3] ^= 1;
    write_file(file, damaged);
  }
  EXPECT_EQ(images.keys(streamed), fresh) << "what is damaged is not believed";
  EXPECT_EQ(remembered(), after) << "but made anew";

  const std::filesystem::path image = images.folder / "images/train/a/0.png";
  std::string content = slurp(image);
  const auto time = std::filesystem::last_write_time(image);
  content.back() ^= 1;
  write_file(image, content);
  std::filesystem::last_write_time(image, time);
  EXPECT_NE(images.keys(streamed, "elsewhere"), fresh);
  EXPECT_NE(images.keys(streamed), fresh) << "a file's date can be set; the time of its change cannot";

  write_file(images.folder / "no-folder", "");
  EXPECT_EQ(images.keys(streamed, "no-folder").size(), 6u) << "a cache that cannot be written is none";
}

TEST(DataPack, RandomCropsNeedTheWholeImages) {
  const ImageExperiment images;
  images.pack("raw", "raw.pack");
  images.pack("encoded", "encoded.pack");
  const auto run = [&](const char* pack) {
    return run_program(with({"run", "tiny.toml", "--dry-run", "--set", "finetune.random_resized=true", "--set",
                             std::string("dataset.packed=\"") + pack + "\""},
                            images.view),
                       images.folder.path());
  };
  EXPECT_EQ(run("encoded.pack").code, 0);
  const Outcome refused = run("raw.pack");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.error.find("finetune.random_resized takes its crops from whole images"), std::string::npos)
      << refused.error;
}

TEST(DataPack, ASetThatARunWouldRefuseIsNotPacked) {
  const ImageExperiment images;
  std::filesystem::remove_all(images.folder / "images/train/b");
  std::filesystem::remove_all(images.folder / "images/val/b");
  const Outcome packed =
      run_program({"data", "pack", "--dataset", "image_folder", "--set", "dataset.path=\"images\"", "--out", "x.pack"},
                  images.folder.path());
  EXPECT_NE(packed.code, 0);
  EXPECT_NE(packed.error.find("data set 'image_folder': has 1 classes, expected at least 2"), std::string::npos)
      << packed.error;
  EXPECT_FALSE(std::filesystem::exists(images.folder / "x.pack"));
}

TEST(DataVerify, AFileOfAnEarlierVersionIsToBePackedAgain) {
  const TemporaryFolder folder;
  const Outcome verify = run_program(
      {"data", "verify", std::string(SENET_TEST_SOURCE) + "/tests/fuzz/corpus/packed/older.pack"}, folder.path());
  EXPECT_EQ(verify.code, 2);
  EXPECT_NE(verify.error.find("older.pack: was packed by an earlier version"), std::string::npos) << verify.error;
  EXPECT_NE(verify.error.find("pack again"), std::string::npos) << verify.error;
}

TEST(DataPack, WhatCannotBePackedIsRefusedAndLeavesNoFile) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::vector<std::string>& more, const char* hint) {
    const Outcome outcome =
        run_program(with(with({"data", "pack", "--out", "x.pack"}, kSynthetic), more), folder.path());
    EXPECT_EQ(outcome.code, 2) << outcome.error;
    EXPECT_NE(outcome.error.find(hint), std::string::npos) << outcome.error;
    EXPECT_FALSE(std::filesystem::exists(folder / "x.pack"));
  };
  refuse({"--encoding", "encoded"}, "--encoding raw");
  refuse({"--set", "dataset.train_limit=10"}, "the whole set is packed");
  refuse({"--set", "dataset.hight=10"}, "did you mean 'dataset.height'?");
  const Outcome verb = run_program({"data", "pak"}, folder.path());
  EXPECT_EQ(verb.code, 2);
  EXPECT_NE(verb.error.find("senet data: unknown verb 'pak'; did you mean 'pack'?"), std::string::npos) << verb.error;
}

TEST(DataVerify, NamesTheFileAndTheImageThatChanged) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_program(with({"data", "pack", "--out", "x.pack"}, kSynthetic), folder.path()).code, 0);
  std::string bytes = slurp(folder / "x.pack");
  bytes[32 + 128 * 5 + 3] ^= 1;
  write_file(folder / "x.pack", bytes);
  const Outcome verify = run_program({"data", "verify", "x.pack"}, folder.path());
  EXPECT_EQ(verify.code, 2);
  EXPECT_NE(verify.error.find("x.pack: not a sound packed data set: its image 5 is not the one that was written"),
            std::string::npos)
      << verify.error;
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  const Outcome run = run_program(with(testing::kRun, {"--set", "dataset.packed=\"x.pack\""}), folder.path());
  EXPECT_EQ(run.code, 2) << "what changed is never trained on: " << run.error;
  EXPECT_FALSE(std::filesystem::exists(folder / "results"));
}

TEST(DataShow, DrawsASheet) {
  const TemporaryFolder folder;
  const Outcome outcome =
      run_program(with({"data", "show", "--out", "sheet.png", "--count", "9"}, kSynthetic), folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(slurp(folder / "sheet.png").substr(1, 3), "PNG");
  const Outcome other = run_program(with({"data", "show", "--out", "sheet.jpg"}, kSynthetic), folder.path());
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.error.find("sheet.jpg: the sheet is a PNG"), std::string::npos) << other.error;
}

TEST(ImageFolder, ARunCountsTheImagesThatItLeavesOut) {
  const TemporaryFolder folder;
  for (const char* split : {"train", "val"}) {
    for (int i = 0; i < 40; ++i) {
      write_file(folder / ("images/" + std::string(split) + (i % 2 ? "/b/" : "/a/") + std::to_string(i) + ".png"),
                 testing::png_of(testing::made_up_image(9, 9, i)));
    }
  }
  write_file(folder / "images/train/a/0-broken.jpg", "\xff\xd8 and then nothing");
  write_file(folder / "tiny.toml",
             testing::tiny_experiment_on("plugin = \"image_folder\"\npath = \"images\"\nsize = 8\n"));
  const std::vector<std::string> once = {"--set", "teacher.epochs=1", "--set", "mask.epochs=1",
                                         "--set", "finetune.epochs=1"};
  const Outcome refused = run_program(with(testing::kRun, once), folder.path());
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.error.find("images/train/a/0-broken.jpg: cannot be decoded as JPEG"), std::string::npos)
      << refused.error;
  const Outcome run =
      run_program(with(with(testing::kRun, once), {"--set", "dataset.skip_undecodable=true"}), folder.path());
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.error.find("1 images cannot be decoded and are left out"), std::string::npos) << run.error;
  const json result = json::parse(slurp(folder / "results/tiny/senet-20pct-s1.json"));
  EXPECT_EQ(result["dataset"]["left_out"], 1);
  EXPECT_EQ(result["dataset"]["train"], 38) << "of 40, two are held out";
  EXPECT_NE(result["remarks"].dump().find("cannot be decoded"), std::string::npos);

  const Outcome pack =
      run_program({"data", "pack", "--dataset", "image_folder", "--set", "dataset.path=\"images\"", "--set",
                   "dataset.size=8", "--set", "dataset.skip_undecodable=true", "--out", "x.pack"},
                  folder.path());
  ASSERT_EQ(pack.code, 0) << pack.error;
  EXPECT_NE(pack.out.find("1 that cannot be decoded were left out"), std::string::npos) << pack.out;
  std::filesystem::remove_all(folder / "images");  // all that a run needs is in the one file
  const Outcome packed = run_program(
      with(with(testing::kRun, once), {"--set", "dataset.skip_undecodable=true", "--set", "dataset.packed=\"x.pack\""}),
      folder.path());
  ASSERT_EQ(packed.code, 0) << packed.error;
  const json again = json::parse(slurp(folder / "results/tiny/senet-20pct-s1.json"));
  EXPECT_EQ(again["dataset"], result["dataset"]) << "the same images are left out, trained on and held out";
}

const std::vector<std::string> kModel = {"--model", "resnet18", "--set", "model.width=2"};

TEST(Import, ATeacherFromElsewhereIsEvaluatedAndServesAnExperiment) {
  const TemporaryFolder folder;
  std::filesystem::copy(teacher_of(uninterrupted()), folder / "mine.safetensors");
  const json imported = json_of(run_program(
      with(with({"import", "mine.safetensors", "--json", "--threads", "2"}, kModel), kSynthetic), folder.path()));
  const json original = json::parse(slurp(uninterrupted() / "results/tiny/senet-20pct-s1.json"));
  EXPECT_EQ(imported["test"]["accuracy"], original["teacher"]["accuracy"]);
  const json garbage = json_of(run_program({"gc", "--delete", "--json"}, folder.path()));
  EXPECT_EQ(garbage["phases"].size(), 2u);
  EXPECT_EQ(garbage["may_go"], 0) << "what was imported waits for an experiment";
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  const Outcome run =
      run_program(with(testing::kRun, {"--set", "teacher.weights=\"mine.safetensors\""}), folder.path());
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_EQ(run.error.find("  teacher"), std::string::npos) << "nothing is left to do for it: " << run.error;
  const Outcome one_batch = run_program(
      {"run", "tiny.toml", "--overfit-one-batch", "--set", "teacher.weights=\"mine.safetensors\""}, folder.path());
  EXPECT_EQ(one_batch.code, 0) << one_batch.error;
  EXPECT_NE(one_batch.error.find("the imported teacher does not know the batch"), std::string::npos) << one_batch.error;
  const json result = json::parse(slurp(folder / "results/tiny/senet-20pct-s1.json"));
  EXPECT_EQ(result["phases"][0]["key"], imported["key"]);
  EXPECT_EQ(result["teacher"]["accuracy"], original["teacher"]["accuracy"]);
  EXPECT_EQ(result["result"]["accuracy"], original["result"]["accuracy"]) << "the same teacher, the same everything";
  EXPECT_NE(result["changes"].dump().find("\"option\":\"weights\""), std::string::npos);
}

TEST(Import, WhatIsNotTheModelsIsRefusedByName) {
  const TemporaryFolder folder;
  const Safetensors sound = load_safetensors(teacher_of(uninterrupted()));
  const auto refuse = [&](const std::function<void(TensorMap&)>& change, const std::vector<const char*>& words) {
    TensorMap tensors = sound.tensors;
    change(tensors);
    save_safetensors(folder / "mine.safetensors", tensors);
    const Outcome outcome = run_program(with(with({"import", "mine.safetensors"}, kModel), kSynthetic), folder.path());
    EXPECT_EQ(outcome.code, 2) << outcome.error;
    for (const char* word : words) EXPECT_NE(outcome.error.find(word), std::string::npos) << outcome.error;
    EXPECT_FALSE(std::filesystem::exists(folder / "results"));
  };
  refuse([](TensorMap& t) { t.erase("layer2.0.conv1.weight"); },
         {"mine.safetensors", "it lacks 'layer2.0.conv1.weight'"});
  refuse(
      [](TensorMap& t) {
        t["fc.weight"] = torch::zeros({4, 16});
      },
      {"the model has no 'fc.weight'; scripts/pth-to-safetensors can leave them out (--drop)"});
  refuse(
      [](TensorMap& t) {
        t["fc.weight"] = t["linear.weight"];
        t.erase("linear.weight");
      },
      {"it lacks 'linear.weight'; the model has no 'fc.weight'", "other names (--rename)"});
  refuse(
      [](TensorMap& t) {
        t["bn1.running_var"] = torch::tensor({1.0f, -1.0f});
      },
      {"'bn1.running_var' holds variances below 0 (the least is -1)"});
  refuse(
      [](TensorMap& t) {
        t["linear.weight"] = torch::zeros({10, 16});
      },
      {"tensor 'linear.weight' is [10, 16], expected [4, 16]"});
  refuse([](TensorMap& t) { t["conv1.weight"] = torch::full_like(t["conv1.weight"], NAN); },
         {"'conv1.weight' holds numbers that are not finite"});
  refuse(
      [](TensorMap& t) {
        t["mask.relu"] = torch::zeros({2, 8, 8}, torch::kUInt8);
      },
      {"does not keep all 128 ReLUs"});
  refuse([](TensorMap& t) { t["linear.bias"] = torch::zeros({4}, torch::kInt64); }, {"'linear.bias'"});
  write_file(folder / "mine.safetensors", "nonsense");
  EXPECT_EQ(run_program(with(with({"import", "mine.safetensors"}, kModel), kSynthetic), folder.path()).code, 2);
  const Outcome missing = run_program(with(with({"import", "none.safetensors"}, kModel), kSynthetic), folder.path());
  EXPECT_EQ(missing.code, 2);
  EXPECT_NE(missing.error.find("none.safetensors"), std::string::npos) << missing.error;
}

TEST(Import, LogitsThatAreNotFiniteAreAnErrorThatNamesTheFile) {
  const TemporaryFolder folder;
  TensorMap tensors = load_safetensors(teacher_of(uninterrupted())).tensors;
  tensors["linear.weight"] = torch::full_like(tensors["linear.weight"], 3e38);
  save_safetensors(folder / "mine.safetensors", tensors);
  write_file(folder / "tiny.toml", testing::tiny_experiment());
  for (const std::vector<std::string>& arguments :
       {with(with({"import", "mine.safetensors"}, kModel), kSynthetic),
        with(testing::kRun, {"--set", "teacher.weights=\"mine.safetensors\""})}) {
    const Outcome outcome = run_program(arguments, folder.path());
    EXPECT_EQ(outcome.code, 1) << outcome.error;
    EXPECT_NE(outcome.error.find("mine.safetensors: gives logits that are not finite for 64 of 64 images"),
              std::string::npos)
        << outcome.error;
    EXPECT_EQ(outcome.error.find("\n  sensitivity"), std::string::npos)
        << "nothing is trained on it: " << outcome.error;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(Import, TheScriptLeavesOutAlphasOfReluEverywhereAndWhatItIsTold) {
  const TemporaryFolder folder;
  write_file(
      folder / "save.py",
      "import torch\n"
      "half = torch.ones(1, 2, 4, 4)\n"
      "half[0, 0] = 0\n"
      "torch.save({'snet': 0, 'conv1.weight': torch.zeros(2), 'a.alphas': torch.ones(1, 2, 4, 4), 'b.alphas': half,\n"
      "            'aux.head.weight': torch.zeros(3)}, 'mine.pth')\n");
  const std::string python = SENET_TEST_PYTHON,
                    script = python + " '" SENET_TEST_SOURCE "/scripts/pth-to-safetensors' ";
  const Outcome converted =
      testing::run_shell(python + " save.py && " + script + "mine.pth mine.safetensors --drop aux.", folder.path());
  ASSERT_EQ(converted.code, 0) << converted.error;
  const TensorMap tensors = load_safetensors(folder / "mine.safetensors").tensors;
  EXPECT_EQ(tensors.size(), 2u);
  EXPECT_TRUE(tensors.count("conv1.weight") && tensors.count("b.alphas"));
  EXPECT_NE(converted.error.find("left out: aux.head.weight"), std::string::npos) << converted.error;
  EXPECT_NE(converted.error.find("left out, as all their α are 1: a.alphas"), std::string::npos) << converted.error;
  EXPECT_NE(converted.error.find("16 of the 32 α in b.alphas are not 1"), std::string::npos) << converted.error;

  const Outcome mistyped = testing::run_shell(script + "mine.pth mine.safetensors --drop auxx.", folder.path());
  EXPECT_EQ(mistyped.code, 1);
  EXPECT_NE(mistyped.error.find("--drop auxx.: no tensor's name contains it"), std::string::npos) << mistyped.error;
}

TEST(Import, APthFileGoesThroughTheScript) {
  const TemporaryFolder folder;
  write_file(folder / "save.py",
             "import sys, torch\n"
             "sys.path.insert(0, sys.argv[1])\n"
             "import safetensors_io\n"
             "tensors, _ = safetensors_io.load(sys.argv[2])\n"
             "rename = lambda name: 'module.' + name.replace('linear.', 'fc.').replace('.shortcut.', '.downsample.')\n"
             "state = {rename(k): v for k, v in tensors.items() if not k.startswith('mask.')}\n"
             "torch.save({'epoch': 3, 'state_dict': state}, 'mine.pth')\n");
  const std::string python = SENET_TEST_PYTHON, source = SENET_TEST_SOURCE;
  const Outcome converted = testing::run_shell(python + " save.py '" + source + "/tests/oracle' '" +
                                                   teacher_of(uninterrupted()).string() + "' && " + python + " '" +
                                                   source + "/scripts/pth-to-safetensors' mine.pth mine.safetensors",
                                               folder.path());
  ASSERT_EQ(converted.code, 0) << converted.error;
  EXPECT_NE(converted.out.find("layer2.0.shortcut.0.weight [4, 2, 1, 1]"), std::string::npos) << converted.out;
  const json imported = json_of(run_program(
      with(with({"import", "mine.safetensors", "--json", "--threads", "2"}, kModel), kSynthetic), folder.path()));
  const json original = json::parse(slurp(uninterrupted() / "results/tiny/senet-20pct-s1.json"));
  EXPECT_EQ(imported["test"]["accuracy"], original["teacher"]["accuracy"]);
}

TEST(Checkpoint, SaysWhatItBelongsTo) {
  for (const auto& entry : std::filesystem::directory_iterator(uninterrupted() / "runs")) {
    const auto file = entry.path() / "network.safetensors";
    if (!std::filesystem::exists(file)) continue;
    const Metadata metadata = load_safetensors(file).metadata;
    EXPECT_EQ(metadata.at("model"), "resnet18");
    EXPECT_EQ(json::parse(metadata.at("model_options"))["width"], 2);
    EXPECT_EQ(metadata.at("dataset"), "synthetic");
    const bool of_a_budget = metadata.at("phase") == "mask" || metadata.at("phase") == "finetune";
    EXPECT_EQ(metadata.count("budget"), of_a_budget ? 1u : 0u) << metadata.at("phase");
  }
}

}  // namespace
}  // namespace senet
