#include "cli/console.h"

#include <unistd.h>

#include <cmath>
#include <csignal>
#include <iostream>

#include "display/format.h"
#include "senet/error.h"
#include "storage/clock.h"

namespace senet {

namespace {

constexpr double kRefresh = 0.2;  // seconds

volatile std::sig_atomic_t stop_signal = 0;

extern "C" void on_stop_signal(int signal) {
  stop_signal = signal;
  // The next one, of either kind, ends the process as if it had never been handled.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

std::string number(double value, int digits) { return std::isnan(value) ? "nan" : fixed(value, digits); }

}  // namespace

Console::Console(BeforePhase before_phase)
    : before_phase_(std::move(before_phase)), terminal_(isatty(STDERR_FILENO) != 0) {}
Console::~Console() { clear_line(); }

void Console::stop_when_asked() {
  std::signal(SIGINT, on_stop_signal);
  std::signal(SIGTERM, on_stop_signal);
}

bool Console::stop_requested() const { return stop_signal != 0; }

void Console::clear_line() {
  if (line_shown_) std::cerr << kClearLine << std::flush;
  line_shown_ = false;
}

void Console::progress_line(const std::string& line) {
  if (!terminal_) return;
  clear_line();
  std::cerr << line << std::flush;
  line_shown_ = true;
}

void Console::message(const std::string& text) {
  if (quiet_) return;
  clear_line();
  std::cerr << text << "\n";
}

void Console::phase_started(const std::string& cell, const PhaseInputs& phase) {
  if (!ran_anything()) stop_when_asked();
  if (cell != cell_) message("cell " + cell);
  cell_ = cell;
  const std::string& training = phase.step;
  if (phase.kind != "evaluation") message("  " + phase.kind + (training.empty() ? "" : " " + training));
  const std::string said = before_phase_ ? before_phase_(phase) : "";
  if (!said.empty()) message("    " + said);
}

void Console::phase_finished(const std::string&, const PhaseRecord& phase) {
  if (phase.kind != "evaluation" || phase.found_finished) return;
  message("  test accuracy " + fixed(100 * phase.evaluation.value().network.test.accuracy, 2) + " %, " +
          text(phase.evaluation.value().network.relus) + " ReLUs");
}

void Console::progress(const std::string& training, const Progress& progress) {
  if (!terminal_ || seconds_now() - last_shown_ < kRefresh) return;
  last_shown_ = seconds_now();
  progress_line(text("    ", training, " epoch ", progress.epoch + 1, "/", progress.epochs, ", step ", progress.step,
                     "/", progress.steps, ", ", fixed(progress.images_per_second, 0), " images/s, ",
                     duration(progress.seconds_left), " left"));
}

void Console::epoch(const std::string& training, const EpochReport& report) {
  std::string line = "    " + training + " epoch " + std::to_string(report.epoch + 1) + ": loss " +
                     number(report.loss, 4) + ", accuracy " + number(100 * report.accuracy, 2) + " %";
  if (report.held_out) line += ", held out " + number(100 * report.held_out->accuracy, 2) + " %";
  for (const auto& [name, value] : report.metrics->scalars()) line += ", " + name + " " + number(value, 4);
  message(line + ", " + duration(report.seconds) + ", " + number(report.images_per_second, 0) + " images/s");
}

}  // namespace senet
