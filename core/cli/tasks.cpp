#include "cli/tasks.h"

#include <algorithm>

#include "cli/commands.h"
#include "config/joined.h"
#include "senet/error.h"

namespace senet {

namespace {

// Of a cell: by its number, from 1, or its label.
bool is_called(const Plan& plan, const Cell& cell, const std::string& name) {
  return cell.label == name || text(&cell - plan.cells.data() + 1) == name;
}

template <class Value>
std::string listed(const std::vector<Value>& values) {
  std::string all;
  for (const Value& value : values) all += text(all.empty() ? "" : ", ", value);
  return all;
}

// Some cell has what each of --cell, --budget and --seed names, together.
void check_there_is_one(const Plan& plan, const Arguments& arguments) {
  bool cell_found = false;
  std::string labels, others;
  for (const Cell& cell : plan.cells) {
    labels += text(labels.empty() ? "" : ", ", &cell - plan.cells.data() + 1, " (", cell.label, ")");
    if (!arguments.cell.empty() && !is_called(plan, cell, arguments.cell)) continue;
    cell_found = true;
    const bool has_budget =
        arguments.budget.empty() || std::count(cell.budgets.begin(), cell.budgets.end(), arguments.budget) > 0;
    const bool has_seed =
        !arguments.only_seed || std::count(cell.seeds.begin(), cell.seeds.end(), *arguments.only_seed) > 0;
    if (has_budget && has_seed) return;
    others += text("; cell ", cell.label, " has budgets ", listed(cell.budgets), " and seeds ", listed(cell.seeds));
  }
  if (!cell_found) fail_usage("--cell ", arguments.cell, ": there is no such cell; the experiment has ", labels);
  fail_usage("no task has", arguments.budget.empty() ? "" : " budget " + arguments.budget,
             arguments.only_seed ? text(" seed ", *arguments.only_seed) : "", others);
}

RunChoice chosen_tasks(const Plan& plan, const Arguments& arguments) {
  RunChoice choice;
  choice.wait = !arguments.no_wait;
  if (arguments.began != 0)
    choice.failed_since = std::filesystem::file_time_type(std::filesystem::file_time_type::duration(arguments.began));
  if (!chooses_tasks(arguments)) return choice;
  check_there_is_one(plan, arguments);
  choice.wanted = [&](const Task& task) {
    return (arguments.cell.empty() || is_called(plan, *task.cell, arguments.cell)) &&
           (arguments.budget.empty() || task.budget_text == arguments.budget) &&
           (!arguments.only_seed || task.seed == *arguments.only_seed);
  };
  return choice;
}

}  // namespace

bool chooses_tasks(const Arguments& arguments) {
  return !arguments.cell.empty() || !arguments.budget.empty() || arguments.only_seed || !arguments.phase.empty();
}

RunChoice choice_of(const Plan& plan, Runner& runner, const Arguments& arguments) {
  RunChoice choice = chosen_tasks(plan, arguments);
  if (arguments.phase.empty()) return choice;
  for (const Task& task : runner.tasks(plan)) {
    if (!choice.wanted(task)) continue;
    for (const PhaseInputs* phase : task.in_order()) {
      const std::string folder = runner.store().folder(phase->kind, phase->key()).filename().string();
      if (arguments.phase != folder && arguments.phase != phase->key()) continue;
      choice.until = phase->key();
      choice.wanted = [cell = task.cell, budget = task.budget_text, seed = task.seed](const Task& other) {
        return other.cell == cell && other.budget_text == budget && other.seed == seed;
      };
      return choice;
    }
  }
  fail_usage("--phase ", arguments.phase, ": no task of this experiment has such a phase; `senet status --json` has ",
             "the phases and keys there are");
}

int list_tasks(const Plan& plan, const Arguments& arguments) {
  const RunChoice choice = chosen_tasks(plan, arguments);
  Json tasks = Json::array();
  std::string lines;
  for (const Cell& cell : plan.cells) {
    for (const std::string& budget : cell.budgets) {
      for (const int64_t seed : cell.seeds) {
        Task task{};
        task.cell = &cell;
        task.budget_text = budget;
        task.seed = seed;
        if (choice.wanted && !choice.wanted(task)) continue;
        const auto number = &cell - plan.cells.data() + 1;
        tasks.push_back({{"cell", number}, {"label", cell.label}, {"budget", budget}, {"seed", seed}});
        lines += text("--cell ", number, " --budget ", budget, " --seed ", seed, "\t", cell.label, "\n");
      }
    }
  }
  return answer(arguments, Json{{"experiment", plan.name}, {"tasks", tasks}}, lines);
}

}  // namespace senet
