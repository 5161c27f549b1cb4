#include "tools/report/doubts.h"

#include "config/joined.h"
#include "tools/report/toml_file.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

constexpr const char* kUnknown = "unknown";
constexpr const char* kChanged = "+";  // at a revision's end: of a tree with uncommitted changes

// Names of environments' fields that a number may depend on, and what a reader calls them.
const std::vector<std::pair<const char*, const char*>> kFields = {{"device", "device"},
                                                                  {"gpu", "GPU"},
                                                                  {"cpu_capability", "CPU capability"},
                                                                  {"onednn_isa", "oneDNN's instructions"},
                                                                  {"libtorch", "LibTorch"},
                                                                  {"precision", "precision"},
                                                                  {"threads", "threads"}};

template <class Visit>
void each_phase(const std::vector<const Result*>& results, const Visit& visit) {
  for (const Result* result : results) {
    for (const ResultPhase& phase : result->phases) visit(phase);
  }
}

bool is_unknown(const std::string& revision) { return revision.empty() || revision == kUnknown; }

std::string listed(const std::set<std::string>& texts) { return joined(texts, ", "); }

std::string dirty(const std::vector<const Result*>& results) {
  std::set<std::string> changed;
  bool unknown = false;
  each_phase(results, [&](const ResultPhase& phase) {
    for (const Environment& environment : phase.environments()) {
      const std::string& revision = environment.revision;
      if (is_unknown(revision)) unknown = true;
      if (revision.size() > 1 && revision.substr(revision.size() - 1) == kChanged)
        changed.insert(revision.substr(0, revision.size() - 1));
    }
  });
  std::vector<std::string> what;
  if (!changed.empty()) what.push_back("source with uncommitted changes to revision " + listed(changed));
  if (unknown) what.emplace_back("source of no known revision");
  return what.empty() ? "" : "dirty: " + joined(what, "; ");
}

std::string differing(const EnvironmentFields& fields, const EnvironmentFields& but) {
  std::vector<std::string> what;
  for (const auto& [name, title] : kFields) {
    const auto values = fields.find(name), own = but.find(name);
    if (values == fields.end() || values->second.size() < 2 || (own != but.end() && own->second.size() > 1)) continue;
    what.push_back(std::string(title) + " " + listed(values->second));
  }
  return joined(what, "; ");
}

}  // namespace

std::vector<KnownFault> load_known_faults(const fs::path& results) {
  const fs::path file = results / "outdated.toml";
  std::vector<KnownFault> faults;
  if (!fs::exists(file)) return faults;
  const toml::table table = parsed_toml(file);
  for (const auto& [key, value] : table) {
    const toml::array* entries = value.as_array();
    if (key.str() != "fault" || !entries)
      fail_usage(file.string(), ":", value.source().begin.line, ": '", std::string(key.str()),
                 "' is unknown; expected [[fault]] and nothing else");
    for (const toml::node& node : *entries) {
      const toml::table* entry = node.as_table();
      const auto unsound = [&] {
        fail_usage(file.string(), ":", node.source().begin.line,
                   ": a fault has phase, what, fixed (texts) and revisions (a list of texts), and nothing else");
      };
      if (!entry || entry->size() != 4) unsound();
      const auto phase = (*entry)["phase"].value<std::string>(), what = (*entry)["what"].value<std::string>();
      const toml::array* revisions = (*entry)["revisions"].as_array();
      if (!phase || !what || !(*entry)["fixed"].is_string() || !revisions) unsound();
      KnownFault fault{*phase, *what, {}};
      for (const toml::node& revision : *revisions) {
        if (!revision.is_string()) unsound();
        fault.revisions.insert(revision.value_or(std::string()));
      }
      faults.push_back(std::move(fault));
    }
  }
  return faults;
}

EnvironmentFields environment_fields(const std::vector<const Result*>& results) {
  EnvironmentFields fields;
  each_phase(results, [&](const ResultPhase& phase) {
    for (const Environment& environment : phase.environments()) {
      for (const EnvironmentField& field : fields_of(environment)) {
        const bool only_loads = field.name == "threads" && environment.device != "cpu";
        if (!field.value.empty() && !only_loads) fields[field.name].insert(field.value);
      }
    }
  });
  return fields;
}

std::vector<std::string> doubts_of(const std::vector<const Result*>& results,
                                   const std::map<std::string, int64_t>& versions,
                                   const std::vector<KnownFault>& faults) {
  std::vector<std::string> doubts;
  const std::string uncommitted = dirty(results), differs = differing(environment_fields(results), {});
  if (!uncommitted.empty()) doubts.push_back(uncommitted);
  if (!differs.empty()) doubts.push_back("mixed: " + differs);
  std::set<std::string> outdated;
  each_phase(results, [&](const ResultPhase& phase) {
    for (const auto& [part, version] : phase.versions) {
      const auto now = versions.find(part);
      if (now != versions.end() && version < now->second)
        outdated.insert(text(part, " of version ", version, ", the program's is ", now->second));
    }
    for (const KnownFault& fault : faults) {
      if (fault.phase != phase.kind) continue;
      for (const Environment& environment : phase.environments()) {
        const std::string revision = is_unknown(environment.revision) ? kUnknown : environment.revision;
        if (fault.revisions.count(revision)) outdated.insert(text(fault.phase, ": ", fault.what));
      }
    }
  });
  if (!outdated.empty()) doubts.push_back("outdated: " + joined(outdated, "; "));
  return doubts;
}

std::string doubt_between(const EnvironmentFields& own, const EnvironmentFields& all) {
  const std::string differs = differing(all, own);
  return differs.empty() ? "" : "mixed, between rows: " + differs;
}

}  // namespace senet
