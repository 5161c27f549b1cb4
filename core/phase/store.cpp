#include "phase/store.h"

#include "senet/error.h"
#include "storage/files.h"
#include "storage/hash.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr const char* kFailure = "failure.txt";

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

fs::path PhaseStore::folder(const std::string& kind, const std::string& key) const {
  return root_ / (kind + "-" + key.substr(0, 16));
}

void PhaseStore::add_file(const fs::path& folder, Json& record, const std::string& file) {
  const std::string bytes = read_file(folder / file);
  record["files"][file] = {{"bytes", bytes.size()}, {"hash", Hash().add(bytes).hex()}};
}

std::optional<PhaseRecord> PhaseStore::find(const std::string& kind, const std::string& key,
                                            std::string* damage) const {
  const fs::path path = folder(kind, key);
  const std::optional<std::string> text = read_if_there(path / "record.json");
  if (!text) return std::nullopt;
  const auto damaged = [&](const std::exception& error) -> std::optional<PhaseRecord> {
    if (damage) *damage = error.what();
    return std::nullopt;
  };
  try {
    Json json = parse_json(*text, (path / "record.json").string());
    SENET_CHECK(json.is_object() && json.value("key", "") == key, (path / "record.json").string(),
                ": is not the record of the key ", key);
    const Json files = json.value("files", Json::object());
    for (const auto& [name, file] : files.items()) {
      const std::optional<std::string> bytes = read_if_there(path / name);
      SENET_CHECK(bytes, (path / name).string(), ": is gone, and the phase's record lists it");
      SENET_CHECK(bytes->size() == file.at("bytes").get<size_t>() &&
                      Hash().add(*bytes).hex() == file.at("hash").get<std::string>(),
                  (path / name).string(), ": is not the file that the phase wrote (found ", bytes->size(),
                  " bytes, expected ", file.at("bytes").dump(), ")");
    }
    return PhaseRecord{path, kind, key, std::move(json), true};
  } catch (const Unreadable&) {
    throw;
  } catch (const Error& error) {
    return damaged(error);
  } catch (const Json::exception& error) {
    return damaged(error);
  }
}

PhaseStore::State PhaseStore::state(const std::string& kind, const std::string& key, std::string* note) const {
  const fs::path path = folder(kind, key);
  if (fs::exists(path / "record.json")) return State::finished;
  if (!fs::exists(path)) return State::absent;
  const std::string who = lock_holder(path / "lock");
  const bool failed = who.empty() && fs::exists(path / kFailure);
  if (note) *note = failed ? read_file(path / kFailure) : who;
  return failed ? State::failed : who.empty() ? State::unfinished : State::running;
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
  Json record = {{"kind", inputs.kind}, {"version", inputs.version}, {"key", key}};
  fs::remove(path / kFailure);
  try {
    body(path, record);
  } catch (const Error& error) {
    if (error.exit() != Exit::interrupted) note_failure(path, error.what());
    throw;
  } catch (const std::exception& error) {
    note_failure(path, error.what());
    throw;
  }
  write_atomically(path / "record.json", record.dump(2) + "\n");
  return PhaseRecord{path, inputs.kind, key, std::move(record), false};
}

}  // namespace senet
