#include "cli/rank_gpu.h"

#include <gtest/gtest.h>

#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::mentions;

TEST(TheGpuOfARank, IsThatOfItsNumberOnTheHost) {
  for (int number = 0; number < 4; ++number) EXPECT_EQ(gpu_of_rank(number, number, 4), number);
  EXPECT_EQ(gpu_of_rank(2, 3, 4), 2) << "of a process that starts another";
}

TEST(TheGpuOfARank, IsTheOnlyOneThatItSees) {
  EXPECT_EQ(gpu_of_rank(0, 0, 1), 0);
  EXPECT_EQ(gpu_of_rank(3, 3, 1), 0);
}

TEST(TheGpuOfARank, HasToBeThere) {
  Exit exit = Exit::failure;
  const std::string beyond = error_of([] { gpu_of_rank(2, 2, 2); }, &exit);
  EXPECT_EQ(exit, Exit::usage);
  EXPECT_TRUE(mentions(beyond, "this host has 3 ranks or more, and 2 GPUs are visible")) << beyond;
  EXPECT_TRUE(mentions(beyond, "use --device cpu")) << beyond;
  const std::string one = error_of([] { gpu_of_rank(0, 3, 1); }, &exit);
  EXPECT_TRUE(mentions(one, "this host has 4 ranks or more, and 1 GPU is visible")) << one;
  EXPECT_FALSE(error_of([] { gpu_of_rank(0, 0, 0); }).empty());
}

TEST(RanksThatCannotTrainTogether, AreNamedWithTheirHosts) {
  const std::vector<std::string> hosts = {"node1", "node2", "node1", "node2"};
  EXPECT_EQ(wrong_gpus({"a", "b", "c", "d"}, hosts), "");
  EXPECT_EQ(wrong_gpus({"", "", "", ""}, hosts), "") << "all on CPUs";
  const std::string shared = wrong_gpus({"a", "b", "c", "b"}, hosts);
  EXPECT_TRUE(mentions(shared, "ranks 1 and 3 are on one GPU of node2")) << shared;
  EXPECT_TRUE(mentions(shared, "LOCAL_RANK")) << shared;
  const std::string mixed = wrong_gpus({"a", "", "c", "d"}, hosts);
  EXPECT_TRUE(mentions(mixed, "rank 0 on node1 trains on a GPU, rank 1 on node2 on the CPU")) << mixed;
}

TEST(ShardsInWords, SayWhoTrainsWithWhom) {
  EXPECT_EQ(shards_in_words(4, 1, 1, "", false), "4 shards of 1 thread, a process each: all started here");
  EXPECT_EQ(shards_in_words(4, 2, 2, "srun", false),
            "4 shards of 2 threads, a process each: 2 started by srun, each of which starts 1 more");
  const std::string on_gpus = shards_in_words(2, 1, 2, "RANK and WORLD_SIZE", true);
  EXPECT_TRUE(mentions(on_gpus, "a process and a GPU each: 2 started by RANK and WORLD_SIZE")) << on_gpus;
  EXPECT_TRUE(mentions(on_gpus, "steps are plain and not recorded as a graph")) << on_gpus;
}

}  // namespace
}  // namespace senet
