#include "senet/losses.h"

#include <cmath>

#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::largest_difference;
using testing::numerical_gradient;
using testing::random_tensor;

double at(const torch::Tensor& t, int64_t i, int64_t j) { return t[i][j].item<double>(); }

// The formulas of the headers, written out in double precision.
double cross_entropy_by_hand(const torch::Tensor& logits, const torch::Tensor& labels) {
  double sum = 0;
  for (int64_t i = 0; i < logits.size(0); ++i) {
    double normaliser = 0;
    for (int64_t c = 0; c < logits.size(1); ++c) normaliser += std::exp(at(logits, i, c));
    sum -= at(logits, i, labels[i].item<int64_t>()) - std::log(normaliser);
  }
  return sum / logits.size(0);
}

double distillation_by_hand(const torch::Tensor& student, const torch::Tensor& teacher, double T) {
  double sum = 0;
  for (int64_t i = 0; i < student.size(0); ++i) {
    double zs = 0, zt = 0;
    for (int64_t c = 0; c < student.size(1); ++c) {
      zs += std::exp(at(student, i, c) / T);
      zt += std::exp(at(teacher, i, c) / T);
    }
    for (int64_t c = 0; c < student.size(1); ++c) {
      const double p = std::exp(at(teacher, i, c) / T) / zt, q = std::exp(at(student, i, c) / T) / zs;
      sum += p * std::log(p / q);
    }
  }
  return T * T * sum / student.size(0);
}

double attention_by_hand(const torch::Tensor& a, const torch::Tensor& b) {
  const auto map = [](const torch::Tensor& x) {
    torch::Tensor result = torch::zeros({x.size(0), x.size(2) * x.size(3)}, torch::kFloat64);
    for (int64_t n = 0; n < x.size(0); ++n) {
      double norm = 0;
      for (int64_t i = 0; i < result.size(1); ++i) {
        double mean = 0;
        for (int64_t c = 0; c < x.size(1); ++c)
          mean += std::pow(x[n][c][i / x.size(3)][i % x.size(3)].item<double>(), 2);
        mean /= x.size(1);
        result[n][i] = mean;
        norm += mean * mean;
      }
      result[n] /= std::max(std::sqrt(norm), 1e-12);
    }
    return result;
  };
  return (map(a) - map(b)).pow(2).sum().item<double>() / (a.size(0) * a.size(2) * a.size(3));
}

double vector_by_hand(const torch::Tensor& a, const torch::Tensor& b) {
  double sum = 0;
  for (int64_t n = 0; n < a.size(0); ++n) {
    const double na = std::sqrt(a[n].pow(2).sum().item<double>()), nb = std::sqrt(b[n].pow(2).sum().item<double>());
    sum += (a[n] / na - b[n] / nb).pow(2).sum().item<double>() / 2;
  }
  return sum / a.size(0);
}

TEST(Losses, CrossEntropyIsItsFormula) {
  const torch::Tensor logits = random_tensor({7, 5}, 1) * 3, labels = torch::arange(7) % 5;
  EXPECT_NEAR(cross_entropy(logits, labels).item<double>(), cross_entropy_by_hand(logits, labels), 1e-12);
}

TEST(Losses, DistillationIsItsFormulaAtSeveralTemperatures) {
  const torch::Tensor student = random_tensor({6, 4}, 2) * 4, teacher = random_tensor({6, 4}, 3) * 4;
  for (const double T : {0.5, 1.0, 4.0}) {
    EXPECT_NEAR(distillation(student, teacher, T).item<double>(), distillation_by_hand(student, teacher, T), 1e-11)
        << T;
  }
  EXPECT_NEAR(distillation(teacher, teacher, 4).item<double>(), 0, 1e-14);
}

TEST(Losses, PramIsItsFormulaInBothForms) {
  const torch::Tensor a = random_tensor({3, 4, 2, 5}, 4), b = random_tensor({3, 4, 2, 5}, 5);
  EXPECT_NEAR(pram(a, b, PramForm::attention).item<double>(), attention_by_hand(a, b), 1e-14);
  EXPECT_NEAR(pram(a, b, PramForm::vector).item<double>(), vector_by_hand(a, b), 1e-14);
  EXPECT_EQ(pram(a, b, PramForm::none).item<double>(), 0);
  // Both look at directions only: the scale of an activation does not matter.
  for (const PramForm form : {PramForm::attention, PramForm::vector}) {
    EXPECT_NEAR(pram(a, a * 3.5, form).item<double>(), 0, 1e-14);
    const torch::Tensor dead = torch::zeros_like(b).set_requires_grad(true), loss = pram(a, dead, form);
    loss.backward();
    EXPECT_TRUE(std::isfinite(loss.item<double>())) << "a dead stage has norm 0";
    EXPECT_TRUE(dead.grad().isfinite().all().item<bool>());
  }
}

TEST(Losses, GradientsAreTheNumericalOnes) {
  const torch::Tensor labels = torch::arange(4) % 3, teacher = random_tensor({4, 3}, 7);
  const torch::Tensor maps = random_tensor({2, 3, 3, 2}, 8);
  const auto check = [](const std::function<torch::Tensor(const torch::Tensor&)>& loss, const torch::Tensor& x,
                        const char* name) {
    torch::Tensor point = x.clone().set_requires_grad(true);
    loss(point).backward();
    const auto f = [&](const torch::Tensor& p) { return loss(p).item<double>(); };
    EXPECT_LT(largest_difference(point.grad(), numerical_gradient(f, x)), 1e-8) << name;
  };
  check([&](const torch::Tensor& x) { return cross_entropy(x, labels); }, random_tensor({4, 3}, 9), "cross entropy");
  check([&](const torch::Tensor& x) { return distillation(x, teacher, 4); }, random_tensor({4, 3}, 10), "distillation");
  check([&](const torch::Tensor& x) { return pram(maps, x, PramForm::attention); }, random_tensor({2, 3, 3, 2}, 11),
        "attention");
  check([&](const torch::Tensor& x) { return pram(maps, x, PramForm::vector); }, random_tensor({2, 3, 3, 2}, 12),
        "vector");
}

TEST(Losses, NothingFlowsBackIntoTheTeacher) {
  torch::Tensor teacher = random_tensor({2, 3, 2, 2}, 1).set_requires_grad(true),
                student = random_tensor({2, 3, 2, 2}, 2).set_requires_grad(true);
  (pram(teacher, student, PramForm::attention) + pram(teacher, student, PramForm::vector) +
   distillation(student.flatten(1), teacher.flatten(1), 4))
      .backward();
  EXPECT_FALSE(teacher.grad().defined());
  EXPECT_TRUE(student.grad().defined());
}

TEST(Losses, HalfPrecisionActivationsAreReducedInFloat32) {
  const torch::Tensor a = random_tensor({4, 8, 6, 6}, 4), b = random_tensor({4, 8, 6, 6}, 5);
  for (const PramForm form : {PramForm::attention, PramForm::vector}) {
    const torch::Tensor rounded = pram(a.to(torch::kBFloat16), b.to(torch::kBFloat16), form);
    EXPECT_EQ(rounded.scalar_type(), torch::kFloat32);
    EXPECT_NEAR(rounded.item<double>() / pram(a, b, form).item<double>(), 1, 0.02);
  }
}

TEST(Losses, StageOutputsRefuseStagesOutOfOrder) {
  StageOutputs outputs;
  const torch::Tensor output = torch::zeros({1, 1, 1, 1});
  outputs.at_stage_end(2, output);
  outputs.at_stage_end(4, output);
  for (const int again : {4, 3}) {
    EXPECT_NE(error_of([&] { outputs.at_stage_end(again, output); }).find("after the end of stage 4"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace senet
