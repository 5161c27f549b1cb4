#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include "cli/commands.h"
#include "cli/tensorboard.h"
#include "display/format.h"
#include "phase/claims.h"
#include "phase/store.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours kOld{1};

int64_t bytes_of(const fs::path& folder) {
  int64_t bytes = 0;
  std::error_code error;  // a phase that runs replaces its files, and another gc may remove them
  for (fs::recursive_directory_iterator entry(folder, error), end; entry != end; entry.increment(error)) {
    const uintmax_t size = entry->is_regular_file(error) ? entry->file_size(error) : 0;
    if (!error) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

std::string megabytes(int64_t bytes) { return fixed(static_cast<double>(bytes) / 1e6, 1) + " MB"; }

// Only what a phase store has made is ever listed, let alone removed.
bool is_phase_folder(const fs::path& folder) { return fs::exists(folder / "inputs.json") || set_aside_from(folder); }

// The key of a phase; nothing where it cannot be told: the phase may be needed then.
std::optional<std::string> key_of(const fs::path& folder) {
  try {
    return parse_json(read_file(folder / "inputs.json"), "inputs.json").at("key").get<std::string>();
  } catch (const Error&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::string state_of(const fs::path& folder, const std::set<std::string>& needed) {
  if (set_aside_from(folder)) return "damaged";
  if (!lock_holder(folder / "lock").empty()) return "running";
  if (!fs::exists(folder / "record.json")) return "unfinished";
  const std::optional<std::string> key = key_of(folder);
  return !key ? "unreadable" : needed.count(*key) ? "needed" : "unneeded";
}

bool may_go(const std::string& state) { return state == "damaged" || state == "unneeded"; }

// A folder has its name until it is gone as a whole: who waits for the phase's lock may begin it anew meanwhile.
void remove_folder(const fs::path& folder) {
  const fs::path aside = set_aside_from(folder) ? folder : free_name_aside(folder);
  if (aside != folder) fs::rename(folder, aside);
  fs::remove_all(aside);
}

// Temporary files of processes that ended while they wrote: all of a folder that nobody writes to, else old ones.
int64_t remove_temporaries(const fs::path& folder, std::chrono::hours age = std::chrono::hours(0)) {
  int64_t removed = 0;
  if (!fs::is_directory(folder)) return 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!is_temporary(entry.path())) continue;
    std::error_code gone;  // its process has just finished it
    const fs::file_time_type written = entry.last_write_time(gone);
    if (gone || fs::file_time_type::clock::now() - written < age) continue;
    removed += static_cast<int64_t>(fs::remove(entry.path(), gone));
  }
  return removed;
}

// Removes a phase that may go, and the temporary files of one that stays, unless another process has the phase now.
void clean(const fs::path& folder, Json& row, int64_t& temporaries) {
  // What is set aside is moved under the lock of the phase that it was.
  const fs::path phase = set_aside_from(folder).value_or(folder);
  std::optional<FileLock> lock;
  if (fs::exists(phase)) lock.emplace(phase / "lock");
  if (lock && !lock->held()) {
    row["state"] = "running";
    row["may_go"] = false;
  } else if (row["may_go"].get<bool>()) {
    remove_folder(folder);
  } else {
    temporaries += remove_temporaries(folder);
  }
  row["removed"] = row["may_go"];
}

}  // namespace

int collect_garbage(const Arguments& arguments) {
  const RunFolders folders = run_folders(arguments);
  if (!fs::is_directory(folders.runs))
    fail_usage(folders.runs.string(), ": no such folder; give the store with --runs");
  const PhaseStore store(folders.runs);
  std::optional<FileLock> no_other_claims;
  if (arguments.remove)
    no_other_claims.emplace(claims_lock(folders.runs), FileLock::Kind::exclusive, FileLock::Wait::yes);
  Claimed claims = claimed(folders.runs);
  claims.results.insert(one_path_of(folders.results));
  int64_t held = 0, garbage = 0, temporaries = 0;
  std::set<fs::path> written;
  for (const fs::path& results : claims.results) {
    for (const Result& result : load_results(results)) {
      for (const ResultPhase& phase : result.phases) claims.keys.insert(phase.key);
      written.insert(result.file.parent_path());
    }
  }
  std::vector<fs::path> phases;
  for (const auto& entry : fs::directory_iterator(folders.runs)) {
    if (entry.is_directory() && is_phase_folder(entry.path())) phases.push_back(entry.path());
  }
  std::sort(phases.begin(), phases.end());
  if (arguments.remove) {
    temporaries += remove_temporaries(claims_lock(folders.runs).parent_path());
    for (const fs::path& results : written) temporaries += remove_temporaries(results, kOld);
  }
  Json rows = Json::array();
  for (const fs::path& phase : phases) {
    const std::string state = state_of(phase, claims.keys);
    Json row = {{"folder", phase.string()}, {"bytes", bytes_of(phase)}, {"state", state}, {"may_go", may_go(state)}};
    if (arguments.remove && state != "running") clean(phase, row, temporaries);
    held += row.at("bytes").get<int64_t>();
    if (row.at("may_go")) garbage += row.at("bytes").get<int64_t>();
    rows.push_back(std::move(row));
  }
  const int64_t links = arguments.remove ? remove_dead_links(folders.runs) : 0;
  if (print_json(arguments, Json{{"bytes", held},
                                 {"may_go", garbage},
                                 {"temporary_files_removed", temporaries},
                                 {"links_removed", links},
                                 {"phases", rows}}))
    return 0;
  std::vector<std::vector<std::string>> table = {{"phase", "size", "state", ""}};
  for (const Json& row : rows) {
    table.push_back({fs::path(row.at("folder").get<std::string>()).filename().string(),
                     megabytes(row.at("bytes").get<int64_t>()), row.at("state").get<std::string>(),
                     !row.at("may_go").get<bool>() ? ""
                     : arguments.remove            ? "removed"
                                                   : "may go"});
  }
  output() << aligned(table) << "\n" << megabytes(held) << " held, " << megabytes(garbage);
  output() << (arguments.remove ? " removed\n"
               : garbage > 0    ? " may go: `senet gc --delete` removes it\n"
                                : " may go\n");
  if (temporaries > 0) output() << temporaries << " temporary files of processes that ended while they wrote removed\n";
  if (links > 0) output() << links << " links of TensorBoard to what is no longer there removed\n";
  output() << "needed: by a result under " << folders.results.string()
           << " or a folder that an experiment of this store wrote results to, or by an experiment as it last ran; "
              "unfinished phases go on when run again\n";
  return 0;
}

}  // namespace senet
