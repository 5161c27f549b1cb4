#include "device/world.h"

#include <torch/utils.h>

#include <atomic>

#include "senet/error.h"

namespace senet {

namespace {

std::unique_ptr<World> of_this_process;
constexpr int64_t kFew = 4096;          // values that every rank adds by itself, in one exchange in place of two
std::atomic<double> share_of_step = 0;  // 0: of no step; autograd may work on a thread of its own

}  // namespace

torch::Tensor sum_in_tree(const torch::Tensor& rows) {
  torch::Tensor sums = rows;
  while (sums.size(0) > 1) {
    SENET_CHECK(sums.size(0) % 2 == 0, "a tree of ", rows.size(0), " shards is not balanced");
    const torch::Tensor pairs = sums.reshape({sums.size(0) / 2, 2, -1});
    sums = pairs.select(1, 0) + pairs.select(1, 1);
  }
  return sums.reshape(rows.sizes().slice(1));
}

void World::sum(torch::Tensor& values) {
  const torch::NoGradGuard no_gradient;
  if (values.numel() <= kFew) {
    values.copy_(sum_in_tree(torch::stack(gather(values))));
    return;
  }
  // Each rank adds its slice of all values; then the slices are put together again.
  const int64_t count = values.numel(), slice = (count + size() - 1) / size();
  torch::Tensor padded = torch::zeros({size(), slice}, values.options());
  padded.view({-1}).narrow(0, 0, count).copy_(values.reshape({-1}));
  const std::vector<torch::Tensor> slices = gather(sum_in_tree(exchange(padded)));
  values.copy_(torch::cat(slices).narrow(0, 0, count).reshape(values.sizes()));
}

std::string World::of_first(const std::string& mine) {
  torch::Tensor length = torch::tensor(static_cast<int64_t>(mine.size()));
  broadcast(length);
  torch::Tensor bytes = torch::zeros({length.item<int64_t>()}, torch::kUInt8);
  auto* place = reinterpret_cast<char*>(bytes.data_ptr<uint8_t>());
  if (rank() == 0) mine.copy(place, mine.size());
  if (bytes.numel() > 0) broadcast(bytes);
  return {place, place + bytes.numel()};
}

World* world() { return of_this_process.get(); }
void set_world(std::unique_ptr<World> world) { of_this_process = std::move(world); }

ShardedStep::ShardedStep(double share) { share_of_step = share; }
ShardedStep::~ShardedStep() { share_of_step = 0; }
World* sharing_world() { return share_of_step > 0 ? world() : nullptr; }
double share_of_batch() { return sharing_world() ? share_of_step.load() : 1; }

bool any_rank(bool mine) {
  if (!world()) return mine;
  const auto all = world()->gather(torch::tensor(mine ? 1 : 0, torch::kInt64));
  return torch::stack(all).sum().item<int64_t>() > 0;
}

void first_alone(const std::function<void()>& work) {
  first_does([&] {
    work();
    return std::string();
  });
}

std::string first_does(const std::function<std::string()>& work) {
  if (!world()) return work();
  // The first byte: 0, or the exit code of an Error whose message follows.
  std::string said(1, '\0');
  std::exception_ptr thrown;
  if (world()->rank() == 0) {
    try {
      said += work();
    } catch (const std::exception& error) {
      const auto* own = dynamic_cast<const Error*>(&error);
      said = static_cast<char>(own ? own->exit() : Exit::failure) + std::string(error.what());
      thrown = std::current_exception();
    }
  }
  said = world()->of_first(said);
  if (thrown) std::rethrow_exception(thrown);
  if (said[0] != '\0') throw Error(said.substr(1), static_cast<Exit>(static_cast<unsigned char>(said[0])));
  return said.substr(1);
}

}  // namespace senet
