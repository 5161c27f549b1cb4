#include "plugin/host.h"

#include <algorithm>
#define BOOST_DLL_USE_STD_FS
#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <filesystem>

#include "config/document.h"
#include "config/joined.h"
#include "senet/choice.h"
#include "senet/error.h"
#include "storage/files.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

// Plugins live until the process ends: objects, vtables and error texts of theirs may be held anywhere.
void keep_loaded(boost::dll::shared_library library) {
  static auto* libraries = new std::vector<boost::dll::shared_library>();
  libraries->push_back(std::move(library));
}

// The core's own names. A baseline cannot have one: its section and its phases are called by its name.
const std::set<std::string> kOwnNames = {"senet",   "cell",        "dataset", "model",    "training",  "student",
                                         "teacher", "sensitivity", "mask",    "finetune", "evaluation"};
// A plugin's code that is running, within another's or alone.
struct Call {
  explicit Call(std::string plugin) : what(std::move(plugin)) { innermost = this; }
  ~Call() { innermost = outer; }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  static thread_local const Call* innermost;
  const std::string what;
  const Call* const outer = innermost;
};
thread_local const Call* Call::innermost = nullptr;

// Read from the file's symbol table: nothing of the library runs.
std::string abi_tag_of(const std::string& file) {
  boost::dll::library_info info(file);
  for (const std::string& symbol : info.symbols("senet")) {
    if (symbol.rfind("senet_abi_", 0) == 0) return symbol;
  }
  return "";
}

}  // namespace

const char* kind_name(PluginKind kind) {
  constexpr Choice<PluginKind> kKinds[] = {{"dataset", PluginKind::dataset},
                                           {"model", PluginKind::model},
                                           {"sensitivity", PluginKind::sensitivity},
                                           {"baseline", PluginKind::baseline}};
  return name_of(kind, kKinds);
}

PluginHost::PluginHost(const std::vector<std::string>& folders) {
  std::set<std::string> seen;
  for (const std::string& folder : folders) {
    std::vector<std::string> files;
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (it->path().extension() == ".so" && it->is_regular_file()) files.push_back(fs::canonical(it->path()).string());
    }
    if (error) refused_.push_back({folder, "the folder cannot be read: " + error.message()});
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) {
      if (seen.insert(file).second) load(file);
    }
  }
}

void PluginHost::load(const std::string& file) {
  const auto refuse = [&](const std::string& reason) { refused_.push_back({file, reason}); };
  try {
    const std::string tag = abi_tag_of(file);
    if (tag.empty()) return refuse("has no senet_abi_… symbol: not a plugin of this harness (SENET_PLUGIN is missing)");
    if (tag != SENET_ABI_TAG) {
      return refuse(text("was built against another SDK, LibTorch or compiler: its tag is ", tag,
                         ", this program's is ", SENET_ABI_TAG, "; rebuild it"));
    }
    boost::dll::shared_library library(file, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (!library.has("senet_manifest")) return refuse("has no manifest (SENET_PLUGIN is missing)");
    const auto& manifest = library.get<const PluginManifest>("senet_manifest");
    keep_loaded(library);
    for (size_t i = 0; i < manifest.count; ++i) {
      const PluginEntry& entry = manifest.entries[i];
      const auto taken = std::find_if(loaded_.begin(), loaded_.end(), [&](const Loaded& other) {
        return other.entry.kind == entry.kind && std::string(other.entry.name) == entry.name;
      });
      if (!is_plain_name(entry.name)) {
        refuse(text("brings a ", kind_name(entry.kind), " called '", entry.name, "'; expected ", kPlainName));
      } else if (entry.kind == PluginKind::baseline && kOwnNames.count(entry.name)) {
        refuse(text("brings a baseline called '", entry.name, "', which is a name of the core's own; rename it"));
      } else if (taken != loaded_.end()) {
        refuse(text("brings the ", kind_name(entry.kind), " '", entry.name, "', which ", taken->file,
                    " has brought already; rename one"));
      } else {
        loaded_.push_back({entry, file});
      }
    }
  } catch (const std::exception& error) {
    refuse(text("cannot be loaded: ", error.what()));
  }
}

bool PluginHost::has(PluginKind kind, const std::string& name) const {
  return std::any_of(loaded_.begin(), loaded_.end(),
                     [&](const Loaded& plugin) { return plugin.entry.kind == kind && name == plugin.entry.name; });
}

const PluginEntry& PluginHost::find(PluginKind kind, const std::string& name) const {
  std::set<std::string> names;
  for (const Loaded& plugin : loaded_) {
    if (plugin.entry.kind != kind) continue;
    if (name == plugin.entry.name) return plugin.entry;
    names.insert(plugin.entry.name);
  }
  std::string refusals;
  for (const Refused& refusal : refused_) refusals += "\n  refused: " + refusal.file + ": " + refusal.reason;
  fail_usage("there is no ", kind_name(kind), " plugin '", name, "'", did_you_mean(name, names),
             " (known: ", names.empty() ? "none" : joined(names, ", "), ")", refusals);
}

std::vector<Option> PluginHost::options(PluginKind kind, const std::string& name) const {
  const PluginEntry& entry = find(kind, name);
  return {entry.options, entry.options + entry.option_count};
}

void PluginHost::guard(PluginKind kind, const std::string& name, const std::function<void()>& call) {
  const Call running(text(kind_name(kind), " plugin '", name, "'"));
  const auto named = [&](const std::string& what) { return running.what + ": " + what; };
  try {
    call();
  } catch (const Error& error) {
    if (error.exit() == Exit::interrupted) throw;
    throw Error(named(error.what()), error.exit());
  } catch (const std::exception& error) {
    fail_usage(named(error.what()));
  } catch (...) {
    fail_usage(named("threw something that is not an exception"));
  }
}

std::string PluginHost::running() { return Call::innermost ? Call::innermost->what : ""; }

}  // namespace senet
