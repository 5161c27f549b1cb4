#include "cli/summary.h"

#include <algorithm>
#include <set>

#include "config/joined.h"
#include "display/format.h"
#include "experiment/environment.h"
#include "senet/error.h"

namespace senet {

namespace {

std::string counted(size_t count, const std::string& what) { return text(count, " ", what, count == 1 ? "" : "s"); }

// "[teacher] epochs = 8, schedule = "cosine"", a line each section.
std::vector<std::string> by_section(const std::vector<Change>& changes) {
  std::vector<std::string> lines;
  std::string section;
  for (const Change& change : changes) {
    if (lines.empty() || section != change.section) lines.push_back("    [" + change.section + "]");
    lines.back() += text(section == change.section ? ", " : " ", change.option, " = ", to_json(change.value).dump());
    section = change.section;
  }
  return lines;
}

bool same(const Change& a, const Change& b) {
  return a.section == b.section && a.option == b.option && a.value == b.value;
}

std::vector<std::string> differences(const Plan& plan) {
  std::vector<std::vector<Change>> own;
  for (const Cell& cell : plan.cells) own.push_back(cell.changes());
  std::vector<Change> shared = own.front();
  const auto in = [](const std::vector<Change>& list, const Change& change) {
    return std::any_of(list.begin(), list.end(), [&](const Change& other) { return same(change, other); });
  };
  for (const auto& changes : own) {
    shared.erase(std::remove_if(shared.begin(), shared.end(), [&](const Change& one) { return !in(changes, one); }),
                 shared.end());
  }
  std::vector<std::string> lines = {"  differs from the defaults" +
                                    std::string(plan.cells.size() > 1 ? " in all cells:" : ":")};
  const auto add = [&](const std::vector<Change>& changes) {
    for (std::string& line : by_section(changes)) lines.push_back(std::move(line));
  };
  add(shared);
  for (size_t i = 0; i < own.size(); ++i) {
    own[i].erase(std::remove_if(own[i].begin(), own[i].end(), [&](const Change& one) { return in(shared, one); }),
                 own[i].end());
    if (own[i].empty()) continue;
    lines.push_back("  and in cell '" + plan.cells[i].label + "':");
    add(own[i]);
  }
  return lines;
}

struct Amount {
  int64_t phases = 0;
  double seconds = 0;
};

// "2 mask (about 12 s)", each kind of phase once, in the order of the plan.
std::string listed(const std::vector<std::pair<std::string, Amount>>& kinds) {
  std::vector<std::string> parts;
  for (const auto& [kind, amount] : kinds)
    parts.push_back(text(amount.phases, " ", kind, amount.seconds > 0 ? " (" + duration(amount.seconds) + ")" : ""));
  return joined(parts, ", ");
}

// What is finished and what is not, each phase once however many cells share it.
std::vector<std::string> phases(const Forecast& forecast) {
  std::vector<std::pair<std::string, Amount>> found, to_do;
  std::set<std::string> seen;
  for (const PhaseForecast& row : forecast.phases) {
    if (row.key.empty() || !seen.insert(row.key).second) continue;
    auto& list = row.left ? to_do : found;
    auto at = std::find_if(list.begin(), list.end(), [&](const auto& kind) { return kind.first == row.phase; });
    if (at == list.end()) at = list.insert(at, {row.phase, {}});
    ++at->second.phases;
    if (row.left) at->second.seconds += row.left->seconds;
  }
  std::vector<std::string> lines;
  if (!found.empty()) lines.push_back("  phases found finished: " + listed(found));
  lines.push_back(to_do.empty() ? "  phases to do: none"
                                : text("  phases to do: ", listed(to_do), "; about ", duration(forecast.left.seconds),
                                       " at the rate measured now"));
  return lines;
}

}  // namespace

std::vector<std::string> summary_of(const Plan& plan, const Forecast& forecast, Runner& runner,
                                    const RunFolders& folders, const torch::Device& device) {
  size_t results = 0;
  std::set<std::string> precisions;
  for (const Cell& cell : plan.cells) {
    results += cell.budgets.size() * cell.seeds.size();
    precisions.insert(precision_name(runner.laboratory_of(cell).precision));
  }
  const Environment here = environment(device);
  std::vector<std::string> lines = {
      text("experiment ", plan.name, ": ", counted(plan.cells.size(), "cell"), ", ", counted(results, "result"))};
  for (std::string& line : differences(plan)) lines.push_back(std::move(line));
  lines.push_back(text("  on ", here.device, here.gpu.empty() ? "" : " (" + here.gpu + ")", ", ",
                       counted(static_cast<size_t>(here.threads), "thread"), ", ", joined(precisions, " and ")));
  for (std::string& line : phases(forecast)) lines.push_back(std::move(line));
  lines.push_back(
      text("  results go to ", (folders.results / plan.name).string(), ", phases to ", folders.runs.string()));
  return lines;
}

}  // namespace senet
