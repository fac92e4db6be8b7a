// SPDX-License-Identifier: Apache-2.0
// Sums, means and deviations against arithmetic that is exact by construction, in any order and any split.
#include "exact_sum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "byte_io.hpp"

namespace evclean {
namespace {

using Quad = __float128;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Both {
  ExactSums<3> sums;
  ExactSums<4> squares;

  Both() {
    sums.resize(1);
    squares.resize(1);
  }
  void add(double value) {
    sums.add(0, value);
    const double square = value * value;
    squares.add(0, square);
    squares.add(0, std::fma(value, value, -square));
  }
  double sum() const { return round_sum(sums, 0); }
};

double sum_of(const std::vector<double>& values) {
  Both both;
  for (const double value : values) both.add(value);
  return both.sum();
}

Quad quad_sqrt(Quad value) {
  Quad root = std::sqrt(static_cast<double>(value));
  for (int i = 0; i < 3; ++i) root = (root + value / root) / 2;
  return root;
}

TEST(ExactSum, WhatCancelsLeavesTheSmallValue) {
  EXPECT_EQ(sum_of({1e100, 1.0, -1e100}), 1.0);
  EXPECT_EQ(sum_of({1e300, 1e-300, -1e300, 3.5}), 3.5);
  EXPECT_EQ(sum_of({0.1, 0.2, -0.3}), 2.7755575615628914e-17);
  EXPECT_EQ(sum_of(std::vector<double>(10, 0.1)), 1.0);
  EXPECT_EQ(sum_of({}), 0.0);
  EXPECT_FALSE(std::signbit(sum_of({-0.0})));
}

TEST(ExactSum, TiesAreDecidedByWhatIsFarBelow) {
  const double half = 0x1p-53;  // half of what 1.0 resolves
  EXPECT_EQ(sum_of({1.0, half}), 1.0);
  EXPECT_EQ(sum_of({1.0, half, 0x1p-200}), 1.0 + 0x1p-52);
  EXPECT_EQ(sum_of({1.0, half, -0x1p-200}), 1.0);
  EXPECT_EQ(sum_of({1.0, half, 0x1p-1074}), 1.0 + 0x1p-52);
  EXPECT_EQ(sum_of({1.0 + 0x1p-52, half}), 1.0 + 0x1p-51);
}

TEST(ExactSum, EndsOfTheRange) {
  const double most = std::numeric_limits<double>::max();
  EXPECT_EQ(sum_of({most, most, -most}), most);
  EXPECT_EQ(sum_of({most, most}), kInfinity);
  EXPECT_EQ(sum_of({0x1p-1074, 0x1p-1074}), 0x1p-1073);
  EXPECT_EQ(sum_of({kInfinity, 1.0}), kInfinity);
  EXPECT_EQ(sum_of({-kInfinity, 1e308}), -kInfinity);
  EXPECT_TRUE(std::isnan(sum_of({kInfinity, -kInfinity})));
  EXPECT_TRUE(std::isnan(sum_of({1.0, std::nan("")})));
}

TEST(ExactSum, AnyOrderAndAnySplitGiveTheSameBits) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values;
    const int widest = round % 2 == 0 ? 40 : 900;
    for (int i = 0; i < 60; ++i) {
      const int exponent = static_cast<int>(random() % static_cast<unsigned>(2 * widest)) - widest;
      values.push_back(std::ldexp(static_cast<double>(random()) / 1e19 - 0.5, exponent));
    }
    const double expected = sum_of(values);
    WideRegister wide;
    for (const double value : values) wide.add(value);
    const auto [magnitude, exponent, negative] = wide.value();
    EXPECT_EQ(expected, (negative ? -1 : 1) * round_to_double(magnitude, exponent, false));
    std::shuffle(values.begin(), values.end(), random);
    EXPECT_EQ(expected, sum_of(values));
    Both left, right;
    for (std::size_t i = 0; i < values.size(); ++i) (i % 3 == 0 ? left : right).add(values[i]);
    std::string bytes;
    right.sums.write(0, bytes);
    ByteReader reader{bytes.data()};
    left.sums.merge(0, reader);
    EXPECT_EQ(reader.at, bytes.data() + bytes.size());
    EXPECT_EQ(expected, left.sum());
  }
}

TEST(ExactSum, MeansAndDeviationsAreRoundedOnce) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const auto count = static_cast<std::int64_t>(2 + random() % 40);
    Both both;
    __int128 sum = 0, squares = 0;
    const int bits = 4 + static_cast<int>(random() % 44);
    const std::int64_t shift = round % 3 == 0 ? std::int64_t{1} << 50 : 0;  // a small spread far from zero
    for (std::int64_t i = 0; i < count; ++i) {
      const auto whole = static_cast<std::int64_t>(random() >> (64 - bits)) + shift;
      sum += whole;
      squares += static_cast<__int128>(whole) * whole;
      both.add(static_cast<double>(whole) * 0x1p-20);
    }
    EXPECT_EQ(both.sum(), static_cast<double>(static_cast<Quad>(sum) * 0x1p-20));
    EXPECT_EQ(round_mean(both.sums, 0, count), static_cast<double>(static_cast<Quad>(sum) / count * 0x1p-20));
    EXPECT_EQ(round_mean(sum, count), static_cast<double>(static_cast<Quad>(sum) / count));
    const __int128 spread = squares * count - sum * sum;
    const Quad variance = static_cast<Quad>(spread) / count / (count - 1);
    const double expected = spread == 0 ? 0 : static_cast<double>(quad_sqrt(variance) * 0x1p-20);
    EXPECT_EQ(round_deviation(both.sums, both.squares, 0, count), expected)
        << count << " values of " << bits << " bits";
  }
}

TEST(ExactSum, MeanOfWholeNumbersBeyond64Bits) {
  const __int128 sum = (static_cast<__int128>(1) << 100) + 1;
  EXPECT_EQ(round_mean(sum, 3), static_cast<double>(static_cast<Quad>(sum) / 3));
  EXPECT_EQ(round_mean(-sum, 7), static_cast<double>(static_cast<Quad>(-sum) / 7));
}

TEST(ExactSum, SubnormalMeansAreRoundedOnce) {
  Both both;
  both.add(0x1p-1074 * 3);
  EXPECT_EQ(round_mean(both.sums, 0, 2), 0x1p-1074 * 2);  // 1.5 units: a tie, to even
  EXPECT_EQ(round_mean(both.sums, 0, 4), 0x1p-1074);
  EXPECT_EQ(round_mean(both.sums, 0, 7), 0.0);
}

}  // namespace
}  // namespace evclean
