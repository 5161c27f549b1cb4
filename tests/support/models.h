#pragma once

#include <filesystem>

#include "config/document.h"
#include "plugin/host.h"
#include "senet/network.h"
#include "support/support.h"

namespace senet::testing {

// A network of a model plugin, with options as TOML (`model.width = 5`) and weights drawn from seed 1.
inline std::shared_ptr<Network> build_model(const std::string& model, const NetworkShape& shape,
                                            const std::string& toml = "") {
  // Beside the program: scripts/gpu carries both from where they were built.
  static const PluginHost host({std::filesystem::read_symlink("/proc/self/exe").parent_path() / "plugins"});
  Document document("none");
  if (!toml.empty()) document = Document::from_toml(toml, "x.toml");
  const Options options = document.resolve("model", host.options(PluginKind::model, model));
  auto network = host.make<Model>(model, options)->build(shape);
  network->initialise(1);
  return network;
}

// Checks that sites and stage ends come in order, and gives how many stage ends there were.
inline int expect_order(Network& network, const NetworkShape& shape) {
  class Order final : public Observer {
   public:
    void at_site(const ReluSite& site, const torch::Tensor&, const torch::Tensor& post) override {
      EXPECT_EQ(site.index(), sites++);
      last = post;
    }
    void at_stage_end(int stage, const torch::Tensor& output) override {
      EXPECT_GT(stage, last_stage);
      EXPECT_TRUE(output.equal(last)) << "stage " << stage << " ends with the activation before it";
      last_stage = stage;
      ++stages;
    }
    int sites = 0, stages = 0, last_stage = 0;
    torch::Tensor last;
  } order;
  const torch::NoGradGuard no_gradient;
  network.eval();
  network.forward(torch::rand({2, shape.channels, shape.height, shape.width}), &order);
  EXPECT_EQ(order.sites, static_cast<int>(network.sites().size()));
  return order.stages;
}

// Parameters and multiply–accumulates counted from an architecture's description alone.
struct HandCount {
  int64_t parameters = 0, macs = 0;

  void conv(int64_t in, int64_t out, int64_t kernel, int64_t height, int64_t width, bool bias = false) {
    parameters += in * out * kernel * kernel + (bias ? out : 0);
    macs += in * out * kernel * kernel * height * width;
  }
  void batch_norm(int64_t channels) { parameters += 2 * channels; }
  void linear(int64_t in, int64_t out) {
    parameters += in * out + out;
    macs += in * out;
  }
  void expect_equal(Network& network) const {
    const NetworkCounts counts = count(network);
    EXPECT_EQ(counts.parameters, parameters);
    EXPECT_EQ(counts.macs, macs);
  }
};

}  // namespace senet::testing
