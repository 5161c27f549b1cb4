#pragma once

#include <string>

#include "experiment/runner.h"

namespace senet {

// Shows a run on stderr: on a terminal one line that is rewritten with rate and time left, in a log plain lines.
// From the first phase on, Ctrl-C or SIGTERM asks the run to stop at its next step, after a checkpoint; a second signal
// of either kind ends it at once.
class Console final : public RunListener {
 public:
  Console();
  ~Console() override;

  void message(const std::string& text) override;
  void phase_started(const std::string& cell, const PhaseInputs& phase) override;
  void phase_finished(const std::string& cell, const PhaseRecord& phase) override;
  void progress(const std::string& training, const Progress& progress) override;
  void epoch(const std::string& training, const EpochReport& report) override;
  // From now on a signal asks, where it ended the process. A run's first phase calls it; so does what leaves folders
  // or processes behind.
  void stop_when_asked();
  bool stop_requested() const override;
  // Whether a phase was begun.
  bool ran_anything() const { return !cell_.empty(); }

 private:
  void clear_line();

  bool terminal_;
  bool line_shown_ = false;
  double last_shown_ = 0;
  std::string cell_;
};

}  // namespace senet
