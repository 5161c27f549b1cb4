#pragma once

#include "config/document.h"
#include "phase/stored_context.h"
#include "support/support.h"
#include "support/tiny_images.h"

namespace senet::testing {

class Silent final : public PhaseListener {
 public:
  void message(const std::string&) override {}
  void progress(const std::string&, const Progress&) override {}
  void epoch(const std::string&, const EpochReport&) override {}
  bool stop_requested() const override { return stop; }
  bool stop = false;
};

// A phase that stores no network: 22 training images of 2×6×6, of five classes.
struct PhaseInMemory {
  // `declared` and `settings`: the options of its section, and lines of TOML that set some.
  explicit PhaseInMemory(const std::vector<Option>& declared = {}, const std::string& settings = "",
                         int64_t held_out = 7)
      : options(Document::from_toml("[phase]\n" + settings, "test").resolve("phase", declared)) {
    laboratory.data.train = tiny_images(22);
    laboratory.data.held_out = tiny_images(held_out, 7);
    laboratory.data.normalisation = kTinyNormalisation;
    laboratory.data.classes = 5;
    record.kind = "phase";
  }
  Options options;
  Laboratory laboratory;
  Silent listener;
  PhaseRecord record;
  StoredContext context{laboratory, listener, record, options, 1};
};

}  // namespace senet::testing
