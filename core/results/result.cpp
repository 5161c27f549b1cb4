#include "results/result.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "results/result_json.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

namespace senet {

namespace fs = std::filesystem;

std::vector<Environment> ResultPhase::environments() const {
  std::vector<Environment> all = {environment};
  all.insert(all.end(), earlier_environments.begin(), earlier_environments.end());
  return all;
}

std::string Result::id() const { return folder() + "/" + file.stem().string(); }
std::string Result::folder() const { return file.parent_path().filename().string(); }

Json Result::setting(const std::string& key) const {
  for (const Setting& setting : settings) {
    if (setting.key == key) return to_json(setting.value);
  }
  return {};
}

const ResultPhase* Result::phase_of(const std::string& step) const {
  const auto found = std::find_if(phases.begin(), phases.end(), [&](const ResultPhase& phase) {
    return (phase.training.empty() ? phase.kind : phase.training) == step;
  });
  return found == phases.end() ? nullptr : &*found;
}

const ResultPhase* Result::teacher_phase() const {
  for (const ResultPhase& phase : phases) {
    if (phase.kind == "teacher") return &phase;
  }
  return nullptr;
}

const ResultPhase& Result::network_phase() const {
  for (auto phase = phases.rbegin(); phase != phases.rend(); ++phase) {
    if (phase->kind != "evaluation") return *phase;
  }
  fail(file.string(), ": names no phase that left a network");
}

ResultWidth Result::at_width(double width) const {
  for (const ResultWidth& at : widths) {
    if (at.width == width) return at;
  }
  SENET_CHECK(width == 1, file.string(), ": says nothing of the width ", width);
  return {1, network, model.parameters, model.macs, model.outside_sites};
}

std::string slug(const std::string& text) {
  std::string slug;
  for (const char c : text) {
    // Bytes beyond ASCII are parts of letters of other scripts.
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) || c == '.' || c == '_') {
      slug += c;
    } else if (c == '%') {
      slug += "pct";
    } else if (c == '+') {
      slug += 'p';
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "unnamed" : slug;
}

std::string readable(const Json& json, const std::string& indent) {
  if (json.empty() || !json.is_structured()) return json.dump();
  const bool plain =
      json.is_array() && std::none_of(json.begin(), json.end(), [](const Json& item) { return item.is_structured(); });
  const std::string deeper = indent + "  ";
  std::string out = json.is_array() ? "[" : "{";
  bool first = true;
  for (const auto& [name, value] : json.items()) {
    if (!first) out += plain ? ", " : ",";
    if (!plain) out += "\n" + deeper;
    if (json.is_object()) out += Json(name).dump() + ": ";
    out += readable(value, deeper);
    first = false;
  }
  return out + (plain ? "" : "\n" + indent) + (json.is_array() ? "]" : "}");
}

fs::path result_path(const fs::path& results, const std::string& experiment, const std::string& label,
                     const std::string& budget, int64_t seed) {
  return results / experiment / (slug(label) + "-" + slug(budget) + "-s" + std::to_string(seed) + ".json");
}

bool holds_no_results(const std::string& folder) {
  return folder == "measured" || folder == "published" || folder == "benchmarks";
}

Result load_result(const fs::path& file) try {
  return result_from(parse_json(read_file(file), file.string()), file);
} catch (const Error& error) {
  const std::string what = error.what();
  throw Error(what.find(file.string()) == std::string::npos ? file.string() + ": " + what : what, Exit::usage);
} catch (const Json::exception& error) {
  fail_usage(file.string(), ": ", error.what());
}

void save_result(const Result& result) { write_atomically(result.file, readable(to_json(result)) + "\n"); }

std::vector<Result> load_results(const fs::path& results, const std::string& experiment) {
  std::vector<fs::path> files;
  // Folders before links to them, so that each is known by its own name.
  std::map<fs::path, int> folders, links;  // by their depth
  std::set<fs::path> entered;
  if (fs::is_directory(results)) folders[results] = 0;
  while (!folders.empty() || !links.empty()) {
    std::map<fs::path, int>& from = folders.empty() ? links : folders;
    const auto [folder, depth] = *from.begin();
    from.erase(from.begin());
    if (!entered.insert(fs::canonical(folder)).second) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      std::error_code leads_nowhere;
      if (entry.is_directory(leads_nowhere)) {
        if (name != "measured" && (depth > 0 || !holds_no_results(name)))
          (entry.is_symlink() ? links : folders)[entry.path()] = depth + 1;
      } else if (depth > 0 && entry.path().extension() == ".json" &&
                 (experiment.empty() || folder.filename() == experiment)) {
        files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Result> loaded;
  for (const fs::path& file : files) loaded.push_back(load_result(file));
  return loaded;
}

}  // namespace senet
