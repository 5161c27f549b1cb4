#include "phase/store.h"

#include "config/hash.h"
#include "phase/files.h"
#include "senet/error.h"

namespace senet {

namespace fs = std::filesystem;

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
  if (!fs::exists(path / "record.json")) return std::nullopt;
  try {
    Json json = Json::parse(read_file(path / "record.json"));
    SENET_CHECK(json.is_object() && json.value("key", "") == key, (path / "record.json").string(),
                ": belongs to the key ", json.value("key", "(none)"), ", expected ", key);
    const Json files = json.value("files", Json::object());
    for (const auto& [name, file] : files.items()) {
      const std::string bytes = read_file(path / name);
      SENET_CHECK(bytes.size() == file.at("bytes").get<size_t>() &&
                      Hash().add(bytes).hex() == file.at("hash").get<std::string>(),
                  (path / name).string(), ": is not the file that the phase wrote (found ", bytes.size(),
                  " bytes, expected ", file.at("bytes").dump(), ")");
    }
    return PhaseRecord{path, kind, key, std::move(json), true};
  } catch (const std::exception& error) {
    if (damage) *damage = error.what();
    return std::nullopt;
  }
}

PhaseStore::State PhaseStore::state(const std::string& kind, const std::string& key, std::string* holder) const {
  const fs::path path = folder(kind, key);
  if (fs::exists(path / "record.json")) return State::finished;
  if (!fs::exists(path)) return State::absent;
  const std::string who = lock_holder(path / "lock");
  if (holder) *holder = who;
  return who.empty() ? State::unfinished : State::running;
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
  write_atomically(
      path / "inputs.json",
      Json{{"kind", inputs.kind}, {"version", inputs.version}, {"key", key}, {"inputs", inputs.inputs}}.dump(2) + "\n");
  Json record = {{"kind", inputs.kind}, {"version", inputs.version}, {"key", key}};
  body(path, record);
  write_atomically(path / "record.json", record.dump(2) + "\n");
  return PhaseRecord{path, inputs.kind, key, std::move(record), false};
}

}  // namespace senet
