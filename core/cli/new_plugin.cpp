#include <algorithm>
#include <boost/algorithm/string/replace.hpp>
#include <cctype>
#include <filesystem>
#include <set>

#include "cli/commands.h"
#include "cli/shell_word.h"
#include "config/document.h"
#include "config/joined.h"
#include "experiment/plan.h"
#include "senet/error.h"
#include "storage/files.h"

namespace senet {

namespace {

namespace fs = std::filesystem;

std::set<std::string> names_in(const fs::path& folder, fs::file_type type) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.status().type() == type) names.insert(entry.path().filename().string());
  }
  return names;
}

bool is_identifier(const std::string& name) {
  const auto part = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name.front())) &&
         std::all_of(name.begin(), name.end(), part);
}

// Names that mean something else: to the command line, to CMake, in an experiment file.
std::set<std::string> taken_names() {
  std::set<std::string> names = {"new", "senet", "torch", "all", "clean", "help", "install", "package", "test"};
  for (const auto& [section, options] : core_sections()) names.insert(section);
  return names;
}

// my_method → MyMethod
std::string class_name(const std::string& name) {
  std::string camel;
  bool upper = true;
  for (const char c : name) {
    if (c != '_') camel += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '_';
  }
  return camel;
}

}  // namespace

int new_plugin(const Arguments& arguments) {
  const std::string &kind = arguments.kind, &name = arguments.subject;
  const fs::path folder = arguments.out, skeletons = installation_prefix() / "share/senet/skeleton";
  SENET_CHECK(
      fs::is_directory(skeletons), skeletons.string(),
      ": no such folder; the skeletons of plugins belong beside the program: install it again (cmake --install)");
  const std::set<std::string> kinds = names_in(skeletons, fs::file_type::directory);
  if (!kinds.count(kind)) {
    fail_usage("there is no skeleton of the kind '", kind, "'", did_you_mean(kind, kinds),
               " (known: ", joined(kinds, ", "), ")");
  }
  if (!is_identifier(name) || class_name(name).empty()) {
    fail_usage("'", name,
               "' cannot name a plugin: expected a C identifier, letters, digits and '_', such as my_method");
  }
  if (taken_names().count(name)) fail_usage("'", name, "' cannot name a plugin: it means something else already");
  const PluginHost host = load_plugins(arguments);
  for (const PluginHost::Loaded& plugin : host.loaded()) {
    if (kind == kind_name(plugin.entry.kind) && name == plugin.entry.name) {
      fail_usage("there is a ", kind, " '", name, "' already, from ", plugin.file, "; choose another name");
    }
  }
  if (fs::exists(folder) && !(fs::is_directory(folder) && fs::is_empty(folder))) {
    fail_usage(folder.string(), ": is there already; expected a new or empty folder");
  }

  std::vector<std::pair<std::string, int64_t>> written;
  const auto write_all = [&](const fs::path& from, const std::string& stand_in) {
    for (const std::string& file : names_in(from, fs::file_type::regular)) {
      std::string content = read_file(from / file);
      boost::replace_all(content, stand_in, name);
      boost::replace_all(content, class_name(stand_in), class_name(name));
      const std::string to = boost::replace_all_copy(file, stand_in, name);
      write_atomically(folder / to, content);
      written.emplace_back(to, std::count(content.begin(), content.end(), '\n'));
    }
  };
  write_all(skeletons, "my_plugin");  // what all kinds have alike
  write_all(skeletons / kind, "my_" + kind);
  if (arguments.json) {
    Json files = Json::array();
    for (const auto& [file, lines] : written) files.push_back({{"file", (folder / file).string()}, {"lines", lines}});
    return answer(arguments, {{"kind", kind}, {"name", name}, {"files", files}}, "");
  }
  for (const auto& [file, lines] : written) output() << (folder / file).string() << ", " << lines << " lines\n";
  const auto word = [](const fs::path& path) { return shell_word(path.string()); };
  const std::string build = word(folder / "build");
  output() << "\nbuild it, test it, run it:\n"
           << "  cmake -S " << word(folder) << " -B " << build << " -DCMAKE_PREFIX_PATH=" << word(installation_prefix())
           << "\n"
           << "  cmake --build " << build << "\n"
           << "  ctest --test-dir " << build << "\n"
           << "  " << word(installation_prefix() / "bin/senet") << " run " << word(folder / (name + ".toml"))
           << " --plugin-dir " << build << "\n";
  return 0;
}

}  // namespace senet
