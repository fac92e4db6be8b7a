// SPDX-License-Identifier: Apache-2.0
// Exact sums of doubles, one a group: whatever the order of adding and merging, the same result, rounded once. A sum is
// three doubles (an expansion), which hold about 160 bits; what does not fit there goes into a wide register that few
// groups ever need. Infinities and NaN follow IEEE. Local.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "wide_integer.hpp"

namespace evclean {

struct ByteReader;

/// A fixed-point number wide enough for any sum of doubles or of their squares; counts of what is not finite.
class WideRegister {
 public:
  static constexpr int kLowest = -2304;  ///< exponent of its last bit

  void add(double value);
  /// Adds (or takes away) magnitude * 2^exponent; exponent >= kLowest.
  void add(unsigned __int128 magnitude, int exponent, bool negative);
  void merge(const WideRegister& other);
  /// Its value is magnitude * 2^exponent, with this sign; zero words at the end are left out.
  struct Value {
    WideInteger magnitude;
    int exponent = 0;
    bool negative = false;
  };
  Value value() const;
  /// Infinity or NaN when such were added, else 0.
  double not_finite() const;
  void write(std::string& out) const;
  void merge(ByteReader& in);

 private:
  static constexpr int kWords = 70;
  std::array<std::uint64_t, kWords> words_{};  ///< two's complement
  std::int64_t nans_ = 0, infinities_ = 0, negative_infinities_ = 0;
};

/// Adds and gives the rounding error, exactly (Knuth).
inline double two_sum(double& sum, double value) noexcept {
  const double old = sum;
  sum = old + value;
  const double part = sum - old;
  return (old - (sum - part)) + (value - part);
}

/// kParts doubles a group and, for few groups, a register.
template <int kParts>
class ExactSums {
  static_assert(kParts == 3 || kParts == 4);

 public:
  using Parts = std::array<double, kParts>;

  void resize(std::size_t groups) { parts_.resize(groups); }
  void add(std::uint32_t group, double value) {
    Parts& known = parts_[group];
    Parts parts;
    double left = value;
    for (std::size_t p = 0; p + 1 < kParts; ++p) {
      double sum = known[p];
      left = two_sum(sum, left);
      parts[p] = sum;
    }
    if (left == 0) [[likely]] {  // mostly nothing is left for the last part
      // One by one: as a block they would go through memory.
      known[0] = parts[0];
      known[1] = parts[1];
      if constexpr (kParts == 4) known[2] = parts[2];
      return;
    }
    parts.back() = known.back();
    left = two_sum(parts.back(), left);
    if (left == 0) [[likely]] {  // not so for infinity, NaN and overflow
      known = parts;
    } else {
      add_wide(group, value);
    }
  }
  void add_wide(std::uint32_t group, double value) { wide(group).add(value); }
  WideRegister& wide(std::uint32_t group);
  const WideRegister* find_wide(std::uint32_t group) const {
    const auto found = wide_.empty() ? wide_.end() : wide_.find(group);
    return found == wide_.end() ? nullptr : &found->second;
  }
  const Parts& parts(std::uint32_t group) const { return parts_[group]; }
  void prefetch(std::uint32_t group) const { __builtin_prefetch(parts_.data() + group); }
  /// All of a group's sum in one register.
  WideRegister total(std::uint32_t group) const;
  void write(std::uint32_t group, std::string& out) const;
  void merge(std::uint32_t group, ByteReader& in);
  void clear();
  std::int64_t memory_bytes() const;

 private:
  std::vector<Parts> parts_;
  std::map<std::uint32_t, WideRegister> wide_;
};
extern template class ExactSums<3>;
extern template class ExactSums<4>;

/// The sum, rounded once.
double round_sum(const ExactSums<3>& sums, std::uint32_t group);
/// The sum divided by a count, rounded once. Needs count > 0.
double round_mean(const ExactSums<3>& sums, std::uint32_t group, std::int64_t count);
/// A whole number divided by a count, rounded once.
double round_mean(__int128 sum, std::int64_t count);
/// The sample standard deviation of `count` > 1 values from their sum and the sum of their squares, rounded once.
double round_deviation(const ExactSums<3>& sums, const ExactSums<4>& squares, std::uint32_t group, std::int64_t count);

}  // namespace evclean
