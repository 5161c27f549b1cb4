#include <iostream>

#include "cli/commands.h"
#include "senet/error.h"
#include "storage/safetensors.h"
#include "train/trainer.h"

namespace senet {

int export_run(const Arguments& arguments) {
  const PluginHost plugins = load_plugins(arguments);
  const auto [result, run] = restore_subject(plugins, arguments);
  const NetworkCounts counts = count(*run.network);
  Archive archive = Archive::saving();
  network_state(*run.network, archive);
  const Json& model = result.json.at("model");
  save_safetensors(arguments.out, archive.tensors(),
                   {{"run", result.id()},
                    {"model", model.at("plugin").get<std::string>()},
                    {"variant", model.at("variant").get<std::string>()},
                    {"scale", Json(arguments.width).dump()},
                    {"relus", std::to_string(counts.relus)}});
  const Json json = {{"run", result.id()},
                     {"file", arguments.out},
                     {"width", arguments.width},
                     {"relus", counts.relus},
                     {"macs", counts.macs},
                     {"parameters", counts.parameters},
                     {"tensors", archive.tensors().size()}};
  if (arguments.json) {
    std::cout << json.dump(2) << "\n";
  } else {
    std::cout << arguments.out << ": " << result.id() << " at width " << arguments.width << ", " << counts.relus
              << " ReLUs, " << counts.macs << " multiply–accumulates, " << counts.parameters << " parameters\n";
  }
  return 0;
}

}  // namespace senet
