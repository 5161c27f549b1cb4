#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/c10d_world.h"
#include "experiment/plan.h"

namespace senet {

// The processes of a run whose batches are cut into shards (training.shards), one a shard. Those that torchrun, srun or
// a shell started each take an equal part of the shards, and start a process of their own for every shard but one.
class ShardProcesses {
 public:
  // Does nothing where no cell asks for shards. On a GPU each process takes the one of its number on the host, and
  // makes it the calling thread's. Throws (exit code 2) where cells differ in their shards, where the processes that
  // were started do not divide them, and where there are too few GPUs.
  ShardProcesses(const Plan& plan, const Arguments& arguments, const torch::Device& device);
  ~ShardProcesses();  // waits for those it has started; ends them where meet() has not
  ShardProcesses(const ShardProcesses&) = delete;
  ShardProcesses& operator=(const ShardProcesses&) = delete;

  // The first half of meet(), where someone else has started ranks, which wait a minute for each other; else nothing.
  void meet_started();
  // Starts those that are not there, and makes the world (device/world.h). Throws (exit code 2) where they do not come,
  // or have other settings or another program.
  void meet();
  int count() const { return meeting_.size; }  // of shards
  int rank() const { return meeting_.rank; }
  const torch::Device& device() const { return meeting_.device; }  // of this process
  // Who trains with whom, in a line.
  const std::string& summary() const { return summary_; }

 private:
  // Of those that someone else has started.
  void take_part(int64_t threads);
  void start(int which, int port);
  void form();

  std::string summary_, fingerprint_;
  Rendezvous meeting_{0, 1, "127.0.0.1", 0};
  std::unique_ptr<World> world_;  // until it is made the process's
  bool others_started_ = false, met_ = false;
  int others_ = 0;  // to be started here
  int number_ = 0;  // its place among the processes of this host; on GPUs alone
  std::vector<pid_t> started_;
};

}  // namespace senet
