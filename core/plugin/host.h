#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "senet/error.h"
#include "senet/plugin.h"

namespace senet {

const char* kind_name(PluginKind kind);

// Finds plugins, refuses what does not fit, and makes their objects. A shared library is never unloaded, so what a
// plugin makes may outlive the host.
class PluginHost {
 public:
  struct Loaded {
    PluginEntry entry;
    std::string file;
  };
  struct Refused {
    std::string file;
    std::string reason;
  };

  // Loads every *.so below each folder. A file with another ABI tag, without a manifest, or with a kind and name
  // already taken is refused before (in the first case) any of its code runs; `refused()` says why.
  explicit PluginHost(const std::vector<std::string>& folders);

  const std::vector<Loaded>& loaded() const { return loaded_; }
  const std::vector<Refused>& refused() const { return refused_; }

  // Throws (exit code 2) with the names there are, and the nearest, when there is none.
  const PluginEntry& find(PluginKind kind, const std::string& name) const;
  bool has(PluginKind kind, const std::string& name) const;
  std::vector<Option> options(PluginKind kind, const std::string& name) const;

  template <class Interface>
  std::shared_ptr<Interface> make(const std::string& name, const Options& options) const {
    const PluginEntry& entry = find(Interface::kKind, name);
    void* object = nullptr;
    guard(Interface::kKind, name, [&] { object = entry.make(options); });
    return std::shared_ptr<Interface>(static_cast<Interface*>(object));
  }

  // Runs plugin code; whatever it throws comes out as an Error that carries the plugin's name: an Error with its own
  // exit code, anything else with 2, for a plugin that does not keep to its interface.
  static void guard(PluginKind kind, const std::string& name, const std::function<void()>& call);
  // Whose code the calling thread runs now: "dataset plugin 'mine'"; empty: none's.
  static std::string running();

 private:
  void load(const std::string& file);

  std::vector<Loaded> loaded_;
  std::vector<Refused> refused_;
};

}  // namespace senet
