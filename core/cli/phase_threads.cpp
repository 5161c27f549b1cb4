#include "cli/phase_threads.h"

#include <algorithm>

#include "cli/threads.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

std::string PhaseThreads::set_for(const PhaseInputs& phase) {
  if (phase.kind == "evaluation" && now_ > 0) return "";
  const int begun = begun_with(phase);
  const int wanted = begun > 0 ? begun : std::min(most_, free_processors(processors_).value_or(most_));
  const int before = now_ > 0 ? now_ : most_;
  if (wanted != now_) now_ = set_threads(wanted);
  if (now_ == before) return "";
  const std::string threads = text(now_, now_ == 1 ? " thread" : " threads");
  if (begun > 0) return text("it goes on with ", threads, ", as it began");
  if (now_ == most_) return text("processors are free again: ", threads);
  return text("other processes keep ", "processors busy: ", threads, " until it ends (--threads N asks for a number)");
}

int PhaseThreads::begun_with(const PhaseInputs& phase) const try {
  const fs::path folder = store_.folder(phase.kind, phase.key());
  const auto files = fs::directory_iterator(folder);
  if (std::none_of(begin(files), end(files),
                   [](const auto& file) { return file.path().extension() == ".safetensors"; }))
    return 0;
  const std::string file = (folder / "environments.json").string();
  const Json environments = parse_json(read_file(file), file);
  return environments.empty() ? 0 : static_cast<int>(read_as<Environment>(environments.back(), file + ": ").threads);
} catch (const std::exception&) {
  return 0;
}

}  // namespace senet
