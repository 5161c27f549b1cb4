#include "phase/claims.h"

#include <nlohmann/json.hpp>

#include "senet/error.h"
#include "storage/hash.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

fs::path folder_of_claims(const fs::path& store) { return store / "experiments"; }

fs::path file_of(const fs::path& store, const std::string& experiment, const fs::path& results) {
  return folder_of_claims(store) / (experiment + "-" + Hash().add(results.string()).hex().substr(0, 16) + ".json");
}

// Adds the claim of one file. Claims written before they named a results folder are a list of keys.
void add(const fs::path& file, Claimed& all) {
  const std::optional<std::string> bytes = read_if_there(file);
  if (!bytes) return;
  const auto damaged = [&](const std::exception& error) {
    fail_usage(file.string(), ": is damaged (", error.what(), "); run its experiment again, or remove the file");
  };
  try {
    const Json claim = parse_json(*bytes, file.filename().string());
    const auto keys = (claim.is_array() ? claim : claim.at("keys")).get<std::set<std::string>>();
    all.keys.insert(keys.begin(), keys.end());
    if (claim.is_object()) all.results.insert(claim.at("results").get<std::string>());
  } catch (const Error& error) {
    damaged(error);
  } catch (const Json::exception& error) {
    damaged(error);
  }
}

}  // namespace

Claimed claimed(const fs::path& store) {
  Claimed all;
  const fs::path folder = folder_of_claims(store);
  if (!fs::is_directory(folder)) return all;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") add(entry.path(), all);
  }
  return all;
}

fs::path claims_lock(const fs::path& store) { return folder_of_claims(store) / "lock"; }

fs::path one_path_of(const fs::path& folder) { return fs::weakly_canonical(fs::absolute(folder)); }

Claim::Claim(const fs::path& store, const std::string& experiment, const fs::path& results)
    : store_(store),
      file_(file_of(store, experiment, one_path_of(results))),
      results_(one_path_of(results)),
      experiment_(experiment),
      in_use_(fs::path(file_).replace_extension(".lock"), FileLock::Kind::shared, FileLock::Wait::yes) {}

void Claim::join(const std::set<std::string>& keys) {
  const size_t before = keys_.size();
  keys_.insert(keys.begin(), keys.end());
  if (keys_.size() == before) return;
  const FileLock lock(claims_lock(store_), FileLock::Kind::exclusive, FileLock::Wait::yes);
  Claimed all;
  const fs::path earlier = folder_of_claims(store_) / (experiment_ + ".json");
  for (const fs::path& file : {file_, earlier}) {
    try {
      add(file, all);
    } catch (const Unreadable&) {
      throw;
    } catch (const Error&) {
      // A damaged claim is written anew.
    }
  }
  all.keys.insert(keys_.begin(), keys_.end());
  write(all.keys);
  fs::remove(earlier);
}

void Claim::replace() {
  const FileLock lock(claims_lock(store_), FileLock::Kind::exclusive, FileLock::Wait::yes);
  if (in_use_.make_exclusive()) write(keys_);
}

void Claim::write(const std::set<std::string>& keys) const {
  const std::string json =
      Json{{"experiment", experiment_}, {"results", results_.string()}, {"keys", keys}}.dump(2) + "\n";
  if (read_if_there(file_) != json) write_atomically(file_, json);
}

}  // namespace senet
