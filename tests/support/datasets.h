#pragma once

#include "config/document.h"
#include "data/splits.h"
#include "plugin/host.h"
#include "senet/dataset.h"
#include "support/support.h"

namespace senet::testing {

// A data set plugin with options as TOML (`dataset.path = "…"`).
inline std::shared_ptr<Dataset> make_dataset(const std::string& plugin, const std::string& toml = "") {
  static const PluginHost host({SENET_TEST_PLUGINS});
  Document document("none");
  if (!toml.empty()) document = Document::from_toml(toml, "x.toml");
  return host.make<Dataset>(plugin, document.resolve("dataset", host.options(PluginKind::dataset, plugin)));
}
inline std::shared_ptr<Dataset> dataset_at(const std::string& plugin, const fs::path& path,
                                           const std::string& more = "") {
  return make_dataset(plugin, "dataset.path = \"" + path.string() + "\"\n" + more);
}

// What the options of every data set say of its splits, with these as TOML.
inline Options splits_as(const std::string& toml = "") {
  Document document("test");
  if (!toml.empty()) document = Document::from_toml(toml, "x.toml");
  return document.resolve("dataset", split_options());
}

// Where the real images lie that a checkout may have beside it; empty when they are not there.
inline fs::path shared_data() {
  const fs::path folder = fs::path(SENET_TEST_SOURCE) / ".." / "shared" / "data";
  return fs::is_directory(folder) ? fs::canonical(folder) : fs::path();
}

}  // namespace senet::testing
