#include "score.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

namespace senet {

TaylorScore::TaylorScore(const Options& options) {
  settings_.as_code = options.text("score") == "code";
  settings_.second_order = options.boolean("second_order");
  settings_.layer_weights = options.boolean("layer_weights");
}

void TaylorScore::begin(const std::vector<const ReluSite*>& sites, torch::Device device) {
  const auto real = torch::TensorOptions(device).dtype(torch::kFloat32);
  for (const ReluSite* site : sites) {
    const SiteShape shape = site->shape();
    layers_.push_back({torch::zeros({kBatches, shape[0], shape[1], shape[2]}, real), torch::zeros(shape, real),
                       torch::zeros(shape, real)});
  }
  const auto count = static_cast<int64_t>(sites.size());
  norms_ = torch::zeros({count}, real);
  squares_ = torch::zeros({count}, real);
  batches_ = torch::zeros({}, torch::TensorOptions(device).dtype(torch::kInt64));
}

torch::Tensor TaylorScore::layer_weights() const {
  const int64_t count = norms_.size(0);
  const torch::Tensor depth = torch::arange(count, norms_.options()) / std::max<int64_t>(count - 1, 1);
  const torch::Tensor weights = norms_ * (squares_ + 1e-8).sqrt() * (1 + 0.2 * depth), least = weights.min();
  return 0.1 + (weights - least) / (weights.max() - least).clamp_min(1e-20);
}

void TaylorScore::add(const std::vector<SitePass>& passes, const Batch& batch) {
  const auto mean = [&](const torch::Tensor& of_images) {
    return mean_over_shards(of_images.mean(0), batch.labels.size(0));
  };
  const torch::Tensor place = batches_.remainder(kBatches).view({1});
  batches_.add_(1);
  const torch::Tensor filled = batches_.clamp_max(kBatches).to(torch::kFloat32);
  std::vector<torch::Tensor> norms, squares, terms;
  for (size_t l = 0; l < passes.size(); ++l) {
    Layer& layer = layers_[l];
    const torch::Tensor z = passes[l].x.to(torch::kFloat32), G = passes[l].gradient.to(torch::kFloat32);
    const torch::Tensor G2 = G.square();
    layer.negative.index_copy_(0, place, mean(z.lt(0).to(torch::kFloat32)).unsqueeze(0).contiguous());
    const torch::Tensor A = layer.negative.sum(0) / filled;
    layer.fisher.mul_(0.99).add_(mean(G2), 0.01);
    torch::Tensor term = mean(settings_.as_code ? (G * z).abs() : G.abs() * (-z).clamp_min(0)) * A;
    if (settings_.second_order) {
      const torch::Tensor second = 0.5 * mean(z.square()) * layer.fisher;
      term = term + (settings_.as_code ? second : second * A);
    }
    terms.push_back(term);
    norms.push_back(mean(G2.sum({1, 2, 3}).sqrt()));
    squares.push_back(mean_over_shards(G2.mean(), batch.labels.size(0)));
  }
  norms_.mul_(0.95).add_(torch::stack(norms), 0.05);
  squares_.mul_(0.95).add_(torch::stack(squares), 0.05);
  const torch::Tensor weights = layer_weights();
  for (size_t l = 0; l < terms.size(); ++l) {
    const torch::Tensor weighted = settings_.layer_weights ? terms[l] * weights[static_cast<int64_t>(l)] : terms[l];
    layers_[l].score.mul_(0.95).add_(weighted, 0.05);
  }
}

std::vector<torch::Tensor> TaylorScore::scores() const {
  std::vector<torch::Tensor> scores;
  for (const Layer& layer : layers_) scores.push_back(layer.score);
  return scores;
}

void TaylorScore::state(Archive& archive) {
  for (size_t l = 0; l < layers_.size(); ++l) {
    const std::string own = text("taylor.", l, ".");
    archive.tensor(own + "negative", layers_[l].negative);
    archive.tensor(own + "fisher", layers_[l].fisher);
    archive.tensor(own + "score", layers_[l].score);
  }
  archive.tensor("taylor.norms", norms_);
  archive.tensor("taylor.squares", squares_);
  archive.tensor("taylor.batches", batches_);
}

}  // namespace senet
