#pragma once

#include "experiment/task.h"

namespace senet {

// Makes the tasks of a plan and finds what their steps take of others: another cell by its label, or else a file. Tasks
// keep it, as what a step announces may have sources, too; the plan outlives them.
class TaskMaker : public std::enable_shared_from_this<TaskMaker> {
 public:
  TaskMaker(const Plan& plan, const PluginHost& plugins, std::function<const Laboratory&(const Cell&)> laboratory_of)
      : plan_(plan), plugins_(plugins), laboratory_of_(std::move(laboratory_of)) {}

  Task make(const Cell& cell, const std::string& budget, int64_t seed);

 private:
  // Throws (exit code 2) where there is no such source, or where it stands on the task itself.
  SourceInUse find(const Task& task, const StepSource& source);
  SourceInUse of_cell(const Task& task, const StepSource& source, const Cell& cell);

  const Plan& plan_;
  const PluginHost& plugins_;
  std::function<const Laboratory&(const Cell&)> laboratory_of_;
  std::vector<std::pair<std::string, std::string>> chain_;  // cells and budgets whose sources are being found
};

}  // namespace senet
