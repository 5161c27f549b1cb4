// What images cost on one core, against a bare libjpeg-turbo loop over the same files in memory: decoding them, and
// packing them into a file. And the loading of a batch from memory, which is what a training step waits for. Files are
// JPEG of `size`×`size` pixels, 4:2:0, quality 90.

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <unistd.h>

#include <cstdio>

#include "benchmarks/interleaved.h"
#include "data/batches.h"
#include "data/decode.h"
#include "data/packed.h"
#include "nn/tensor_memory.h"
#include "support/image_writer.h"

namespace senet {
namespace {

// JPEG files in memory, as a source.
class MemoryFiles final : public ImageSource {
 public:
  explicit MemoryFiles(int64_t size) {
    const int64_t count = size > 100 ? 128 : 4096;
    for (int64_t i = 0; i < count; ++i) files.push_back(testing::jpeg_of(testing::made_up_image(size, size, i)));
  }
  int64_t count() const override { return static_cast<int64_t>(files.size()); }
  Image read(int64_t index) const override { return decode_image(files[index], name(index)); }
  std::string encoded(int64_t index) const override { return files[index]; }
  std::string name(int64_t index) const override { return std::to_string(index); }
  std::string fingerprint() const override { return "in memory"; }

  std::vector<std::string> files;
};

std::shared_ptr<const MemoryFiles> files_of(int64_t size) {
  static std::map<int64_t, std::shared_ptr<const MemoryFiles>> all;
  auto& files = all[size];
  if (!files) files = std::make_shared<MemoryFiles>(size);
  return files;
}

std::string scratch_file() {
  const std::string folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  return folder + "/senet-bench-" + std::to_string(getpid()) + ".pack";
}

// `written`: with each image's pixels appended to a new file, which no packing of pixels can do without.
void bare_libjpeg_turbo(benchmark::State& state, bool written) {
  const auto source = files_of(state.range(0));
  const auto side = static_cast<int>(state.range(0));
  std::vector<unsigned char> pixels(side * side * 3);
  const tjhandle handle = tjInitDecompress();
  for (auto _ : state) {
    const int out = written ? creat(scratch_file().c_str(), 0600) : -1;
    for (const std::string& file : source->files) {
      tjDecompress2(handle, reinterpret_cast<const unsigned char*>(file.data()), file.size(), pixels.data(), side, 0,
                    side, TJPF_RGB, 0);
      benchmark::DoNotOptimize(pixels.data());
      if (written && write(out, pixels.data(), pixels.size()) < 0) state.SkipWithError("cannot write");
    }
    if (written) close(out);
  }
  unlink(scratch_file().c_str());
  tjDestroy(handle);
  state.SetItemsProcessed(state.iterations() * source->count());
}

void decode(benchmark::State& state) {
  const auto source = files_of(state.range(0));
  for (auto _ : state) {
    for (const std::string& file : source->files) benchmark::DoNotOptimize(decode_image(file, "x").pixels.data());
  }
  state.SetItemsProcessed(state.iterations() * source->count());
}

void pack(benchmark::State& state, PackEncoding encoding) {
  Images images;
  images.source = files_of(state.range(0));
  images.labels = torch::zeros({images.source->count()}, torch::kInt64);
  const std::string file = scratch_file();
  const PackDescription description = {"x", nlohmann::ordered_json::object(), 2, {}, {{0, 0, 0}, {1, 1, 1}}};
  for (auto _ : state) write_packed(file, description, images, images, encoding);
  unlink(file.c_str());
  state.SetItemsProcessed(state.iterations() * 2 * images.count());
}

void load_batch(benchmark::State& state) {
  const int64_t size = state.range(0), batch = 128;
  const Images images{torch::randint(0, 256, {1024, size, size, 3}, torch::kUInt8),
                      torch::zeros({1024}, torch::kInt64)};
  const BatchLoader loader(images, {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}}, torch::kFloat32, torch::kCPU);
  const std::vector<int64_t> order = loader.shuffled(1, 0);
  for (auto _ : state) benchmark::DoNotOptimize(loader.load(order.data(), batch, {4, true}, 1, 0));
  state.SetItemsProcessed(state.iterations() * batch);
}

void print_shares(const Times& all) {
  for (const auto& [size, times] : all) {
    if (!times.count("bare_libjpeg_turbo")) continue;
    const auto share = [&, &size = size, &times = times](const char* name, double splits, const char* of) {
      if (!times.count(name) || !times.count(of)) return;
      std::fprintf(stderr, "%s/%s: %.2f of the rate of %s\n", name, size.c_str(),
                   splits * times.at(of) / times.at(name), of);
    };
    share("decode", 1, "bare_libjpeg_turbo");
    share("pack_encoded", 2, "bare_libjpeg_turbo");
    share("pack_raw", 2, "bare_libjpeg_turbo");
    share("pack_raw", 2, "bare_libjpeg_turbo_written");
  }
}

}  // namespace
}  // namespace senet

int main(int count, char** values) {
  using namespace senet;
  keep_tensor_memory();
  at::set_num_threads(1);
  const auto sizes = [](benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgName("size")->Arg(32)->Arg(64)->Arg(400)->UseRealTime()->Unit(benchmark::kMillisecond);
  };
  sizes(benchmark::RegisterBenchmark("bare_libjpeg_turbo", bare_libjpeg_turbo, false));
  sizes(benchmark::RegisterBenchmark("bare_libjpeg_turbo_written", bare_libjpeg_turbo, true));
  sizes(benchmark::RegisterBenchmark("decode", decode));
  sizes(benchmark::RegisterBenchmark("pack_raw", pack, PackEncoding::raw));
  sizes(benchmark::RegisterBenchmark("pack_encoded", pack, PackEncoding::encoded));
  benchmark::RegisterBenchmark("load_batch", load_batch)
      ->ArgName("size")
      ->Arg(32)
      ->Arg(64)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  return run_interleaved(count, values, print_shares);
}
