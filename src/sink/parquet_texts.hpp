// SPDX-License-Identifier: Apache-2.0
// The texts of a column of one row group: each is looked up once, as it comes, and stays as a code. Texts that hardly
// repeat are kept as they are.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/text_keys.hpp"

namespace evclean {

/// Texts of up to 64 rows, as bits: rows that are known to have the same text may be given as one.
struct TextRows {
  const std::string_view* texts;  ///< of the rows in `firsts`, in order
  std::uint64_t firsts;
  std::uint64_t same = 0;  ///< rows with the text of the lowest of them, the only one that is in `firsts` too

  std::int64_t count() const noexcept { return std::popcount(firsts | same); }
  std::int64_t text_count() const noexcept { return std::popcount(firsts); }
  /// Where a row's text stands in `texts`.
  std::int64_t text_of(std::int64_t row) const noexcept {
    const std::uint64_t before = (std::uint64_t{1} << row) - 1;
    return std::popcount(firsts & ((same >> row & 1) != 0 ? (same & (0 - same)) - 1 : before));
  }
};

class ParquetTexts {
 public:
  static constexpr std::size_t kLengthBytes = 4;

  /// Makes room for the codes of so many texts in all.
  void reserve(std::int64_t texts) {
    if (coded_) codes_.reserve(static_cast<std::size_t>(texts));
  }
  /// Takes texts that may be read up to `readable_end` (all of them lie before it).
  void append(const TextRows& rows, const char* readable_end);

  std::int64_t size() const noexcept { return count_; }
  /// Whether texts stand as codes of a dictionary. Settled by settle().
  bool has_dictionary() const noexcept { return coded_; }
  const std::vector<std::uint32_t>& codes() const noexcept { return codes_; }
  /// The dictionary, or all texts: each with its length before it, in 4 bytes, as Parquet stores them.
  std::string_view stored() const noexcept { return {bytes_.data(), used_}; }
  std::int64_t dictionary_size() const noexcept { return static_cast<std::int64_t>(entries_.size()) - 1; }
  /// The text at a place in `stored()`.
  std::string_view text_at(std::size_t begin) const noexcept;
  /// The first eight bytes of a text from here, as a number that compares as they do; zeros behind its end.
  static std::uint64_t first_bytes(std::string_view text) noexcept;
  /// Where the entries of the dictionary begin in `stored()`, by code.
  std::vector<std::size_t> begins() const;
  /// Gives the dictionary up if it spares too little. No more texts after it.
  void settle();

 private:
  /// Eight places of the table, in one line of the processor's cache.
  struct alignas(64) Bucket {
    static constexpr int kPlaces = 8;
    std::uint32_t tags[kPlaces] = {};        ///< high bits of the hash
    std::uint32_t codes_plus[kPlaces] = {};  ///< 0: free
  };
  /// A text that came not long ago, at the place of its hash.
  struct RecentShort {
    TextKey key;
    std::uint32_t code;
  };
  struct Some;
  static constexpr std::int64_t kAtOnce = 64;
  static constexpr int kBeginShift = 32;
  static constexpr int kRecentBits = 8;
  static constexpr int kRecentLongBits = 12;
  static constexpr int kWithoutRecent = 32;

  void code_some(const TextRows& rows, const char* readable_end);
  bool code_all_recent(const TextRows& rows, const char* readable_end);
  static void spread(const TextRows& rows, std::int64_t count, std::uint32_t* codes);
  static void make_keys(Some& some);
  std::uint64_t look_at_recent(Some& some) const;
  std::uint64_t look_up(Some& some, std::uint64_t rows) const;
  bool looks_at_recent();
  void remember(const Some& some, std::uint64_t rows);
  const char* bytes_at(std::uint64_t high) const noexcept {
    return bytes_.data() + (high >> kBeginShift & (TextKey::kFree >> kBeginShift)) + kLengthBytes;
  }
  std::uint32_t candidate(std::uint32_t tag) const noexcept;
  bool is_same(const TextKey& entry, const TextKey& key, std::string_view text) const noexcept;
  bool find_or_add(const TextKey& key, std::string_view text, std::int64_t ordinal, std::uint32_t& code);
  bool may_add(std::string_view text, std::int64_t ordinal) const;
  void add(Bucket& bucket, int place, std::uint32_t tag, TextKey key, std::string_view text);
  void store(std::string_view text);
  void grow();
  void give_up();

  bool coded_ = true;
  std::int64_t count_ = 0;
  std::int64_t stored_count_ = 0;     ///< texts in `bytes_` when there is no dictionary
  std::int64_t plain_bytes_ = 0;      ///< of all texts with their lengths
  std::vector<std::uint32_t> codes_;  ///< one a text while coded
  std::vector<Bucket> buckets_;
  int shift_ = 32;
  std::string bytes_;  ///< with room behind its end that may be read
  std::size_t used_ = 0;
  /// By code plus one; the first fits no text. In the free part of a long text's: where it begins in `bytes_`.
  std::vector<TextKey> entries_ = {{0, ~TextKey::kLong}};
  std::vector<RecentShort> recent_short_;   ///< empty at first: many row groups may be open, with few texts each
  std::vector<std::uint32_t> recent_long_;  ///< codes plus one
  int skip_recent_ = kWithoutRecent;        ///< kAtOnce texts each
  bool all_recent_ = false;                 ///< the texts before were all short, and had come lately
};

}  // namespace evclean
