#include "tools/report/published.h"

#include <algorithm>
#include <cmath>

#include "tools/report/toml_file.h"

namespace senet {

namespace fs = std::filesystem;

namespace {

PublishedPoint point_of(const toml::node& node, const fs::path& file, const std::string& via) {
  const toml::array* row = node.as_array();
  const auto text_at = [&](size_t i) { return row->get(i) ? row->get(i)->value<std::string>() : std::nullopt; };
  const auto number_at = [&](size_t i) { return row->get(i) ? row->get(i)->value<double>() : std::nullopt; };
  if (!row || !text_at(0) || !text_at(1) || !text_at(2) || !number_at(3) || !number_at(4)) {
    fail_usage(file.string(), ":", node.source().begin.line,
               ": a point is not [dataset, method, model, thousands of ReLUs, accuracy in %, …]");
  }
  PublishedPoint point{*text_at(0), *text_at(1), *text_at(2), true, *number_at(3), *number_at(4), via};
  if (!point.model.empty() && point.model.back() == '?') {
    point.model.pop_back();
    point.model_certain = false;
  }
  return point;
}

std::vector<PublishedPoint> points_of(const toml::table& table, const fs::path& file, const std::string& via) {
  const toml::array* rows = table["points"].as_array();
  if (!rows) fail_usage(file.string(), ":", table.source().begin.line, ": has no list 'points'");
  std::vector<PublishedPoint> points;
  for (const toml::node& row : *rows) points.push_back(point_of(row, file, via));
  return points;
}

std::vector<PublishedPoint> all_points(const fs::path& file) {
  const toml::table table = parsed_toml(file);
  std::vector<PublishedPoint> all = points_of(table, file, "");
  const toml::array* elsewhere = table["elsewhere"].as_array();
  for (size_t i = 0; elsewhere && i < elsewhere->size(); ++i) {
    const toml::table* section = elsewhere->get(i)->as_table();
    const auto via = section ? (*section)["via"].value<std::string>() : std::nullopt;
    if (!via || via->empty()) {
      fail_usage(file.string(), ":", elsewhere->get(i)->source().begin.line,
                 ": an [[elsewhere]] names in 'via' the text that its points were read from");
    }
    for (PublishedPoint& point : points_of(*section, file, *via)) all.push_back(std::move(point));
  }
  return all;
}

}  // namespace

std::vector<double> Published::sensitivity_of(const std::string& model) const {
  const auto found = sensitivity.find(model);
  return found == sensitivity.end() ? std::vector<double>() : found->second;
}

const PublishedPoint* Published::nearest(const std::string& dataset, const std::vector<std::string>& methods,
                                         const std::string& model, double relus_k) const {
  const PublishedPoint* nearest = nullptr;
  const auto off = [&](const PublishedPoint& point) { return std::abs(point.relus_k - relus_k); };
  for (const PublishedPoint& point : points) {
    const bool named = std::find(methods.begin(), methods.end(), point.method) != methods.end();
    if (!named || point.dataset != dataset || point.model != model || off(point) > 0.025 * relus_k) continue;
    if (!nearest || off(point) < off(*nearest)) nearest = &point;
  }
  return nearest;
}

Published load_published(const fs::path& results) {
  Published published;
  const fs::path accuracy = results / "published" / "accuracy.toml", shape = results / "published" / "sensitivity.toml";
  if (fs::exists(accuracy)) published.points = all_points(accuracy);
  if (fs::exists(shape)) {
    const toml::table table = parsed_toml(shape);
    for (const auto& [model, section] : table) {
      const toml::array* relative = toml::node_view(section)["relative"].as_array();
      if (!relative) fail_usage(shape.string(), ": has no list 'relative' under [", model.str(), "]");
      for (const toml::node& value : *relative) {
        if (!value.is_number()) fail_usage(shape.string(), ":", value.source().begin.line, ": expected a number");
        published.sensitivity[std::string(model.str())].push_back(*value.value<double>());
      }
    }
  }
  return published;
}

}  // namespace senet
