#include "cli/commands.h"
#include "evaluate/evaluation.h"
#include "senet/error.h"
#include "storage/safetensors.h"

namespace senet {

int evaluate_run(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const auto [result, run] = restore_subject(plugins, arguments);
  const DataSplits& splits = run.laboratory->data;
  const Images& images = arguments.split == "train"      ? splits.train
                         : arguments.split == "held_out" ? splits.held_out
                                                         : splits.test;
  const BatchLoader data = make_loader(*run.laboratory, images);
  SENET_CHECK(data.count() > 0, result.id(), ": has no ", arguments.split, " images");
  torch::Tensor logits;
  const Score score = evaluate(*run.network, data, result.id(), &logits, arguments.limit);
  if (!arguments.logits.empty()) {
    save_safetensors(arguments.logits, {{"logits", logits}, {"labels", images.labels.slice(0, 0, score.images)}},
                     {{"run", result.id()}, {"split", arguments.split}});
  }
  int64_t relus = 0;
  for (const ReluSite& site : run.network->sites()) relus += count_relus(site);
  Json json = {{"run", result.id()}, {"split", arguments.split}, {"width", arguments.width}};
  json.update(to_json(score));
  json["relus"] = relus;
  return answer(arguments, json,
                text(result.id(), " on ", score.images, " ", arguments.split, " images: accuracy ",
                     100 * score.accuracy, " %, loss ", score.loss, ", ", relus, " ReLUs\n"));
}

}  // namespace senet
