// SPDX-License-Identifier: Apache-2.0
// Keys as bytes: the values of some columns of a row in one string of bytes whose order (memcmp) is the order of the
// rows and whose equality is theirs. One code for grouping, distinct, sorting and ranges.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/batch.hpp"

namespace evclean {

struct KeyColumn {
  int column = -1;
  ValueType type = ValueType::kString;
  bool descending = false;
  bool nulls_first = false;
};

/// Encoded keys of some rows, each padded with zeros to whole 8-byte words. No key is the beginning of another, so
/// padding changes neither order nor equality, and comparing the shorter of two padded lengths is enough.
struct KeyRows {
  std::vector<char> bytes;
  std::vector<std::uint64_t> begins;  ///< rows + 1 places, when stride is 0
  std::size_t stride = 0;             ///< bytes of each key; 0: they differ
  std::size_t rows = 0;

  const char* key(std::size_t row) const { return bytes.data() + (stride > 0 ? row * stride : begins[row]); }
  std::size_t size(std::size_t row) const { return stride > 0 ? stride : begins[row + 1] - begins[row]; }
  std::string_view view(std::size_t row) const { return {key(row), size(row)}; }
};

/// Compares two padded keys as memcmp does.
int compare_keys(std::string_view a, std::string_view b) noexcept;

/// The eight bytes of a padded key from `offset` on, as a number in their order; zero behind its end.
inline std::uint64_t word_at(std::string_view key, std::size_t offset) noexcept {
  if (key.size() < offset + 8) return 0;
  std::uint64_t word;
  std::memcpy(&word, key.data() + offset, sizeof word);
  return __builtin_bswap64(word);
}

class KeyCodec {
 public:
  /// Keys of at most this many bytes may be padded to one stride.
  static constexpr std::size_t kWidestStride = 64;

  explicit KeyCodec(std::vector<KeyColumn> columns);
  /// The code of columns of fields, ascending, nulls last.
  KeyCodec(const Fields& fields, const std::vector<int>& columns);

  /// Encodes rows [first, first + count) of typed columns. Short keys get one stride, at least `least_stride`;
  /// `exact` gives each key its own shortest length, the same in any batch.
  void encode(const Batch& batch, std::int64_t first, std::int64_t count, KeyRows& keys, std::size_t least_stride = 8,
              bool exact = false) const;
  /// Gives the columns of keys, as arrays (ascending codes only). -0.0 comes back as 0.0.
  std::vector<Column> decode(const std::vector<const char*>& keys) const;
  /// Padded length of a key.
  std::size_t padded_size(const char* key) const;
  /// Length without padding of a key, or of what a key of more columns begins with.
  std::size_t size(const char* key) const;
  /// Values of a key for people: "country 'DE', status 404, plan null".
  std::string describe(const char* key, const std::vector<std::string>& names) const;
  const std::vector<KeyColumn>& columns() const { return columns_; }

 private:
  /// Finds where keys of differing lengths begin.
  void place_keys(const Batch& batch, std::int64_t first, std::int64_t count, KeyRows& keys) const;

  std::vector<KeyColumn> columns_;
};

}  // namespace evclean
