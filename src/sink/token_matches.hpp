// SPDX-License-Identifier: Apache-2.0
// Finds what text repeats, for deflate (RFC 1951: at most 32,768 bytes back, 3 to 258 bytes long).
//
// Logs repeat tokens (words, numbers, fields), so that is where this looks: at the beginning of a token, and behind the
// last match. A match found there is made longer to both sides, so little is missed between. Eight places with the same
// hash are compared at once and without branches. Figures are in bench/README.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace evclean {

/// Literals, then the match behind them. Units: bytes. `length` 0: the text ends with the literals.
struct LiteralsAndMatch {
  std::uint32_t literals;
  std::uint16_t length;
  std::uint16_t distance;  ///< at most 32,768
};

class TokenMatcher {
 public:
  TokenMatcher();

  /// All of `text` (less than 2 GiB), in order; depends on this text alone. Lifetime: until the next call.
  const std::vector<LiteralsAndMatch>& find(std::string_view text);

 private:
  static constexpr int kBucketBits = 12;
  static constexpr int kPlaces = 8;
  /// The lowest 16 bits of the latest places with one hash, latest first.
  struct alignas(2 * kPlaces) Bucket {
    std::array<std::uint16_t, kPlaces> places;
  };
  struct Match {
    std::uint32_t length = 0;
    std::uint32_t distance = 0;
    int gain = 0;
  };

  void mark_tokens();
  std::uint32_t next_place(std::uint32_t at, std::uint32_t literals_begin) const;
  Bucket& bucket(std::uint32_t at);
  void remember(std::uint32_t at);
  void remember_tokens(std::uint32_t begin, std::uint32_t end);
  Match best_match(std::uint32_t at);
  Match longest(std::uint32_t at, const Bucket& before);
  std::uint32_t grown(std::uint32_t at, std::uint32_t distance, std::uint32_t length) const;
  std::uint32_t take_best(std::uint32_t at, std::uint32_t literals_begin);

  const std::uint8_t* text_ = nullptr;
  std::uint32_t size_ = 0;
  std::vector<Bucket> buckets_;
  std::vector<std::uint64_t> tokens_;  ///< bit i: a token begins at byte i
  std::vector<LiteralsAndMatch> found_;
};

}  // namespace evclean
