#include "train/widths.h"

#include <torch/utils.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "senet/error.h"
#include "train/network_state.h"

namespace senet {

namespace {

// The first entries in each dimension.
torch::Tensor first_of(torch::Tensor wide, torch::IntArrayRef shape) {
  for (int64_t d = 0; d < wide.dim(); ++d) wide = wide.narrow(d, 0, shape[d]);
  return wide;
}

}  // namespace

Widths::Widths(Network& full, const std::vector<double>& widths, const Build& build) : full_(&full) {
  check_widths(widths, "");
  std::vector<double> falling = widths;
  std::sort(falling.rbegin(), falling.rend());
  const auto wide = full.named_modules("", /*include_self=*/false);
  for (size_t i = 1; i < falling.size(); ++i) {
    Narrow narrow{falling[i], build(falling[i]), {}};
    SENET_CHECK(narrow.network->sites().size() == full.sites().size(), "the model has ", narrow.network->sites().size(),
                " ReLU sites at width ", falling[i], " and ", full.sites().size(), " at width 1");
    for (const auto& module : narrow.network->named_modules("", /*include_self=*/false)) {
      const bool has_parameters = !module.value()->parameters(/*recurse=*/false).empty();
      auto* layer = dynamic_cast<Layer*>(module.value().get());
      if (!has_parameters || dynamic_cast<BatchNorm2d*>(layer)) continue;
      const auto* same = wide.contains(module.key()) ? dynamic_cast<const Layer*>(wide[module.key()].get()) : nullptr;
      SENET_CHECK(layer && same, "'", module.key(), "' cannot be cut to width ", falling[i],
                  ": it is no senet::Layer of that name at both widths");
      try {
        // Its own weights are no parameters any more. No view that gradients go through is left behind: it would bind
        // them to the stream of now.
        const torch::NoGradGuard no_gradient;
        layer->tie(*same);
      } catch (const Error& error) {
        fail_usage("'", module.key(), "' cannot be cut to width ", falling[i], ": ", error.what());
      }
      narrow.layers.emplace_back(layer, same);
    }
    narrow_.push_back(std::move(narrow));
    full.register_module(width_name(falling[i]), narrow_.back().network);
    narrow_.back().network->to(full.parameters().front().device());
  }
  cut_masks();
}

Network& Widths::at(int i) {
  if (i == 0) return *full_;
  Narrow& narrow = narrow_.at(i - 1);
  for (const auto& [layer, wide] : narrow.layers) layer->tie(*wide);
  return *narrow.network;
}

bool Widths::cut_masks() {
  bool replaced = false;
  for (Narrow& narrow : narrow_) {
    for (const ReluSite& site : narrow.network->sites()) {
      TensorMap tensors = full_->sites()[site.index()].activation().tensors();
      for (auto& [name, tensor] : tensors) tensor = tensor.narrow(0, 0, site.shape()[0]);
      const auto cut = activation_from(tensors);
      if (!cut->parameters().empty())
        fail_usage("ReLU site '", site.name(), "' has a polynomial, whose coefficients would be trained at width ",
                   narrow.width, " for themselves and be lost when its masks change; train it at width 1 alone");
      replaced = narrow.network->replace_activation(site, cut) || replaced;
    }
  }
  return replaced;
}

void check_widths(const std::vector<double>& widths, const std::string& where) {
  const std::string list = nlohmann::json(widths).dump();
  if (std::count(widths.begin(), widths.end(), 1.0) != 1) {
    fail_usage(where, "widths = ", list, ": expected the full width 1.0 among them, once");
  }
  for (const double width : widths) {
    if (!(width > 0 && width <= 1) || std::count(widths.begin(), widths.end(), width) != 1) {
      fail_usage(where, "widths = ", list, ": expected each in (0, 1], once; found ", width);
    }
  }
}

std::string width_name(double width) {
  std::string name = "width_" + nlohmann::json(width).dump();
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

void load_at_width(const TensorMap& tensors, double width, Network& network) {
  const std::string own = width == 1 ? "" : width_name(width) + ".";
  Archive wanted = Archive::saving();
  network_state(network, wanted);
  TensorMap cut;
  for (const ReluSite& site : network.sites()) {
    for (const std::string& name : saved_of_activation(site, tensors)) {
      cut[name] = tensors.at(name).narrow(0, 0, site.shape()[0]).contiguous();
    }
  }
  bool found = own.empty();
  for (const auto& [name, tensor] : wanted.tensors()) {
    if (const auto it = tensors.find(own + name); it != tensors.end()) {
      cut[name] = it->second;
      found = true;
    } else if (const auto wide = tensors.find(name); wide != tensors.end()) {
      SENET_CHECK(wide->second.dim() == tensor.dim(), "'", name, "' has ", wide->second.dim(), " dimensions, expected ",
                  tensor.dim());
      cut[name] = first_of(wide->second, tensor.sizes()).contiguous();
    }
  }
  if (!found) fail_usage("the network was not trained at width ", width, " (mask.widths)");
  Archive archive = Archive::loading(cut);
  network_state(network, archive);
  network.eval();
}

}  // namespace senet
