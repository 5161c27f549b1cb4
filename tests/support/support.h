#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>

#include "senet/error.h"

namespace senet::testing {

namespace fs = std::filesystem;

// A folder of its own for each test, removed at its end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "senet-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

inline void write_file(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

inline std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

inline bool mentions(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

// With `now` where `old` first stands.
inline std::string replaced(std::string text, const std::string& old, const std::string& now) {
  const size_t at = text.find(old);
  if (at == std::string::npos) throw std::invalid_argument("'" + old + "' is not in: " + text);
  return text.replace(at, old.size(), now);
}

// The message of the Error that `action` throws; fails the test when it throws none.
inline std::string error_of(const std::function<void()>& action, Exit* exit = nullptr) {
  try {
    action();
  } catch (const Error& error) {
    if (exit) *exit = error.exit();
    return error.what();
  }
  ADD_FAILURE() << "expected an Error";
  return "";
}

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;

inline torch::Tensor random_tensor(torch::IntArrayRef shape, uint64_t seed, torch::ScalarType type = torch::kFloat64) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  torch::Tensor tensor = torch::empty(shape, torch::kFloat64);
  auto* values = tensor.data_ptr<double>();
  for (int64_t i = 0; i < tensor.numel(); ++i) values[i] = normal(engine);
  return tensor.to(type);
}

inline bool identical(const torch::Tensor& a, const torch::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() && a.equal(b);
}

inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
}

// ∂f/∂x by central differences, for a scalar function of float64.
inline torch::Tensor numerical_gradient(const std::function<double(const torch::Tensor&)>& f, const torch::Tensor& x,
                                        double h = 1e-6) {
  torch::Tensor gradient = torch::zeros(x.sizes(), torch::kFloat64);
  torch::Tensor point = x.contiguous().clone();
  auto* values = point.data_ptr<double>();
  auto* slopes = gradient.data_ptr<double>();
  for (int64_t i = 0; i < point.numel(); ++i) {
    const double value = values[i];
    values[i] = value + h;
    const double above = f(point);
    values[i] = value - h;
    const double below = f(point);
    values[i] = value;
    slopes[i] = (above - below) / (2 * h);
  }
  return gradient;
}

}  // namespace senet::testing
