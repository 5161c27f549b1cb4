#include <iostream>
#include <set>

#include "cli/commands.h"
#include "phase/store.h"
#include "report/format.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

int64_t bytes_of(const fs::path& folder) {
  int64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
  }
  return bytes;
}

std::string megabytes(int64_t bytes) {
  std::ostringstream out;
  out.precision(1);
  out << std::fixed << static_cast<double>(bytes) / 1e6 << " MB";
  return out.str();
}

// Only what a phase store has made is ever listed, let alone removed.
bool is_phase_folder(const fs::path& folder) { return fs::exists(folder / "inputs.json"); }

Json describe(const fs::path& folder, const std::set<std::string>& needed) {
  std::string key;
  try {
    key = parse_json(read_file(folder / "inputs.json"), "inputs.json").at("key").get<std::string>();
  } catch (const std::exception&) {
    // Nothing is known to need it.
  }
  const std::string name = folder.filename().string();
  const bool damaged = name.find(".damaged-") != std::string::npos;
  const bool finished = fs::exists(folder / "record.json");
  Json row = {{"folder", folder.string()}, {"bytes", bytes_of(folder)}};
  row["state"] = damaged                                 ? "damaged"
                 : !lock_holder(folder / "lock").empty() ? "running"
                 : !finished                             ? "unfinished"
                 : needed.count(key)                     ? "needed"
                                                         : "unneeded";
  row["may_go"] = row["state"] == "damaged" || row["state"] == "unneeded";
  return row;
}

}  // namespace

int collect_garbage(const Arguments& arguments) {
  const RunFolders folders = run_folders(arguments);
  if (!fs::is_directory(folders.runs))
    fail_usage(folders.runs.string(), ": no such folder; give the store with --runs");
  std::set<std::string> needed = PhaseStore(folders.runs).claimed();
  for (const Result& result : load_results(folders.results)) {
    for (const Json& phase : result.json.at("phases")) needed.insert(phase.at("key").get<std::string>());
  }
  Json rows = Json::array();
  int64_t held = 0, may_go = 0;
  for (const auto& entry : fs::directory_iterator(folders.runs)) {
    if (!entry.is_directory() || !is_phase_folder(entry.path())) continue;
    Json row = describe(entry.path(), needed);
    held += row.at("bytes").get<int64_t>();
    if (row.at("may_go")) {
      may_go += row.at("bytes").get<int64_t>();
      row["removed"] = arguments.remove;
      if (arguments.remove) fs::remove_all(entry.path());
    }
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), [](const Json& a, const Json& b) { return a.at("folder") < b.at("folder"); });
  if (arguments.json) {
    std::cout << Json{{"bytes", held}, {"may_go", may_go}, {"phases", rows}}.dump(2) << "\n";
    return 0;
  }
  std::vector<std::vector<std::string>> table = {{"phase", "size", "state", ""}};
  for (const Json& row : rows) {
    table.push_back({fs::path(row.at("folder").get<std::string>()).filename().string(),
                     megabytes(row.at("bytes").get<int64_t>()), row.at("state").get<std::string>(),
                     !row.at("may_go").get<bool>() ? ""
                     : arguments.remove            ? "removed"
                                                   : "may go"});
  }
  std::cout << aligned(table) << "\n" << megabytes(held) << " held, " << megabytes(may_go);
  std::cout << (arguments.remove ? " removed\n"
                : may_go > 0     ? " may go: `senet gc --delete` removes it\n"
                                 : " may go\n");
  std::cout << "needed: by a result under " << folders.results.string()
            << ", or by an experiment as it last ran; unfinished phases go on when run again\n";
  return 0;
}

}  // namespace senet
