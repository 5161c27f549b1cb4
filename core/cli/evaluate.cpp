#include <iostream>

#include "cli/commands.h"
#include "evaluate/evaluation.h"
#include "phase/safetensors.h"
#include "senet/error.h"

namespace senet {

namespace {

struct EvaluateArguments {
  std::string run;
  std::string split = "test";
  int64_t limit = 0;
  std::string logits;
};

int evaluate_run(const EvaluateArguments& what, const CommonArguments& arguments) {
  const PluginHost plugins = arguments.plugins();
  const Result result = find_result(arguments.folders.results, what.run);
  const RestoredRun run = restore_run(result, plugins, arguments.folders, arguments.prepare_device());
  const Part part = what.split == "train" ? Part::train : what.split == "held_out" ? Part::held_out : Part::test;
  const BatchLoader data = make_loader(*run.laboratory, part);
  SENET_CHECK(data.count() > 0, result.id(), ": has no ", what.split, " images");
  torch::Tensor logits;
  const Score score = evaluate(*run.network, data, &logits, what.limit);
  if (!what.logits.empty()) {
    save_safetensors(what.logits, {{"logits", logits}, {"labels", run.laboratory->data.part(part).labels.slice(0, 0, score.images)}},
                     {{"run", result.id()}, {"split", what.split}});
  }
  int64_t relus = 0;
  for (const ReluSite& site : run.network->sites()) relus += count_relus(site);
  Json json = {{"run", result.id()}, {"split", what.split}};
  json.update(to_json(score));
  json["relus"] = relus;
  if (arguments.json) {
    std::cout << json.dump(2) << "\n";
  } else {
    std::cout << result.id() << " on " << score.images << " " << what.split << " images: accuracy " << 100 * score.accuracy
              << " %, loss " << score.loss << ", " << relus << " ReLUs\n";
  }
  return 0;
}

}  // namespace

void add_evaluate(CLI::App& program, Action& run) {
  CLI::App* command = program.add_subcommand("evaluate", "evaluate the network of a finished RUN");
  auto arguments = std::make_shared<CommonArguments>();
  auto what = std::make_shared<EvaluateArguments>();
  command->add_option("RUN", what->run, "a result file, or a part of a result's name")->required()->type_name("");
  command->add_option("--split", what->split, "which images")->check(CLI::IsMember({"train", "held_out", "test"}))->capture_default_str();
  command->add_option("--limit", what->limit, "the first N of them; default: all")->check(CLI::Range(int64_t{1}, int64_t{1} << 40))->type_name("N");
  command->add_option("--logits", what->logits, "also write logits (N×classes) and labels")->type_name("FILE.safetensors");
  arguments->add_folders(*command);
  arguments->add_device(*command);
  arguments->add_plugins(*command);
  arguments->add_json(*command);
  command->callback([=, &run] { run = [=] { return evaluate_run(*what, *arguments); }; });
}

}  // namespace senet
