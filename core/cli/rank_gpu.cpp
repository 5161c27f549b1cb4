#include "cli/rank_gpu.h"

#include "senet/error.h"

namespace senet {

int gpu_of_rank(int number, int last, int visible) {
  if (visible == 1 && number == last) return 0;
  if (last >= visible) {
    fail_usage("shards on GPUs take one each: this host has ", last + 1, " ranks or more, and ", visible,
               visible == 1 ? " GPU is" : " GPUs are",
               " visible (CUDA_VISIBLE_DEVICES says which); take fewer shards, spread them over more hosts, or use "
               "--device cpu");
  }
  return number;
}

std::string wrong_gpus(const std::vector<std::string>& gpus, const std::vector<std::string>& hosts) {
  for (size_t second = 0; second < gpus.size(); ++second) {
    for (size_t first = 0; first < second; ++first) {
      if (gpus[first].empty() != gpus[second].empty()) {
        return text("rank ", first, " on ", hosts[first], " trains on ", gpus[first].empty() ? "the CPU" : "a GPU",
                    ", rank ", second, " on ", hosts[second], " on ", gpus[second].empty() ? "the CPU" : "a GPU",
                    "; start all with the same --device, on hosts that have it");
      }
      if (!gpus[first].empty() && gpus[first] == gpus[second]) {
        return text("ranks ", first, " and ", second, " are on one GPU of ", hosts[first],
                    ": NCCL takes a GPU a rank; let each rank see its own (LOCAL_RANK by torchrun, --gpus=N "
                    "--gpu-bind=none by Slurm), take fewer shards, or use --device cpu");
      }
    }
  }
  return "";
}

std::string shards_in_words(int shards, int64_t threads, int started, const std::string& by, bool on_gpus) {
  std::string words = text(shards, " shards of ", threads, threads == 1 ? " thread" : " threads",
                           on_gpus ? ", a process and a GPU each: " : ", a process each: ");
  const int others = shards / started - 1;
  if (started == 1) {
    words += "all started here";
  } else {
    words += text(started, " started by ", by);
    if (others > 0) words += text(", each of which starts ", others, " more");
  }
  if (on_gpus) words += "; the ranks meet within a step, so that steps are plain and not recorded as a graph";
  return words;
}

}  // namespace senet
