#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "senet/archive.h"
#include "senet/network.h"

namespace senet {

// One network at several widths (SENet++, section 3: ordered dropout). At width s each layer consists of the first
// ⌊s·C⌋ channels of the full network's weights, and each activation of the first channels of the full network's. Input
// channels and class outputs are never cut; each width has batch norms of its own.
class Widths {
 public:
  using Build = std::function<std::shared_ptr<Network>(double scale)>;

  // Width 1 alone.
  Widths(Network& full) : full_(&full) {}
  // `widths`: in (0, 1], 1 among them, each once. `full` has its weights already. What belongs to another width alone
  // is registered with `full` as `width_<s>`, to be trained, saved and restored with it.
  Widths(Network& full, const std::vector<double>& widths, const Build& build);

  int count() const { return static_cast<int>(narrow_.size()) + 1; }
  double width(int i) const { return i == 0 ? 1.0 : narrow_.at(i - 1).width; }  // falling
  Network& full() const { return *full_; }

  // The network of width(i), on the full network's weights as they are now: ask anew before each forward pass.
  Network& at(int i);
  // Cuts the activations of all widths anew; to be called after every change of the full network's. Throws (exit code
  // 2) where one has weights of its own: a narrower width would train its own. Returns whether a site of theirs has
  // another activation now.
  bool cut_masks();

 private:
  struct Narrow {
    double width;
    std::shared_ptr<Network> network;
    std::vector<std::pair<Layer*, const Layer*>> layers;  // its own and the full network's
  };
  Network* full_;
  std::vector<Narrow> narrow_;
};

// Throws (exit code 2) unless the widths are what the constructor takes; `where` says in an error whose they are.
void check_widths(const std::vector<double>& widths, const std::string& where);

// "width_0_5" of 0.5.
std::string width_name(double width);

// Fills a plain network that was built at scale `width` from the tensors of a network that was trained at several
// widths. Throws when `width` is none of them.
void load_at_width(const TensorMap& tensors, double width, Network& network);

}  // namespace senet
