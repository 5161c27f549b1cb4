#include "cli/commands.h"
#include "cli/console.h"
#include "experiment/runner.h"
#include "senet/error.h"

namespace senet {

int import_network_file(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const Document document =
      assigned(Document::from_toml("name = \"import\"\n[[cell]]\nbudgets = [\"100%\"]\n", "command line"),
               {{"model.plugin", arguments.model},
                {"dataset.plugin", arguments.dataset},
                {"teacher.weights", arguments.subject}},
               arguments);
  const Plan plan = make_plan(document, plugins);
  Console console;
  Runner runner(plugins, run_folders(arguments), prepare_device(arguments), console);
  const auto [phase, network] = runner.import_teacher(plan);
  Json json = {{"key", phase.key}, {"folder", phase.folder.string()}};
  json.update(to_json(network));
  return answer(arguments, json,
                text(arguments.subject, ": ", model_variant(plan.cells.front().section("model")), ", ", network.relus,
                     " ReLUs, test accuracy ", 100 * network.test.accuracy,
                     " %\nuse it with  teacher.weights = ", nlohmann::json(arguments.subject).dump(), "\n"));
}

}  // namespace senet
