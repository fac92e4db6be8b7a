// SPDX-License-Identifier: Apache-2.0
// The generator's only randomness: a 64-bit mix of (seed, row, column). So any row can be made alone, and part files
// together equal one big file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace generate {

/// splitmix64's finaliser: every input bit reaches every output bit.
inline std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// Numbers for one row and one purpose, drawn one after another.
class Draws {
 public:
  Draws(std::uint64_t seed, std::int64_t row, std::uint64_t purpose) noexcept
      : state_(mix(mix(seed ^ (purpose << 56)) + static_cast<std::uint64_t>(row))) {}

  std::uint64_t next() noexcept { return mix(state_ += 0xD1B54A32D192ED03ULL); }
  /// In [0, 1).
  double share() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// In [0, count).
  std::size_t below(std::size_t count) noexcept {
    return static_cast<std::size_t>((static_cast<unsigned __int128>(next()) * count) >> 64);
  }
  bool happens(double probability) noexcept { return probability > 0 && share() < probability; }

 private:
  std::uint64_t state_;
};

/// Bounded Zipf: rank k of 0..count-1 with probability ~ (k+1)^-exponent. One draw costs two table look-ups (Vose's
/// alias method).
class Zipf {
 public:
  Zipf(std::size_t count, double exponent);
  std::size_t draw(Draws& draws) const noexcept {
    const std::size_t slot = draws.below(entries_.size());
    return draws.share() < entries_[slot].keep ? slot : entries_[slot].other;
  }
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    float keep = 1;
    std::uint32_t other = 0;
  };
  std::vector<Entry> entries_;
};

/// exp(N(mu, sigma)) in 4096 steps of equal probability, rounded.
class LogNormal {
 public:
  LogNormal(double mu, double sigma);
  std::int64_t draw(Draws& draws) const noexcept { return values_[draws.below(values_.size())]; }

 private:
  std::vector<std::int64_t> values_;
};

}  // namespace generate
