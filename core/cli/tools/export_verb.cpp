#include <sstream>

#include "cli/commands.h"
#include "cli/tools/tool_verbs.h"
#include "senet/error.h"
#include "storage/safetensors.h"
#include "tools/export/network_export.h"
#include "train/trainer.h"

namespace senet {

namespace {

int export_safetensors(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const auto [result, run] = restore_subject(plugins, arguments);
  const NetworkCounts counts = count(*run.network);
  Archive archive = Archive::saving();
  network_state(*run.network, archive);
  save_safetensors(arguments.out, archive.tensors(),
                   {{"run", result.id()},
                    {"model", result.model.plugin},
                    {"variant", result.model.variant},
                    {"scale", Json(arguments.width).dump()},
                    {"relus", std::to_string(counts.relus)}});
  const Json json = {{"run", result.id()},
                     {"file", arguments.out},
                     {"width", arguments.width},
                     {"relus", counts.relus},
                     {"macs", counts.macs},
                     {"parameters", counts.parameters},
                     {"tensors", archive.tensors().size()}};
  return answer(arguments, json,
                text(arguments.out, ": ", result.id(), " at width ", arguments.width, ", ", counts.relus, " ReLUs, ",
                     counts.macs, " multiply–accumulates, ", counts.parameters, " parameters\n"));
}

int export_stablehlo(const Arguments& arguments) {
  check_room(arguments.out);
  const PluginHost plugins = load_plugins(arguments);
  Arguments on_cpu = arguments;
  on_cpu.device = "cpu";
  const auto [result, run] = restore_subject(plugins, on_cpu);
  const BatchLoader images = make_loader(*run.laboratory, run.laboratory->data.test);
  const NetworkExport exported(*run.network, masking_of(arguments.masking));
  const Golden golden = golden_images(*run.network, images, arguments.images);
  const FixedPointCheck check = check_fixed_point(exported.graph, images, arguments.fraction_bits, arguments.limit);
  Json about = describe_export(result, arguments.width, exported);
  about["fixed_point"] = to_json(check);
  Json manifest = write_package(arguments.out, exported.program, golden, about);

  std::ostringstream line;
  line << arguments.out << ": " << result.id() << " at width " << arguments.width << ", masking " << arguments.masking
       << ": " << exported.program.layers.size() << " layers, " << exported.graph.relus() << " ReLUs, "
       << exported.program.comparisons(Cost::relu) << " comparisons for them";
  if (const int64_t pooling = exported.program.comparisons(Cost::max_pool); pooling > 0) {
    line << " and " << pooling << " for max-pooling";
  }
  line << "\ntest accuracy on " << check.images << " images, emulated: float32 " << 100 * check.accuracy << " %";
  for (const FixedPointScore& score : check.scores) {
    line << "; " << score.fraction_bits << " fractional bits " << 100 * score.accuracy << " % (same class for "
         << 100 * score.agreement << " %, logits off by up to " << score.largest_error << ")";
  }
  manifest.erase("arguments");
  manifest.erase("layers");
  manifest["folder"] = arguments.out;
  line << "\n";
  return answer(arguments, manifest, line.str());
}

}  // namespace

int export_run(const Arguments& arguments) {
  return arguments.format == "stablehlo" ? export_stablehlo(arguments) : export_safetensors(arguments);
}

}  // namespace senet
