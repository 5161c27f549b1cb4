#include "nn/outside_sites.h"

#include <torch/utils.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <unordered_map>

#include "config/joined.h"
#include "senet/error.h"

namespace senet {

namespace {

using Names = std::set<std::string>;

// The names in a text, which separates them by blanks.
Names names(const char* text) {
  std::istringstream words(text);
  return {std::istream_iterator<std::string>(words), {}};
}

// Names of operators, without "aten::" and without the "_" of those that work in place.

const Names kLinear = names(
    // sums and averages
    "add sub subtract rsub neg negative sum mean cumsum trace avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d "
    "adaptive_avg_pool2d _adaptive_avg_pool2d adaptive_avg_pool3d _adaptive_avg_pool3d mkldnn_adaptive_avg_pool2d "
    "upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact2d upsample_linear1d "
    "upsample_bilinear2d _upsample_bilinear2d_aa upsample_bicubic2d upsample_trilinear3d "
    // copies, and the same numbers in another order or shape
    "contiguous clone to _to_copy _to_cpu copy detach alias type_as dropout feature_dropout alpha_dropout "
    "feature_alpha_dropout flatten unflatten reshape _reshape_alias reshape_as view _unsafe_view view_as unsqueeze "
    "squeeze slice narrow select split split_with_sizes tensor_split unsafe_split unsafe_chunk chunk unbind permute "
    "transpose t swapaxes swapdims movedim moveaxis numpy_T mT expand expand_as broadcast_to repeat tile flip fliplr "
    "flipud roll rot90 diagonal diag diag_embed tril triu as_strided unfold im2col col2im cat concat concatenate _cat "
    "stack _stack hstack vstack dstack column_stack constant_pad_nd pad _pad_enum _pad_circular reflection_pad1d "
    "reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d zero_pad2d pixel_shuffle "
    "pixel_unshuffle channel_shuffle native_channel_shuffle resolve_conj resolve_neg real lift lift_fresh to_mkldnn "
    "to_dense");

// Linear where the image is in one of two factors: the first two arguments, or the two after what they are added to.
const Names kProducts = names(
    // numbers and matrices
    "mul multiply matmul mm bmm mv dot vdot inner outer ger kron tensordot linear mkldnn_linear "
    // convolutions
    "conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d convolution _convolution "
    "_convolution_mode convolution_overrideable mkldnn_convolution thnn_conv2d _conv_depthwise2d cudnn_convolution "
    "slow_conv3d slow_conv_transpose2d");
const Names kAddedProducts = names("addmm addmv addbmm baddbmm addcmul addr");

// Those that choose, by the place of what they choose by: linear where that is a constant.
const std::map<std::string, size_t> kSelectors = {
    {"index", 1},           {"index_select", 2}, {"gather", 2},       {"take", 1},
    {"take_along_dim", 1},  {"where", 0},        {"masked_fill", 1},  {"index_put", 1},
    {"_index_put_impl", 1}, {"scatter", 2},      {"scatter_add", 2},  {"index_add", 2},
    {"index_copy", 2},      {"index_fill", 2},   {"lerp", 2},         {"div", 1},
    {"divide", 1},          {"true_divide", 1},  {"grid_sampler", 1}, {"grid_sampler_2d", 1}};

const Names kComparing = names(
    "relu relu6 leaky_relu prelu _prelu_kernel rrelu elu selu celu threshold hardtanh hardsigmoid hardswish "
    "hardshrink softshrink clamp clamp_min clamp_max clip abs absolute sign sgn signbit max min maximum minimum fmax "
    "fmin amax amin aminmax _aminmax argmax argmin cummax cummin median nanmedian quantile kthvalue mode sort argsort "
    "msort topk gt greater ge greater_equal lt less le less_equal eq ne not_equal isclose heaviside searchsorted "
    "bucketize");

// Results that do not depend on the numbers in their arguments.
const Names kConstant = names(
    "empty_like zeros_like ones_like full_like rand_like randn_like new_empty new_empty_strided new_zeros new_ones "
    "new_full zero fill empty empty_strided zeros ones full resize");

// They hand numbers to the program, which may do anything with them.
const Names kToHost = names("item _local_scalar_dense is_nonzero equal allclose");

std::string short_name(const std::string& name) {
  std::string brief = name.substr(name.rfind(':') + 1);
  if (brief.size() > 2 && brief.back() == '_' && brief[brief.size() - 2] != '_') brief.pop_back();
  return brief;
}

// What two tensors share when one is a view of the other.
const void* memory_of(const torch::Tensor& tensor) {
  return tensor.has_storage() ? static_cast<const void*>(tensor.storage().unsafeGetStorageImpl())
                              : static_cast<const void*>(tensor.unsafeGetTensorImpl());
}

enum class Kind { free, comparing, max_pool, named };

// A value that the image has a part in: which operator gave it, from which values.
struct Value {
  Kind kind = Kind::free;
  std::string operation;  // "aten::relu after 'conv1'"
  int64_t comparisons = 0;
  std::vector<int> inputs;
};

class Survey {
 public:
  Survey(const Network& network, const torch::Tensor& images) : sites_(network.sites()), passes_(sites_.size(), 0) {
    for (const auto& parameter : network.named_parameters()) {
      const std::string& name = parameter.key();
      const size_t dot = name.rfind('.');
      layers_[memory_of(parameter.value())] = name.substr(0, dot == std::string::npos ? name.size() : dot);
    }
    values_.emplace_back();
    latest_[memory_of(images)] = 0;
  }

  void add(const std::vector<Call>& calls) {
    for (const Call& call : calls) add(call);
  }

  void finish(const torch::Tensor& logits, NetworkCounts& counts) {
    for (const ReluSite& site : sites_) {
      const int passes = passes_[site.index()];
      if (passes == 1) continue;
      fail_usage("a pass of the network comes by ReLU site '", site.name(), "' ", passes,
                 passes == 0 ? " times, expected once; does it hand the observer to ReluSite::forward?"
                             : " times, expected once: a site is counted once; add one for each ReLU");
    }
    const auto last = latest_.find(memory_of(logits));
    traced_ = traced_ && last != latest_.end();
    std::vector<bool> live(values_.size(), !traced_);
    if (traced_) live[last->second] = true;
    for (const int value : to_host_) live[value] = true;
    std::vector<std::string> comparing;
    if (!traced_) counts.not_counted.push_back("what is computed without LibTorch's operators");
    for (size_t i = values_.size(); i-- > 0;) {
      if (!live[i]) continue;
      const Value& value = values_[i];
      for (const int input : value.inputs) live[input] = true;
      counts.max_pool_comparisons += value.comparisons;
      if (value.kind == Kind::comparing) comparing.push_back(value.operation);
      if (value.kind == Kind::named) counts.not_counted.push_back(value.operation);
    }
    if (!comparing.empty()) {
      fail_usage(
          "the network computes ", joined(in_order(std::move(comparing)), ", "),
          ", outside its ReLU sites: that compares as a ReLU does, and no budget would count it; put a ReLU site "
          "there (Network::add_site), or do without");
    }
    counts.not_counted = in_order(std::move(counts.not_counted));
  }

 private:
  // As they were computed, each once.
  static std::vector<std::string> in_order(std::vector<std::string> backwards) {
    std::reverse(backwards.begin(), backwards.end());
    std::vector<std::string> once;
    for (std::string& text : backwards) {
      if (std::find(once.begin(), once.end(), text) == once.end()) once.push_back(std::move(text));
    }
    return once;
  }

  bool of_image(const torch::Tensor& tensor) const { return latest_.count(memory_of(tensor)) != 0; }
  bool of_image(const Call& call, size_t place) const {
    if (place >= call.inputs.size()) return false;
    const std::vector<torch::Tensor> tensors = tensors_in(call.inputs[place]);
    return std::any_of(tensors.begin(), tensors.end(), [&](const torch::Tensor& t) { return of_image(t); });
  }

  void add(const Call& call) {
    if (call.site) return add_site(call);
    bool reached = false;
    for (const torch::Tensor& tensor : tensors_in(call.inputs)) {
      reached = reached || of_image(tensor);
      if (const auto layer = layers_.find(memory_of(tensor)); layer != layers_.end()) place_ = layer->second;
    }
    const std::string name = short_name(call.name);
    if (!reached || kConstant.count(name)) return;
    const bool outermost = written_.empty();
    if (outermost) written_ = call.name;
    add_operator(call, name);
    if (outermost) written_.clear();
  }

  void add_operator(const Call& call, const std::string& name) {
    const Kind kind = kind_of(call, name);
    if (kind != Kind::named || call.parts.empty()) return push(call, kind);
    add(call.parts);
    // An output that none of its parts gave.
    for (const torch::Tensor& tensor : tensors_in(call.outputs)) {
      if (!of_image(tensor)) return push(call, kind);
    }
  }

  Kind kind_of(const Call& call, const std::string& name) const {
    if (kComparing.count(name)) return Kind::comparing;
    if (name.find("max_pool") != std::string::npos && name.find("fractional") == std::string::npos)
      return Kind::max_pool;
    return is_linear(call, name) && keeps_numbers(call) ? Kind::free : Kind::named;
  }

  bool is_linear(const Call& call, const std::string& name) const {
    if (kLinear.count(name)) return true;
    if (kProducts.count(name)) return !(of_image(call, 0) && of_image(call, 1));
    if (kAddedProducts.count(name)) return !(of_image(call, 1) && of_image(call, 2));
    if (const auto selector = kSelectors.find(name); selector != kSelectors.end()) {
      const bool rounds = name.rfind("div", 0) == 0 && call.inputs.size() > 2 && !call.inputs[2].isNone();
      return !of_image(call, selector->second) && !rounds;
    }
    if (name == "einsum" && call.inputs.size() > 1) {
      const auto factors = tensors_in(call.inputs[1]);
      return std::count_if(factors.begin(), factors.end(), [&](const auto& tensor) { return of_image(tensor); }) == 1;
    }
    if (name == "batch_norm") {
      const bool by_constants = !of_image(call, 1) && !of_image(call, 2) && !of_image(call, 3) && !of_image(call, 4);
      return by_constants && call.inputs.size() > 5 && call.inputs[5].isBool() && !call.inputs[5].toBool();
    }
    return false;
  }

  // No cast to integers or truth values.
  static bool keeps_numbers(const Call& call) {
    const auto outputs = tensors_in(call.outputs);
    return std::all_of(outputs.begin(), outputs.end(), [](const auto& tensor) { return tensor.is_floating_point(); });
  }

  void add_site(const Call& call) {
    ++passes_[call.site->index()];
    place_ = call.site->name();
    Value value;
    if (const auto pre = latest_.find(memory_of(call.inputs[0].toTensor())); pre != latest_.end()) {
      value.inputs = {pre->second};
    } else {
      traced_ = false;
    }
    values_.push_back(std::move(value));
    latest_[memory_of(call.outputs[0].toTensor())] = static_cast<int>(values_.size()) - 1;
  }

  void push(const Call& call, Kind kind) {
    Value value;
    value.kind = kind;
    value.operation = text(written_, place_.empty() ? " on the image" : " after '" + place_ + "'");
    if (kind == Kind::max_pool) value.comparisons = comparisons_of(call);
    for (const torch::Tensor& tensor : tensors_in(call.inputs)) {
      const auto known = latest_.find(memory_of(tensor));
      if (known != latest_.end()) value.inputs.push_back(known->second);
    }
    const std::vector<torch::Tensor> outputs = tensors_in(call.outputs);
    // What the program does with a number cannot be followed.
    const bool followed = !kToHost.count(short_name(call.name));
    if (outputs.empty() && followed) return;
    values_.push_back(std::move(value));
    const int index = static_cast<int>(values_.size()) - 1;
    for (const torch::Tensor& tensor : outputs) latest_[memory_of(tensor)] = index;
    if (!followed) to_host_.push_back(index);
  }

  static int64_t comparisons_of(const Call& call) {
    if (call.inputs.size() < 2 || call.outputs.empty() || !call.outputs[0].isTensor()) return 0;
    const torch::Tensor x = call.inputs[0].toTensor(), y = call.outputs[0].toTensor();
    const std::string name = short_name(call.name);
    const auto digit = static_cast<size_t>(name[name.find("max_pool") + 8] - '0');
    if (digit < 1 || digit > 3 || !call.inputs[1].isIntList()) return 0;
    const int64_t images = x.dim() == static_cast<int64_t>(digit) + 2 ? x.size(0) : 1;
    int64_t positions = 1, elements = 1;  // of one channel's outputs, and of their windows
    for (size_t d = 0; d < digit; ++d) {
      const int64_t dimension = y.dim() - static_cast<int64_t>(digit - d), size = y.size(dimension);
      positions *= size;
      if (name.rfind("adaptive", 0) != 0) {
        const std::vector<int64_t> window = call.inputs[1].toIntVector();
        elements *= size * window[std::min(d, window.size() - 1)];
        continue;
      }
      const int64_t from = x.size(dimension);
      int64_t sum = 0;
      for (int64_t i = 0; i < size; ++i) sum += ((i + 1) * from + size - 1) / size - i * from / size;
      elements *= sum;
    }
    return positions == 0 ? 0 : (elements - positions) * (y.numel() / positions) / images;
  }

  const std::deque<ReluSite>& sites_;
  std::vector<int> passes_;                              // by each site
  std::vector<Value> values_;                            // each after those that it stands on
  std::unordered_map<const void*, int> latest_;          // the value that is in a memory now
  std::unordered_map<const void*, std::string> layers_;  // whose parameters lie in a memory
  std::vector<int> to_host_;
  std::string place_;    // the layer or site that was come by last
  std::string written_;  // the operator that the network called, while its parts are looked at
  bool traced_ = true;   // every site's input comes from the image
};

}  // namespace

void count_outside_sites(const Network& network, const Recording& recording, const torch::Tensor& images,
                         const torch::Tensor& logits, NetworkCounts& counts) {
  Survey survey(network, images);
  survey.add(recording.calls);
  survey.finish(logits, counts);
}

}  // namespace senet
