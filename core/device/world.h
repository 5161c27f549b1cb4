#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace senet {

// The processes that train a network together, one for each shard of a batch. Every rank calls the same functions in
// the same order, and every rank is given the same bits. Where the others cannot be reached any more, each call throws
// an Error that names the ranks that are gone, and their hosts.
class World {
 public:
  virtual ~World() = default;
  int rank() const { return rank_; }
  int size() const { return size_; }  // a power of two

  // Of each rank, in their order; the same shape and type on all.
  virtual std::vector<torch::Tensor> gather(const torch::Tensor& mine) = 0;
  // values ← Σ over the ranks r of their values, added in a balanced tree, ((0 + 1) + (2 + 3)) + …; contiguous.
  void sum(torch::Tensor& values);
  // The first rank's.
  std::string of_first(const std::string& mine);
  // Around what every rank has a part in. A rank that leaves it alone, for an `error`, ends the others in a minute.
  virtual void begin_work() {}
  virtual void end_work(const std::string& /*error*/) {}

 protected:
  World(int rank, int size) : rank_(rank), size_(size) {}
  // Slice r of `slices` (size() rows) goes to rank r; row r of what comes back is what rank r sent.
  virtual torch::Tensor exchange(const torch::Tensor& slices) = 0;
  virtual void broadcast(torch::Tensor& values) = 0;  // the first rank's

 private:
  int rank_, size_;
};

// Σ of the rows in a balanced tree. rows: a power of two of them.
torch::Tensor sum_in_tree(const torch::Tensor& rows);

// Of this process; null where it trains alone.
World* world();
void set_world(std::unique_ptr<World> world);

// While it lives, what a layer or an objective computes is of a shard of the batch: sums over the batch are joined over
// the ranks.
class ShardedStep {
 public:
  explicit ShardedStep(double share);  // of the batch's images that this shard has
  ~ShardedStep();
  ShardedStep(const ShardedStep&) = delete;
  ShardedStep& operator=(const ShardedStep&) = delete;
};
// The world whose sums are to be joined now; null outside of a ShardedStep, and where this process trains alone.
World* sharing_world();
// Its share; 1 outside of one. A step's gradients are those of the shard's own mean loss times this.
double share_of_batch();

// Whether any rank says so; where this process trains alone, whether it does.
bool any_rank(bool mine);
// What the first rank's `work` returns, on every rank; it runs there alone. An Error that it throws comes out on all.
std::string first_does(const std::function<std::string()>& work);
// The same of work that returns nothing.
void first_alone(const std::function<void()>& work);

}  // namespace senet
