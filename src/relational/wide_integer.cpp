// SPDX-License-Identifier: Apache-2.0
#include "wide_integer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace evclean {
namespace {

using Wide = unsigned __int128;

int top_bit(Wide value) {
  const auto high = static_cast<std::uint64_t>(value >> 64);
  return high != 0 ? 128 - std::countl_zero(high) : 64 - std::countl_zero(static_cast<std::uint64_t>(value));
}

/// Rounds bits * 2^exponent with a sticky rest; exact up to the one rounding, also for subnormal results.
double round_bits(Wide bits, int exponent, bool rest) {
  const int top = top_bit(bits) + exponent;  // value < 2^top
  const int lowest = std::max(top - 53, -1074);
  const int drop = lowest - exponent;
  if (drop <= 0) return std::ldexp(static_cast<double>(static_cast<std::uint64_t>(bits)), exponent);
  if (drop > 128) return 0.0;
  auto kept = drop == 128 ? 0 : static_cast<std::uint64_t>(bits >> drop);
  const Wide left = drop == 128 ? bits : bits & ((Wide{1} << drop) - 1);
  const Wide half = Wide{1} << (drop - 1);
  if (left > half || (left == half && (rest || (kept & 1) != 0))) ++kept;
  return std::ldexp(static_cast<double>(kept), lowest);
}

/// floor(sqrt(value)).
std::uint64_t whole_sqrt(Wide value) {
  auto root = static_cast<std::uint64_t>(std::min(std::sqrt(static_cast<long double>(value)), 18446744073709551615.0L));
  while (static_cast<Wide>(root) * root > value) --root;
  while (root != UINT64_MAX && static_cast<Wide>(root + 1) * (root + 1) <= value) ++root;
  return root;
}

}  // namespace

int WideInteger::bit_length() const {
  return words_.empty() ? 0 : static_cast<int>(words_.size()) * 64 - std::countl_zero(words_.back());
}

WideInteger WideInteger::times(std::uint64_t factor) const {
  std::vector<std::uint64_t> product(words_.size() + 1);
  Wide carry = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    carry += static_cast<Wide>(words_[i]) * factor;
    product[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  product[words_.size()] = static_cast<std::uint64_t>(carry);
  return WideInteger(std::move(product));
}

WideInteger WideInteger::squared() const {
  std::vector<std::uint64_t> product(2 * words_.size());
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (words_[i] == 0) continue;
    Wide carry = 0;
    for (std::size_t k = 0; k < words_.size(); ++k) {
      carry += static_cast<Wide>(words_[i]) * words_[k] + product[i + k];
      product[i + k] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    product[i + words_.size()] = static_cast<std::uint64_t>(carry);
  }
  return WideInteger(std::move(product));
}

WideInteger WideInteger::minus(const WideInteger& other) const {
  std::vector<std::uint64_t> left = words_;
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const Wide taken = static_cast<Wide>(i < other.words_.size() ? other.words_[i] : 0) + borrow;
    borrow = left[i] < taken ? 1 : 0;
    left[i] -= static_cast<std::uint64_t>(taken);
  }
  return WideInteger(std::move(left));
}

WideInteger WideInteger::shifted_left(int bits) const {
  const auto whole = static_cast<std::size_t>(bits / 64);
  const int part = bits % 64;
  std::vector<std::uint64_t> shifted(words_.size() + whole + 1);
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const Wide moved = static_cast<Wide>(words_[i]) << part;
    shifted[i + whole] |= static_cast<std::uint64_t>(moved);
    shifted[i + whole + 1] |= static_cast<std::uint64_t>(moved >> 64);
  }
  return WideInteger(std::move(shifted));
}

bool WideInteger::divide(std::uint64_t divisor) {
  Wide left = 0;
  for (std::size_t i = words_.size(); i-- > 0;) {
    left = left << 64 | words_[i];
    words_[i] = static_cast<std::uint64_t>(left / divisor);
    left %= divisor;
  }
  trim();
  return left != 0;
}

unsigned __int128 WideInteger::window(int low, bool& rest) const {
  Wide bits = 0;
  const int end = static_cast<int>(words_.size()) * 64;
  for (int at = std::min(end, low + 128) - 1; at >= low; --at) {
    bits = bits << 1 | (words_[static_cast<std::size_t>(at / 64)] >> (at % 64) & 1);
  }
  for (int at = 0; at < std::min(low, end) && !rest;) {
    const auto word = words_[static_cast<std::size_t>(at / 64)];
    const int left = low - at;
    rest = left >= 64 ? word != 0 : (word & ((std::uint64_t{1} << left) - 1)) != 0;
    at += 64;
  }
  return bits;
}

double round_to_double(const WideInteger& value, int exponent, bool rest) {
  if (value.is_zero()) return 0.0;
  const int low = std::max(0, value.bit_length() - 128);
  const unsigned __int128 bits = value.window(low, rest);
  return round_bits(bits, exponent + low, rest);
}

double round_sqrt(WideInteger value, int exponent, bool rest) {
  const int missing = std::max(0, 130 - value.bit_length());
  const int shift = missing + ((exponent - missing) & 1);  // an even exponent is left
  value = value.shifted_left(shift);
  exponent -= shift;
  const int low = (value.bit_length() - 127) & ~1;
  const unsigned __int128 bits = value.window(low, rest);
  const std::uint64_t root = whole_sqrt(bits);
  if (static_cast<unsigned __int128>(root) * root != bits) rest = true;
  return round_bits(root, (exponent + low) / 2, rest);
}

}  // namespace evclean
