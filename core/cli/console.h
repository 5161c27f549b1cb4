#pragma once

#include <functional>
#include <string>

#include "experiment/runner.h"

namespace senet {

// Takes a line off the terminal.
constexpr const char* kClearLine = "\r\033[K";

// Shows a run on stderr: on a terminal one line that is rewritten with rate and time left, in a log plain lines.
// From the first phase on, Ctrl-C or SIGTERM asks the run to stop at its next step, after a checkpoint; a second signal
// of either kind ends it at once.
class Console final : public RunListener {
 public:
  // before_phase: called when a phase is about to run; what it returns is shown.
  using BeforePhase = std::function<std::string(const PhaseInputs&)>;
  explicit Console(BeforePhase before_phase = nullptr);
  // Shows nothing from now on, and stops when asked all the same.
  void be_quiet() {
    quiet_ = true;
    terminal_ = false;
  }
  // Shows progress as on a terminal, for the process of which this one is a job.
  void show_progress() { terminal_ = true; }
  bool on_terminal() const { return terminal_; }
  // Shows this line until the next one, where there is a terminal.
  void progress_line(const std::string& line);
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

  BeforePhase before_phase_;
  bool quiet_ = false, terminal_;
  bool line_shown_ = false;
  double last_shown_ = 0;
  std::string cell_;
};

}  // namespace senet
