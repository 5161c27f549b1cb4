#include "experiment/environment.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "device/device.h"
#include "revision.h"
#include "senet/abi.h"
#include "senet/error.h"
#include "storage/files.h"
#include "storage/json.h"

// oneDNN's. A LibTorch that hides its oneDNN, as PyTorch's wheels do, leaves them null.
extern "C" {
__attribute__((weak)) int dnnl_get_effective_cpu_isa(void);
__attribute__((weak)) const char* dnnl_cpu_isa2str(int isa);
}

namespace senet {

namespace {

std::string cpu_info(const std::string& field) {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(field, 0) != 0) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "";
}

bool has_bfloat16_instructions() {
  // ONEDNN_MAX_CPU_ISA can hold oneDNN to less than the processor has.
  constexpr int kBfloat16 = 0xe7;  // dnnl_cpu_isa_avx512_core_bf16, whose bits every later one has
  if (dnnl_get_effective_cpu_isa && (dnnl_get_effective_cpu_isa() & kBfloat16) != kBfloat16) return false;
  return cpu_has("avx512_bf16") || cpu_has("amx_bf16");
}

std::string cpu_capability() {
  const std::string config = at::show_config(), label = "CPU capability usage: ";
  const size_t found = config.find(label);
  if (found == std::string::npos) return "unknown";
  const size_t begin = found + label.size();
  return config.substr(begin, config.find('\n', begin) - begin);
}

// "avx2", "avx512_core_bf16"; empty where oneDNN cannot be asked.
std::string onednn_isa() {
  if (!dnnl_get_effective_cpu_isa || !dnnl_cpu_isa2str) return "";
  const std::string name = dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa()), prefix = "cpu_isa_";
  return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name;
}

}  // namespace

bool cpu_has(const std::string& flag) {
  return (" " + cpu_info("flags") + " ").find(" " + flag + " ") != std::string::npos;
}

torch::Device resolve_device(const std::string& name) {
  const bool cuda = torch::cuda::is_available();
  if (name == "cuda" && !cuda) {
    fail_usage("--device cuda: this LibTorch (", TORCH_VERSION,
               ") sees no GPU; use --device cpu, or a build with the "
               "cuda preset on a machine with one");
  }
  if (name == "cpu" || !cuda) return torch::kCPU;
  make_device_deterministic();
  return {torch::kCUDA, 0};
}

torch::ScalarType resolve_precision(const std::string& name, const torch::Device& device) {
  if (name == "float32") return torch::kFloat32;
  if (name == "bfloat16") return torch::kBFloat16;
  return device.is_cuda() || has_bfloat16_instructions() ? torch::kBFloat16 : torch::kFloat32;
}

std::string precision_name(torch::ScalarType precision) {
  return precision == torch::kBFloat16 ? "bfloat16" : "float32";
}

Environment environment(const torch::Device& device) {
  Environment here;
  here.version = SENET_VERSION;
  here.revision = SENET_REVISION;
  here.abi = SENET_ABI_TAG;
  here.libtorch = TORCH_VERSION;
  here.compiler = __VERSION__;
  here.device = device.is_cuda() ? "cuda" : "cpu";
  if (device.is_cuda()) here.gpu = device_name();
  here.cpu = cpu_info("model name");
  here.cpu_capability = cpu_capability();
  here.onednn_isa = onednn_isa();
  here.threads = at::get_num_threads();
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) here.visible_devices = visible;
  return here;
}

std::vector<Environment> environments_of_begun(const std::filesystem::path& folder) {
  const auto files = std::filesystem::directory_iterator(folder);
  const bool has_checkpoint =
      std::any_of(begin(files), end(files), [](const auto& file) { return file.path().extension() == ".safetensors"; });
  const std::filesystem::path file = folder / kEnvironments;
  if (!has_checkpoint || !std::filesystem::exists(file)) return {};
  std::vector<Environment> all;
  for (const Json& one : parse_json(read_file(file), file.string()))
    all.push_back(read_as<Environment>(one, file.string() + ": "));
  return all;
}

}  // namespace senet
