// SPDX-License-Identifier: Apache-2.0
#include "exact_sum.hpp"

#include <algorithm>
#include <limits>

#include "byte_io.hpp"

namespace evclean {

// ---- the register ---------------------------------------------------------------------------------------------------

void WideRegister::add(unsigned __int128 magnitude, int exponent, bool negative) {
  const int low = exponent - kLowest;
  auto at = static_cast<std::size_t>(low / 64);
  const int shift = low % 64;
  const std::uint64_t pieces[3] = {static_cast<std::uint64_t>(magnitude << shift),
                                   static_cast<std::uint64_t>(magnitude >> (64 - shift)),
                                   shift == 0 ? 0 : static_cast<std::uint64_t>(magnitude >> 64 >> (64 - shift))};
  std::uint64_t carry = 0;
  for (std::size_t i = 0; at < kWords && (i < 3 || carry != 0); ++i, ++at) {
    const std::uint64_t piece = i < 3 ? pieces[i] : 0;
    const std::uint64_t old = words_[at];
    if (negative) {
      words_[at] = old - piece - carry;
      carry = old < piece || (old == piece && carry != 0) ? 1 : 0;
    } else {
      words_[at] = old + piece + carry;
      carry = words_[at] < old || (words_[at] == old && carry != 0 && piece == UINT64_MAX) ? 1 : 0;
    }
  }
}

void WideRegister::add(double value) {
  if (std::isnan(value)) {
    ++nans_;
  } else if (std::isinf(value)) {
    ++(value > 0 ? infinities_ : negative_infinities_);
  } else if (value != 0) {
    int exponent = 0;
    const double fraction = std::frexp(std::fabs(value), &exponent);
    add(static_cast<std::uint64_t>(std::ldexp(fraction, 53)), exponent - 53, std::signbit(value));
  }
}

void WideRegister::merge(const WideRegister& other) {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < kWords; ++i) {
    const unsigned __int128 sum = static_cast<unsigned __int128>(words_[i]) + other.words_[i] + carry;
    words_[i] = static_cast<std::uint64_t>(sum);
    carry = static_cast<std::uint64_t>(sum >> 64);
  }
  nans_ += other.nans_;
  infinities_ += other.infinities_;
  negative_infinities_ += other.negative_infinities_;
}

WideRegister::Value WideRegister::value() const {
  const bool negative = words_.back() >> 63 != 0;
  std::size_t begin = 0;
  while (begin < kWords && words_[begin] == 0) ++begin;
  std::vector<std::uint64_t> words(words_.begin() + static_cast<std::ptrdiff_t>(begin), words_.end());
  if (negative) {
    bool carry = true;
    for (std::uint64_t& word : words) {
      word = ~word + (carry ? 1 : 0);
      carry = carry && word == 0;
    }
  }
  return {WideInteger(std::move(words)), kLowest + 64 * static_cast<int>(begin), negative};
}

double WideRegister::not_finite() const {
  if (nans_ > 0 || (infinities_ > 0 && negative_infinities_ > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (infinities_ > 0) return std::numeric_limits<double>::infinity();
  return negative_infinities_ > 0 ? -std::numeric_limits<double>::infinity() : 0.0;
}

void WideRegister::write(std::string& out) const {
  for (const std::int64_t count : {nans_, infinities_, negative_infinities_}) {
    put_count(out, static_cast<std::uint64_t>(count));
  }
  // Words above and below are mostly alike: all bits of the sign above, zeros below.
  const std::uint64_t sign = words_.back() >> 63 != 0 ? UINT64_MAX : 0;
  std::size_t begin = 0, end = kWords;
  while (begin < end && words_[begin] == 0) ++begin;
  while (end > begin && words_[end - 1] == sign) --end;
  put_count(out, sign & 1);
  put_count(out, begin);
  put_count(out, end - begin);
  for (std::size_t i = begin; i < end; ++i) put_raw(out, words_[i]);
}

void WideRegister::merge(ByteReader& in) {
  WideRegister other;
  other.nans_ = static_cast<std::int64_t>(in.count());
  other.infinities_ = static_cast<std::int64_t>(in.count());
  other.negative_infinities_ = static_cast<std::int64_t>(in.count());
  const bool negative = in.count() != 0;
  const std::size_t begin = in.count();
  const std::size_t end = begin + in.count();
  for (std::size_t i = begin; i < end; ++i) other.words_[i] = in.raw<std::uint64_t>();
  if (negative) {
    for (std::size_t i = end; i < kWords; ++i) other.words_[i] = UINT64_MAX;
  }
  merge(other);
}

// ---- sums of groups -------------------------------------------------------------------------------------------------

template <int kParts>
WideRegister& ExactSums<kParts>::wide(std::uint32_t group) {
  return wide_[group];
}

template <int kParts>
WideRegister ExactSums<kParts>::total(std::uint32_t group) const {
  const WideRegister* wide = find_wide(group);
  WideRegister total = wide ? *wide : WideRegister();
  for (const double part : parts_[group]) total.add(part);
  return total;
}

template <int kParts>
void ExactSums<kParts>::write(std::uint32_t group, std::string& out) const {
  const WideRegister* wide = find_wide(group);
  int used = kParts;
  while (used > 0 && parts_[group][static_cast<std::size_t>(used - 1)] == 0) --used;
  put_raw(out, static_cast<char>(used | (wide ? 0x80 : 0)));
  for (int i = 0; i < used; ++i) put_raw(out, parts_[group][static_cast<std::size_t>(i)]);
  if (wide) wide->write(out);
}

template <int kParts>
void ExactSums<kParts>::merge(std::uint32_t group, ByteReader& in) {
  const int head = in.raw<unsigned char>();
  for (int i = 0; i < (head & 0x7f); ++i) add(group, in.raw<double>());
  if ((head & 0x80) != 0) wide(group).merge(in);
}

template <int kParts>
void ExactSums<kParts>::clear() {
  parts_ = {};
  wide_.clear();
}

template <int kParts>
std::int64_t ExactSums<kParts>::memory_bytes() const {
  return static_cast<std::int64_t>(parts_.capacity() * sizeof(Parts) + wide_.size() * (sizeof(WideRegister) + 64));
}

template class ExactSums<3>;
template class ExactSums<4>;

// ---- rounding, once -------------------------------------------------------------------------------------------------

namespace {

struct Rounded {
  double sum = 0;   ///< the exact sum, rounded
  double rest = 0;  ///< what is missing from it, to some 50 bits
};

/// Three doubles, none near the ends of the range: partial sums that do not overlap (Shewchuk), then from the top down
/// until something is lost (as Python's fsum does).
Rounded round_parts(const ExactSums<3>::Parts& parts) {
  double partials[3];
  int count = 0;
  for (int p = 2; p >= 0; --p) {
    double sum = parts[static_cast<std::size_t>(p)];
    int kept = 0;
    for (int i = 0; i < count; ++i) {
      const double lost = two_sum(sum, partials[i]);
      if (lost != 0) partials[kept++] = lost;
    }
    partials[kept++] = sum;
    count = kept;
  }
  Rounded rounded{partials[--count], 0};
  while (count > 0 && rounded.rest == 0) rounded.rest = two_sum(rounded.sum, partials[--count]);
  if (count == 0) return rounded;
  // Halfway, and something more in the same direction: it was not a tie.
  const double below = partials[count - 1];
  const double twice = rounded.rest * 2;
  const double next = rounded.sum + twice;
  if ((rounded.rest < 0) == (below < 0) && next - rounded.sum == twice) {
    rounded.sum = next;
    rounded.rest = -rounded.rest;
  }
  rounded.rest += below;
  return rounded;
}

bool far_from_the_ends(double value) {
  return value == 0 || (std::fabs(value) < 0x1p900 && std::fabs(value) > 0x1p-900);
}

double with_sign(double magnitude, bool negative) { return negative ? -magnitude : magnitude; }

/// sum / count when doubles are enough to know how it rounds, else NaN.
double quick_mean(const ExactSums<3>::Parts& parts, std::int64_t count) {
  constexpr double kDoubt = 1 + 1e-9;  // the error below is far smaller
  if (!far_from_the_ends(parts[0])) return std::numeric_limits<double>::quiet_NaN();
  const Rounded sum = round_parts(parts);
  const auto n = static_cast<double>(count);
  if (sum.sum == 0 || n >= 0x1p53) return std::numeric_limits<double>::quiet_NaN();
  const double quotient = sum.sum / n;
  const double more = (std::fma(-quotient, n, sum.sum) + sum.rest) / n;
  const double mean = quotient + more;
  const double rest = more - (mean - quotient);
  if (!far_from_the_ends(mean) || mean + rest * kDoubt != mean) return std::numeric_limits<double>::quiet_NaN();
  return mean;
}

}  // namespace

double round_sum(const ExactSums<3>& sums, std::uint32_t group) {
  const auto& parts = sums.parts(group);
  const bool wide = sums.find_wide(group) != nullptr;
  if (!wide && parts[1] == 0 && parts[2] == 0) return parts[0] + 0.0;
  if (!wide && std::fabs(parts[0]) < 0x1p900) return round_parts(parts).sum + 0.0;
  const WideRegister total = sums.total(group);
  if (const double odd = total.not_finite(); odd != 0) return odd;
  const auto [magnitude, exponent, negative] = total.value();
  return with_sign(round_to_double(magnitude, exponent, false), negative);
}

double round_mean(const ExactSums<3>& sums, std::uint32_t group, std::int64_t count) {
  if (!sums.find_wide(group)) {
    const double mean = quick_mean(sums.parts(group), count);
    if (!std::isnan(mean)) return mean;
  }
  const WideRegister total = sums.total(group);
  if (const double odd = total.not_finite(); odd != 0) return odd;
  const auto [magnitude, exponent, negative] = total.value();
  if (magnitude.is_zero()) return 0.0;
  WideInteger quotient = magnitude.shifted_left(128);  // so that it has more than 53 bits
  const bool rest = quotient.divide(static_cast<std::uint64_t>(count));
  return with_sign(round_to_double(quotient, exponent - 128, rest), negative);
}

double round_mean(__int128 sum, std::int64_t count) {
  constexpr __int128 kExact = std::int64_t{1} << 53;
  if (sum <= kExact && sum >= -kExact && count <= kExact) {
    return static_cast<double>(static_cast<std::int64_t>(sum)) / static_cast<double>(count);
  }
  const bool negative = sum < 0;
  const unsigned __int128 bits = negative ? -static_cast<unsigned __int128>(sum) : static_cast<unsigned __int128>(sum);
  WideInteger quotient({0, 0, static_cast<std::uint64_t>(bits), static_cast<std::uint64_t>(bits >> 64)});
  const bool rest = quotient.divide(static_cast<std::uint64_t>(count));
  return with_sign(round_to_double(quotient, -128, rest), negative);
}

double round_deviation(const ExactSums<3>& sums, const ExactSums<4>& squares, std::uint32_t group, std::int64_t count) {
  const WideRegister total = sums.total(group);
  if (total.not_finite() != 0) return std::numeric_limits<double>::quiet_NaN();
  const auto sum = total.value();
  const auto square = squares.total(group).value();
  // n * sum of squares - square of the sum, in whole numbers of a common unit; never negative.
  const int exponent = std::min(square.exponent, 2 * sum.exponent);
  const auto count_bits = static_cast<std::uint64_t>(count);
  WideInteger variance = square.magnitude.times(count_bits).shifted_left(square.exponent - exponent);
  variance = variance.minus(sum.magnitude.squared().shifted_left(2 * sum.exponent - exponent));
  if (variance.is_zero()) return 0.0;
  variance = variance.shifted_left(256);  // so that the quotient keeps enough bits
  bool rest = variance.divide(count_bits);
  rest = variance.divide(count_bits - 1) || rest;
  return round_sqrt(std::move(variance), exponent - 256, rest);
}

}  // namespace evclean
