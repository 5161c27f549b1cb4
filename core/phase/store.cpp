#include "phase/store.h"

#include <cstdlib>

#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr const char* kFailure = "failure.txt";
// 1: locks are signed with process and host, and beat. Raised when earlier programs cannot share a store any more.
constexpr int kVersion = 1;

void note_failure(const fs::path& folder, const std::string& why) {
  try {
    write_atomically(folder / kFailure, why + "\n");
  } catch (const Error&) {
    // Where nothing can be written, that is why it failed.
  }
}

}  // namespace

std::string PhaseInputs::key() const {
  return Hash().add(kind).add(text("|", version, "|")).add(nlohmann::json(inputs).dump()).hex();
}

PhaseStore::PhaseStore(fs::path root) : root_(std::move(root)) {
  const std::optional<std::string> found = read_if_there(root_ / "version");
  if (!found || std::atoi(found->c_str()) <= kVersion) return;
  fail_usage(root_.string(), ": is a store of version ", std::atoi(found->c_str()),
             ", and this program knows those up to ", kVersion,
             "; run it with the later senet that made it, or give another folder with --runs");
}

fs::path PhaseStore::folder(const std::string& kind, const std::string& key) const {
  return root_ / (kind + "-" + key.substr(0, 16));
}

void PhaseStore::add_file(PhaseRecord& record, const std::string& file) {
  const std::string bytes = read_file(record.folder / file);
  record.files[file] = {static_cast<int64_t>(bytes.size()), Hash().add(bytes).hex()};
}

std::optional<PhaseRecord> PhaseStore::find(const std::string& kind, const std::string& key,
                                            std::string* damage) const {
  const fs::path path = folder(kind, key), file = path / "record.json";
  const std::optional<std::string> text = read_if_there(file);
  if (!text) return std::nullopt;
  try {
    PhaseRecord record = phase_record_from(parse_json(*text, file.string()), file.string());
    SENET_CHECK(record.key == key, file.string(), ": is not the record of the key ", key);
    for (const auto& [name, expected] : record.files) {
      const std::optional<std::string> bytes = read_if_there(path / name);
      SENET_CHECK(bytes, (path / name).string(), ": is gone, and the phase's record lists it");
      SENET_CHECK(static_cast<int64_t>(bytes->size()) == expected.bytes && Hash().add(*bytes).hex() == expected.hash,
                  (path / name).string(), ": is not the file that the phase wrote (found ", bytes->size(),
                  " bytes, expected ", expected.bytes, ")");
    }
    record.folder = path;
    record.found_finished = true;
    return record;
  } catch (const Unreadable&) {
    throw;
  } catch (const Error& error) {
    if (damage) *damage = error.what();
    return std::nullopt;
  }
}

PhaseStore::State PhaseStore::state(const std::string& kind, const std::string& key, std::string* note) const {
  const fs::path path = folder(kind, key);
  if (fs::exists(path / "record.json")) return State::finished;
  if (!fs::exists(path)) return State::absent;
  const std::string who = lock_holder(path / "lock");
  const std::optional<std::string> failure = who.empty() ? read_if_there(path / kFailure) : std::nullopt;
  if (note) *note = failure.value_or(who);
  return failure ? State::failed : who.empty() ? State::unfinished : State::running;
}

std::string PhaseStore::failure_since(const std::string& kind, const std::string& key, fs::file_time_type since) const {
  std::string why;
  std::error_code gone;
  if (state(kind, key, &why) != State::failed || fs::last_write_time(folder(kind, key) / kFailure, gone) < since)
    return "";
  return why.substr(0, why.find_last_not_of('\n') + 1);
}

std::optional<PhaseRecord> PhaseStore::run(const PhaseInputs& inputs, const Body& body, std::string& holder,
                                           const OnDamage& on_damage) {
  const std::string key = inputs.key();
  const fs::path path = folder(inputs.kind, key);
  std::string damage;
  if (auto finished = find(inputs.kind, key, &damage)) return *finished;

  const FileLock lock(path / "lock");
  if (!lock.held()) {
    holder = lock.holder();
    return std::nullopt;
  }
  const Heartbeat heartbeat(lock);
  if (!fs::exists(root_ / "version")) write_atomically(root_ / "version", text(kVersion, "\n"));
  damage.clear();
  if (auto finished = find(inputs.kind, key, &damage)) return *finished;
  if (!damage.empty()) {
    // The folder stays where it is: others may be waiting for its lock.
    const fs::path aside = free_name_aside(path);
    fs::create_directories(aside);
    for (const auto& file : fs::directory_iterator(path)) {
      if (file.path().filename() != "lock") fs::rename(file.path(), aside / file.path().filename());
    }
    on_damage(damage + "; set aside as " + aside.string() + ", the phase runs again");
  }
  for (const auto& file : fs::directory_iterator(path)) {
    if (is_temporary(file.path())) fs::remove(file.path());  // of a process that ended while it wrote
  }
  write_atomically(
      path / "inputs.json",
      Json{{"kind", inputs.kind}, {"version", inputs.version}, {"key", key}, {"inputs", inputs.inputs}}.dump(2) + "\n");
  PhaseRecord record;
  record.kind = inputs.kind;
  record.version = inputs.version;
  record.key = key;
  record.folder = path;
  fs::remove(path / kFailure);
  try {
    body(record);
  } catch (const Error& error) {
    if (error.exit() != Exit::interrupted) note_failure(path, error.what());
    throw;
  } catch (const std::exception& error) {
    note_failure(path, error.what());
    throw;
  }
  write_atomically(path / "record.json", to_json(record).dump(2) + "\n");
  return record;
}

}  // namespace senet
