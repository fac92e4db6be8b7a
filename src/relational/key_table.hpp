// SPDX-License-Identifier: Apache-2.0
// Finds the rows that have a key: open addressing with the keys inline, looked up a batch at a time so that the next
// slots are on their way from memory while one is compared. Local.
#pragma once

#include <span>

#include "evclean/zeroed_array.hpp"
#include "join_keys.hpp"

namespace evclean {

class KeyTable {
 public:
  /// Makes room for so many rows at once, instead of growing.
  void reserve(std::int64_t rows);
  /// Adds the next rows' keys; null ones are skipped. Bytes of long keys live elsewhere, as long as the table.
  void add(const std::vector<JoinKey>& keys);
  /// After the last add(): lists the rows of each key, in their order.
  void finish();
  /// For each key its entry, or -1.
  void find(const std::vector<JoinKey>& keys, std::vector<std::int32_t>& entries) const;
  /// No key has two rows: an entry is a row then.
  bool unique() const noexcept { return unique_; }
  std::int64_t rows() const noexcept { return rows_; }
  /// The rows of an entry that find() gave (not to be called when unique).
  std::span<const std::int32_t> rows_of(std::int32_t entry) const noexcept {
    const auto begin = static_cast<std::size_t>(begins_[static_cast<std::size_t>(entry)]);
    return {listed_.data() + begin, static_cast<std::size_t>(begins_[static_cast<std::size_t>(entry) + 1]) - begin};
  }
  /// What a row costs at most in a finished table.
  static constexpr std::int64_t kBytesPerRow = 32 * 4 + 12;

 private:
  struct Slot {
    JoinKey key;
    std::int32_t number = 0;  ///< the entry and one; 0: nothing is here
  };
  void make_room(std::size_t keys);
  std::size_t place(const JoinKey& key, std::uint64_t hash) const noexcept;

  ZeroedArray<Slot> slots_;
  std::size_t mask_ = 0;
  std::vector<std::int32_t> entry_of_;  ///< of a row; -1: null
  std::vector<std::int32_t> counts_;    ///< rows of an entry
  std::vector<std::int32_t> begins_, listed_;
  std::int64_t rows_ = 0;
  bool unique_ = true;
};

}  // namespace evclean
