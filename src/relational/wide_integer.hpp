// SPDX-License-Identifier: Apache-2.0
// Whole numbers of any size, as far as exact sums need them: never negative, little words first.
#pragma once

#include <cstdint>
#include <vector>

namespace evclean {

class WideInteger {
 public:
  WideInteger() = default;
  explicit WideInteger(std::vector<std::uint64_t> words) : words_(std::move(words)) { trim(); }

  bool is_zero() const { return words_.empty(); }
  int bit_length() const;
  const std::vector<std::uint64_t>& words() const { return words_; }

  WideInteger times(std::uint64_t factor) const;
  WideInteger squared() const;
  /// Needs *this >= other.
  WideInteger minus(const WideInteger& other) const;
  WideInteger shifted_left(int bits) const;
  /// Divides in place, says whether something was left over.
  bool divide(std::uint64_t divisor);
  /// Bits [low, low + 128), and whether any bit below is set.
  unsigned __int128 window(int low, bool& rest) const;

 private:
  void trim() {
    while (!words_.empty() && words_.back() == 0) words_.pop_back();
  }
  std::vector<std::uint64_t> words_;
};

/// The double nearest to value * 2^exponent, ties to even; `rest` says that the value is a little more than that.
double round_to_double(const WideInteger& value, int exponent, bool rest);

/// The double nearest to sqrt(value * 2^exponent) (and a little more, when `rest`). Needs value > 0.
double round_sqrt(WideInteger value, int exponent, bool rest);

}  // namespace evclean
