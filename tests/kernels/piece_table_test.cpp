#include "kernels/piece_table.h"

#include "support/graphs.h"
#include "support/support.h"

namespace senet {
namespace {

TEST(PieceTable, IsWrittenWhenAddressesHaveChanged) {
  PieceTable table;
  const std::vector<int64_t> first = {1, 2, 3}, second = {4, 5};
  int a = 0, b = 0;
  const auto on = [&](const std::vector<const void*>& places, const std::vector<int64_t>& rows) {
    return static_cast<const int64_t*>(table.on(torch::kCPU, places, rows.data(), 8 * rows.size()));
  };
  const int64_t* memory = on({&a}, first);
  EXPECT_EQ(std::vector<int64_t>(memory, memory + 3), first);
  EXPECT_EQ(on({&a}, second), memory) << "the same addresses";
  EXPECT_EQ(std::vector<int64_t>(memory, memory + 3), first);
  memory = on({&b}, second);
  EXPECT_EQ(std::vector<int64_t>(memory, memory + 2), second);
}

TEST(PieceTable, OfARecordedStepIsItsOwnAndIsWrittenBeforeItIsReplayed) {
  PieceTable table;
  const std::vector<int64_t> plain = {1, 2, 3}, recorded = {4, 5};
  int a = 0;
  const auto on = [&](const std::vector<int64_t>& rows) {
    return static_cast<const int64_t*>(table.on(torch::kCPU, {&a}, rows.data(), 8 * rows.size()));
  };
  const int64_t* of_plain = on(plain);
  const int64_t* of_recorded = nullptr;
  testing::WatchedWork graph;
  graph.record([&] { of_recorded = on(recorded); });
  EXPECT_NE(of_recorded, of_plain);
  graph.replay();
  EXPECT_EQ(std::vector<int64_t>(of_recorded, of_recorded + 2), recorded);
  EXPECT_EQ(on(plain), of_plain);
  EXPECT_EQ(std::vector<int64_t>(of_plain, of_plain + 3), plain);
}

}  // namespace
}  // namespace senet
