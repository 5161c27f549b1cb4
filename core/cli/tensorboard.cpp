#include "cli/tensorboard.h"

#include "senet/error.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

struct Named {
  std::string run, kind, step, key;
};

void link(const Named& phase, const fs::path& folder, const PhaseStore& store) {
  if (phase.key.empty() || phase.kind == "evaluation" || !fs::exists(store.folder(phase.kind, phase.key))) return;
  const fs::path name = folder / phase.run / slug(phase.step.empty() ? phase.kind : phase.kind + "-" + phase.step);
  const fs::path target = store.folder(phase.kind, phase.key).lexically_relative(name.parent_path());
  std::error_code ignored;
  if (fs::read_symlink(name, ignored) == target) return;
  fs::remove(name, ignored);
  fs::create_directories(name.parent_path(), ignored);
  fs::create_directory_symlink(target, name, ignored);
}

std::string run_name(const std::string& label, const std::string& budget, int64_t seed) {
  return text(slug(label), "-", slug(budget), "-s", seed);
}

int64_t remove_dead_links_in(const fs::path& folder) {
  int64_t removed = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_symlink()) {
      if (!fs::exists(entry.path())) removed += static_cast<int64_t>(fs::remove(entry.path()));
    } else if (entry.is_directory()) {
      removed += remove_dead_links_in(entry.path());
    }
  }
  std::error_code not_empty;  // a run has just put a link there
  if (removed > 0) fs::remove(folder, not_empty);
  return removed;
}

}  // namespace

int64_t remove_dead_links(const fs::path& runs) {
  const fs::path folder = runs / "tensorboard";
  return fs::is_directory(folder) ? remove_dead_links_in(folder) : 0;
}

void link_for_tensorboard(const std::string& experiment, const Forecast& forecast, const std::vector<Result>& results,
                          const PhaseStore& store, const fs::path& runs) {
  const fs::path folder = runs / "tensorboard" / experiment;
  for (const PhaseForecast& row : forecast.phases)
    link({run_name(row.cell, row.budget, row.seed), row.phase, row.step, row.key}, folder, store);
  for (const Result& result : results) {
    for (const ResultPhase& phase : result.phases)
      link({run_name(result.label, result.budget_asked, result.seed), phase.kind, phase.training, phase.key}, folder,
           store);
  }
}

}  // namespace senet
