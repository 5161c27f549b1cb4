#include "cli/restored_run.h"

#include "senet/error.h"
#include "train/widths.h"

namespace senet {

namespace {

// The cell of a result's settings, as it was resolved when it ran.
Cell restored_cell(const Result& result, const PluginHost& plugins) {
  const Document document = Document::from_settings(result.settings, result.file.string());
  Cell cell;
  cell.label = result.label;
  cell.sections["dataset"] = resolve_plugin_section(document, plugins, PluginKind::dataset);
  const Options& model = cell.sections["model"] = resolve_plugin_section(document, plugins, PluginKind::model);
  cell.sections["student"] = resolve_student(document, plugins, model);
  Options& training = cell.sections["training"] = document.resolve("training", core_sections().at("training"));
  if (!result.precision.empty()) training.replace("precision", result.precision, result.file.string());
  return cell;
}

}  // namespace

RestoredRun restore_run(const Result& result, const PluginHost& plugins, const RunFolders& folders,
                        const torch::Device& device, double width) {
  const Cell cell = restored_cell(result, plugins);
  RestoredRun run;
  run.laboratory = make_laboratory(cell, plugins, device);
  const ResultPhase& phase = result.network_phase();
  std::string damage;
  const auto record = PhaseStore(folders.runs).find(phase.kind, phase.key, &damage);
  if (!record) {
    fail("the network of ", result.id(), " is not under ", folders.runs.string(),
         damage.empty() ? "" : " (" + damage + ")", "; give its folder with --runs, or run the experiment again");
  }
  SENET_CHECK(run.laboratory->data.fingerprint == result.dataset.fingerprint, result.file.string(),
              ": was made from other data (fingerprint ", result.dataset.fingerprint, ", found ",
              run.laboratory->data.fingerprint, "), or by an earlier version, which knew image files otherwise");
  run.network = run.laboratory->student.build(shape_of(*record, run.laboratory->data.input, width));
  run.network->to(device);
  load_at_width(network_tensors(*record, kNetwork), width, *run.network);
  return run;
}

}  // namespace senet
