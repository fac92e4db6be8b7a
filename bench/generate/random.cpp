// SPDX-License-Identifier: Apache-2.0
#include "random.hpp"

#include <cmath>

namespace generate {
namespace {

/// The x with P(N(0,1) < x) = p, by bisection: some thousand calls in all, so plain beats clever.
double normal_quantile(double p) {
  double low = -10;
  double high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

Zipf::Zipf(std::size_t count, double exponent) : entries_(count) {
  std::vector<double> weights(count);
  double sum = 0;
  for (std::size_t k = 0; k < count; ++k) sum += weights[k] = std::pow(static_cast<double>(k + 1), -exponent);
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  for (std::size_t k = 0; k < count; ++k) {
    weights[k] *= static_cast<double>(count) / sum;
    (weights[k] < 1 ? small : large).push_back(static_cast<std::uint32_t>(k));
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t little = small.back();
    const std::uint32_t big = large.back();
    small.pop_back();
    entries_[little] = {static_cast<float>(weights[little]), big};
    weights[big] -= 1 - weights[little];
    if (weights[big] < 1) {
      large.pop_back();
      small.push_back(big);
    }
  }
}

LogNormal::LogNormal(double mu, double sigma) {
  constexpr int kSteps = 4096;
  for (int i = 0; i < kSteps; ++i)
    values_.push_back(std::llround(std::exp(mu + sigma * normal_quantile((i + 0.5) / kSteps))));
}

}  // namespace generate
