#pragma once

#include <chrono>
#include <thread>

#include "device/device.h"
#include "senet/error.h"

namespace senet::testing {

// What a GPU's graph does, on the host: it keeps the work and does it again at each replay.
class KeptWork final : public WorkGraph {
 public:
  struct Log {
    int recordings = 0, replays = 0;
  };
  explicit KeptWork(Log& log, double seconds_behind = 0) : log_(log), seconds_behind_(seconds_behind) {}
  void wait() override { std::this_thread::sleep_for(std::chrono::duration<double>(seconds_behind_)); }

 protected:
  void record_work(const std::function<void()>& work) override {
    work_ = work;
    ++log_.recordings;
  }
  void replay_work() override {
    ++log_.replays;
    work_();
  }

 private:
  Log& log_;
  double seconds_behind_;
  std::function<void()> work_;
};

// Does the work while it records it, as nothing on the host can be recorded, and nothing at a replay: what a replay
// would read lies there to be looked at.
class WatchedWork final : public WorkGraph {
 public:
  void wait() override {}

 protected:
  void record_work(const std::function<void()>& work) override { work(); }
  void replay_work() override {}
};

// Records nothing, as where an operation in the work cannot be.
class RefusingGraph final : public WorkGraph {
 public:
  explicit RefusingGraph(int& asked) : asked_(asked) {}
  void wait() override {}

 protected:
  void record_work(const std::function<void()>&) override {
    ++asked_;
    fail("an operation waits for the device\nand more lines");
  }
  void replay_work() override {}

 private:
  int& asked_;
};

}  // namespace senet::testing
