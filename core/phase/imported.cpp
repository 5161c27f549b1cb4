#include "phase/imported.h"

#include <torch/types.h>
#include <torch/utils.h>
#include <boost/algorithm/string/predicate.hpp>

#include "senet/error.h"
#include "storage/safetensors.h"

namespace senet {

using boost::algorithm::ends_with;

namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < 4; ++i) text += (i ? ", '" : "'") + names[i] + "'";
  return names.size() > 4 ? text + senet::text(" and ", names.size() - 4, " more") : text;
}

}  // namespace

void import_network(const std::filesystem::path& file, Network& network) try {
  const torch::NoGradGuard no_gradient;
  TensorMap tensors = load_safetensors(file).tensors;
  std::vector<std::string> missing, unknown;
  const auto take = [&](const std::string& name, torch::Tensor& value) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      if (!ends_with(name, "num_batches_tracked")) missing.push_back(name);
      return;
    }
    const torch::Tensor& given = found->second;
    SENET_CHECK(given.sizes() == value.sizes(), file.string(), ": tensor '", name, "' is ", given.sizes(),
                ", expected ", value.sizes());
    SENET_CHECK(given.is_floating_point() == value.is_floating_point(), file.string(), ": tensor '", name, "' is ",
                given.dtype(), ", expected ", value.dtype());
    SENET_CHECK(!given.is_floating_point() || given.isfinite().all().item<bool>(), file.string(), ": tensor '", name,
                "' holds numbers that are not finite");
    SENET_CHECK(!ends_with(name, "running_var") || given.ge(0).all().item<bool>(), file.string(), ": tensor '", name,
                "' holds variances below 0 (the least is ", given.min().item<double>(), "): the file is damaged");
    value.copy_(given);
    tensors.erase(found);
  };
  for (auto& item : network.named_parameters()) take(item.key(), item.value());
  for (auto& item : network.named_buffers()) take(item.key(), item.value());
  for (const ReluSite& site : network.sites()) {
    const auto mask = tensors.find("mask." + site.name());
    if (mask == tensors.end()) continue;
    SENET_CHECK(mask->second.numel() == site.relus() && mask->second.eq(1).all().item<bool>(), file.string(),
                ": its mask of ReLU site '", site.name(), "' does not keep all ", site.relus(),
                " ReLUs; a teacher has every ReLU");
    tensors.erase(mask);
  }
  for (const auto& [name, tensor] : tensors) unknown.push_back(name);
  if (missing.empty() && unknown.empty()) return;
  fail(file.string(), ": its tensors are not the model's", missing.empty() ? "" : ": it lacks " + listed(missing),
       unknown.empty() ? "" : text(missing.empty() ? ": " : "; ", "the model has no ", listed(unknown)),
       missing.empty() ? "; scripts/pth-to-safetensors can leave them out (--drop)"
                       : "; scripts/pth-to-safetensors can give tensors other names (--rename)");
} catch (const Error& error) {
  throw Error(error.what(), Exit::usage);
}

}  // namespace senet
