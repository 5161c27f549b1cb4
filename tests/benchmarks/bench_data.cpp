// What images cost on one core, against a bare libjpeg-turbo loop over the same files in memory: decoding them, and
// packing them into a file. And the loading of a batch from memory, which is what a training step waits for. Files are
// JPEG of `size`×`size` pixels, 4:2:0, quality 90.

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <unistd.h>

#include <cstdlib>

#include "benchmarks/turns.h"
#include "cli/tensor_memory.h"
#include "data/batches.h"
#include "images/decode.h"
#include "images/packed.h"
#include "support/image_writer.h"

namespace senet {
namespace {

// JPEG files in memory, as a source.
class MemoryFiles final : public ImageSource {
 public:
  explicit MemoryFiles(int64_t size) : MemoryFiles(size, size > 100 ? 128 : 4096) {}
  MemoryFiles(int64_t size, int64_t count) {
    for (int64_t i = 0; i < count; ++i) files.push_back(testing::jpeg_of(testing::made_up_image(size, size, i)));
  }
  int64_t count() const override { return static_cast<int64_t>(files.size()); }
  Image read(int64_t index) const override { return decode_image(files[index], name(index)); }
  std::string encoded(int64_t index) const override { return files[index]; }
  std::string name(int64_t index) const override { return std::to_string(index); }

  std::vector<std::string> files;
};

// What libjpeg-turbo alone takes; or each image's pixels or file are appended to `out` as well, which no packing of
// them can do without.
enum class Written { nothing, pixels, file };
void decode_bare(const MemoryFiles& files, int side, Written written = Written::nothing, int out = -1) {
  static const tjhandle handle = tjInitDecompress();
  std::vector<unsigned char> pixels(side * side * 3);
  for (const std::string& file : files.files) {
    tjDecompress2(handle, reinterpret_cast<const unsigned char*>(file.data()), file.size(), pixels.data(), side, 0,
                  side, TJPF_RGB, 0);
    benchmark::DoNotOptimize(pixels.data());
    if (written == Written::nothing) continue;
    const bool whole = written == Written::pixels;
    const void* bytes = whole ? static_cast<const void*>(pixels.data()) : file.data();
    if (write(out, bytes, whole ? pixels.size() : file.size()) < 0) std::abort();
  }
}

void images(benchmark::State& state) {
  const auto side = static_cast<int>(state.range(0));
  const auto files = std::make_shared<const MemoryFiles>(side);
  const std::string folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  const std::string file = folder + "/senet-bench-" + std::to_string(getpid()) + ".pack";
  Images set, one;
  set.source = files;
  set.labels = torch::zeros({files->count()}, torch::kInt64);
  one.source = std::make_shared<const MemoryFiles>(side, 1);
  one.labels = torch::zeros({1}, torch::kInt64);
  const PackDescription description = {"x", nlohmann::ordered_json::object(), 2, {}, {{0, 0, 0}, {1, 1, 1}}};
  const auto pack = [&](PackEncoding encoding) {
    return [&, encoding] { write_packed(file, description, set, one, encoding); };
  };
  const auto bare_written = [&](Written written) {
    return [&, written] {
      const int out = creat(file.c_str(), 0600);
      decode_bare(*files, side, written, out);
      close(out);
    };
  };
  const Times times = take_turns(state, {{"bare", [&] { decode_bare(*files, side); }},
                                         {"bare_written", bare_written(Written::pixels)},
                                         {"bare_files_written", bare_written(Written::file)},
                                         {"decode",
                                          [&] {
                                            Image image;
                                            for (const std::string& bytes : files->files)
                                              decode_image(bytes, "x", image);
                                          }},
                                         {"pack_encoded", pack(PackEncoding::encoded)},
                                         {"pack_raw", pack(PackEncoding::raw)}});
  unlink(file.c_str());
  const std::string size = text("/size:", side);
  say("decode" + size, ratio(times, "bare", {"decode"}), "the rate of libjpeg-turbo alone");
  say("pack_encoded" + size, ratio(times, "bare", {"pack_encoded"}), "the rate of libjpeg-turbo alone");
  say("pack_encoded" + size, ratio(times, "bare_files_written", {"pack_encoded"}),
      "that of libjpeg-turbo and the writing of its files");
  say("pack_raw" + size, ratio(times, "bare", {"pack_raw"}), "the rate of libjpeg-turbo alone");
  say("pack_raw" + size, ratio(times, "bare_written", {"pack_raw"}),
      "that of libjpeg-turbo and the writing of its pixels");
  state.SetItemsProcessed(state.iterations() * 6 * files->count());
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

}  // namespace
}  // namespace senet

int main(int count, char** values) {
  using namespace senet;
  keep_tensor_memory();
  at::set_num_threads(1);
  benchmark::RegisterBenchmark("images", images)
      ->ArgName("size")
      ->Arg(32)
      ->Arg(64)
      ->Arg(400)
      ->Iterations(15)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("load_batch", load_batch)
      ->ArgName("size")
      ->Arg(32)
      ->Arg(64)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  return run_benchmarks(count, values);
}
