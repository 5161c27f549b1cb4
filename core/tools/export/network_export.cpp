#include "tools/export/network_export.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "images/subset.h"
#include "nn/evaluation_mode.h"
#include "results/result_json.h"
#include "senet/error.h"
#include "tools/export/record.h"

namespace senet {

namespace {

constexpr int kManifestSchema = 1;

Graph checked_graph(Network& network) {
  for (const ReluSite& site : network.sites()) {
    SENET_CHECK(site.activation().is_core(), "ReLU site '", site.name(),
                "' holds an activation that is not the core's; only a finished network can be exported");
  }
  return fold_batch_norms(record_graph(network));
}

}  // namespace

NetworkExport::NetworkExport(Network& network, Masking form)
    : graph(checked_graph(network)), masking(form), program(make_program(graph, form)) {}

Golden golden_images(Network& network, const BatchLoader& data, int64_t count) {
  if (data.count() < count)
    fail_usage(count, " test images were asked for; the data set has ", data.count(), ": ask for no more");
  const torch::NoGradGuard no_gradient;
  const EvaluationMode evaluation(network);
  const std::vector<int64_t> indices = first_indices(count);
  std::vector<torch::Tensor> images, logits, labels;
  for (int64_t at = 0; at < count; at += kGraphBatch) {
    const Batch batch = data.load(indices.data() + at, std::min(kGraphBatch, count - at));
    images.push_back(batch.images.to(torch::kFloat32).contiguous());
    logits.push_back(network.forward(images.back()));
    labels.push_back(batch.labels);
  }
  return {torch::cat(images), torch::cat(logits), torch::cat(labels)};
}

Json describe_export(const Result& result, double width, const NetworkExport& exported) {
  return {{"schema", kManifestSchema},
          {"run", result.id()},
          {"network", result.network_phase().key},
          {"model", to_json(result.model)},
          {"width", width},
          {"masking", name_of(exported.masking)},
          {"relus", exported.graph.relus()},
          {"comparisons",
           {{"relu", exported.program.comparisons(Cost::relu)},
            {"max_pool", exported.program.comparisons(Cost::max_pool)}}},
          {"multiplications", to_json(exported.program.multiplications())}};
}

FixedPointCheck check_fixed_point(const Graph& graph, const BatchLoader& data,
                                  const std::vector<int64_t>& fraction_bits, int64_t limit) {
  const int64_t count = limit > 0 ? std::min(limit, data.count()) : data.count();
  FixedPointCheck check{count, 0, {}};
  for (const int64_t bits : fraction_bits) check.scores.push_back({static_cast<int>(bits), 0, 0, 0});
  const std::vector<int64_t> indices = first_indices(count);
  for (int64_t at = 0; at < count; at += kGraphBatch) {
    const Batch batch = data.load(indices.data() + at, std::min(kGraphBatch, count - at));
    const torch::Tensor images = batch.images.to(torch::kFloat32), labels = batch.labels;
    const torch::Tensor exact = evaluate(graph, images), predicted = exact.argmax(1);
    check.accuracy += static_cast<double>(predicted.eq(labels).sum().item<int64_t>());
    for (FixedPointScore& score : check.scores) {
      const torch::Tensor rounded = evaluate(graph, images, {score.fraction_bits});
      const torch::Tensor chosen = rounded.argmax(1);
      score.accuracy += static_cast<double>(chosen.eq(labels).sum().item<int64_t>());
      score.agreement += static_cast<double>(chosen.eq(predicted).sum().item<int64_t>());
      score.largest_error = std::max(score.largest_error, (rounded - exact).abs().max().item<double>());
    }
  }
  check.accuracy /= static_cast<double>(count);
  for (FixedPointScore& score : check.scores) {
    score.accuracy /= static_cast<double>(count);
    score.agreement /= static_cast<double>(count);
  }
  return check;
}

Json to_json(const FixedPointCheck& check) {
  Json scores = Json::array();
  for (const FixedPointScore& score : check.scores) {
    scores.push_back({{"fraction_bits", score.fraction_bits},
                      {"accuracy", score.accuracy},
                      {"agreement", score.agreement},
                      {"largest_error", score.largest_error}});
  }
  return {{"images", check.images}, {"accuracy", check.accuracy}, {"scores", std::move(scores)}};
}

}  // namespace senet
