#include <sstream>

#include "cli/commands.h"
#include "cli/tools/tool_verbs.h"
#include "experiment/plan.h"
#include "senet/error.h"
#include "storage/safetensors.h"
#include "tools/export/network_export.h"
#include "train/trainer.h"

namespace senet {

namespace {

// What a file of weights says of itself, so that scripts/senet_torch.py needs nothing else. `input` is C, H, W; the
// network takes (x − mean) / deviation of pixels scaled to [0, 1], for each channel.
Metadata describe(const OpenedRun& opened, const PluginHost& plugins, double width, int64_t relus) {
  const Result& result = opened.result;
  const Document document = Document::from_settings(result.settings, result.file.string());
  const Options model = resolve_plugin_section(document, plugins, PluginKind::model);
  const Options student = model_of_student(model, resolve_student(document, plugins, model));
  const NetworkShape& shape = opened.run.network->shape();
  const Normalisation& pixels = opened.run.laboratory->data.normalisation;
  return {{"format", "pt"},
          {"run", result.id()},
          {"model", result.model.plugin},
          {"model_options", to_json(student).dump()},
          {"variant", result.model.variant},
          {"scale", Json(width).dump()},
          {"stem_stride", std::to_string(shape.stem_stride)},
          {"input", Json::array({shape.channels, shape.height, shape.width}).dump()},
          {"classes", std::to_string(shape.classes)},
          {"normalisation", Json{{"mean", pixels.mean}, {"deviation", pixels.deviation}}.dump()},
          {"relus", std::to_string(relus)}};
}

int export_safetensors(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const OpenedRun opened = restore_subject(plugins, arguments);
  const auto& [result, run] = opened;
  const NetworkCounts counts = count(*run.network);
  Archive archive = Archive::saving();
  network_state(*run.network, archive);
  save_safetensors(arguments.out, archive.tensors(), describe(opened, plugins, arguments.width, counts.relus));
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
  const auto [result, run] = restore_subject(plugins, arguments);
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
  Arguments on_cpu = arguments;
  on_cpu.device = "cpu";
  return on_cpu.format == "stablehlo" ? export_stablehlo(on_cpu) : export_safetensors(on_cpu);
}

}  // namespace senet
