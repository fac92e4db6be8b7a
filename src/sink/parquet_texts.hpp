// SPDX-License-Identifier: Apache-2.0
// The texts of a column of one row group: each is looked up once, as it comes, and stays as a code. Texts that hardly
// repeat are kept as they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

class ParquetTexts {
 public:
  static constexpr std::size_t kLengthBytes = 4;

  /// Takes texts that may be read up to `readable_end` (all of them lie before it).
  void append(const std::string_view* texts, std::int64_t count, const char* readable_end);

  std::int64_t size() const noexcept { return count_; }
  /// Whether texts stand as codes of a dictionary. Settled by settle().
  bool has_dictionary() const noexcept { return coded_; }
  const std::vector<std::uint32_t>& codes() const noexcept { return codes_; }
  /// The dictionary, or all texts: each with its length before it, in 4 bytes, as Parquet stores them.
  std::string_view stored() const noexcept { return {bytes_.data(), used_}; }
  std::int64_t dictionary_size() const noexcept { return static_cast<std::int64_t>(begins_.size()) - 1; }
  /// The text at a place in `stored()`.
  std::string_view text_at(std::size_t begin) const noexcept;
  /// The first eight bytes of a text from here, as a number that compares as they do; zeros behind its end.
  static std::uint64_t first_bytes(std::string_view text) noexcept;
  /// Where entry `code` of the dictionary begins in `stored()`.
  std::size_t begin_of(std::uint32_t code) const noexcept { return begins_[code + 1]; }
  /// Gives the dictionary up if it spares too little. No more texts after it.
  void settle();

 private:
  struct Slot {
    std::uint32_t tag = 0;        ///< high bits of the hash
    std::uint32_t code_plus = 0;  ///< 0: free
  };
  static constexpr std::int64_t kAtOnce = 64;

  void code_some(const std::string_view* texts, std::int64_t count, const char* readable_end);
  bool is_same(std::size_t begin, std::string_view text, const char* readable_end) const;
  bool find_or_add(std::string_view text, std::uint32_t tag, const char* readable_end, std::size_t ordinal);
  bool may_add(std::string_view text, std::size_t ordinal) const;
  void add(std::uint64_t at, std::string_view text, std::uint32_t tag);
  void store(std::string_view text);
  void grow();
  void give_up();

  bool coded_ = true;
  std::int64_t count_ = 0;
  std::int64_t stored_count_ = 0;     ///< texts in `bytes_` when there is no dictionary
  std::int64_t plain_bytes_ = 0;      ///< of all texts with their lengths
  std::vector<std::uint32_t> codes_;  ///< one a text while coded
  std::vector<Slot> slots_;
  int shift_ = 32;
  std::string bytes_;  ///< with room behind its end that may be read
  std::size_t used_ = 0;
  std::vector<std::uint32_t> begins_ = {0};  ///< by code plus one; the first stands for no code
};

}  // namespace evclean
