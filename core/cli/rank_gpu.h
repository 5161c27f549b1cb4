#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace senet {

// Which of the `visible` GPUs of this process is its own, where it is number `number` of its host's processes and
// starts the others up to number `last`: the one of its number, or the only one that it sees (Slurm's --gpus-per-task).
// Throws (exit code 2) where there are too few.
int gpu_of_rank(int number, int last, int visible);

// Of each rank its GPU, by a name that no other GPU has (empty: it trains on the CPU), and its host. Why they cannot
// train together, and what to do: two ranks have one GPU, or some have none. Empty: they can.
std::string wrong_gpus(const std::vector<std::string>& gpus, const std::vector<std::string>& hosts);

// Who trains `shards` shards with whom, in a line: processes, and GPUs. `started` processes were started by `by`.
std::string shards_in_words(int shards, int64_t threads, int started, const std::string& by, bool on_gpus);

}  // namespace senet
