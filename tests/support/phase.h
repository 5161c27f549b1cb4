#pragma once

#include "config/document.h"
#include "phase/stored_context.h"
#include "support/support.h"

namespace senet::testing {

class Silent final : public PhaseListener {
 public:
  void message(const std::string&) override {}
  void progress(const std::string&, const Progress&) override {}
  void epoch(const std::string&, const EpochReport&) override {}
  bool stop_requested() const override { return stop; }
  bool stop = false;
};

inline Images made_up(int64_t count) {
  torch::manual_seed(count);
  return {torch::randint(0, 256, {count, 6, 6, 2}, torch::kUInt8), torch::arange(count) % 5};
}

// A phase that stores no network: 22 training images of 2×6×6, of five classes.
struct PhaseInMemory {
  // `declared` and `settings`: the options of its section, and lines of TOML that set some.
  explicit PhaseInMemory(const std::vector<Option>& declared = {}, const std::string& settings = "",
                         int64_t held_out = 7)
      : options(Document::from_toml("[phase]\n" + settings, "test").resolve("phase", declared)) {
    laboratory.data.train = made_up(22);
    laboratory.data.held_out = made_up(held_out);
    laboratory.data.normalisation = {{0.5, 0.5}, {0.25, 0.25}};
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
