// SPDX-License-Identifier: Apache-2.0
// Finds the rows that have a key: open addressing over small slots, so that as many as possible stay in the caches;
// keys lie in the order of their rows. A batch is looked up at a time: slots, then keys, are on their way from memory
// while others are compared. Local.
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
  /// The rows of an entry that find() gave (not to be called when unique, no more than prefetch_rows_of).
  std::span<const std::int32_t> rows_of(std::int32_t entry) const noexcept {
    const auto begin = static_cast<std::size_t>(begins_[static_cast<std::size_t>(entry)]);
    return {listed_.data() + begin, static_cast<std::size_t>(begins_[static_cast<std::size_t>(entry) + 1]) - begin};
  }
  void prefetch_rows_of(std::int32_t entry) const noexcept {
    if (entry >= 0) __builtin_prefetch(&begins_[static_cast<std::size_t>(entry)]);
  }
  /// What a row costs at most in a finished table.
  static constexpr std::int64_t kBytesPerRow = 4 * 4 + 24 + 4 * 4;

 private:
  /// Lower bits, as many as rows need: the entry and one; upper: a part of the hash; 0: nothing is here. An entry is
  /// the first row of its key.
  using Slot = std::uint32_t;
  static constexpr std::size_t kBlock = 256;  ///< keys that are looked up together
  std::int32_t entry_in(Slot slot) const noexcept { return static_cast<std::int32_t>(slot & entry_bits_) - 1; }
  Slot mark_in(Slot slot) const noexcept { return slot & ~entry_bits_; }
  Slot mark_of(std::uint64_t hash) const noexcept { return static_cast<Slot>(hash >> 32) & ~entry_bits_; }
  void make_room(std::size_t keys, std::size_t rows);
  /// The slot of a key, or the empty one where it would be.
  std::size_t place(const JoinKey& key, std::uint64_t hash) const noexcept;
  void list_rows();
  void add_block(std::size_t first, std::size_t count);
  void find_block(const JoinKey* keys, std::size_t count, std::int32_t* entries) const;

  ZeroedArray<Slot> slots_;
  std::size_t mask_ = 0;
  Slot entry_bits_ = 0;                 ///< of a slot
  std::vector<JoinKey> keys_;           ///< of all rows
  std::vector<std::int32_t> entry_of_;  ///< of a row; -1: null
  std::vector<std::int32_t> counts_;    ///< rows of an entry
  std::vector<std::int32_t> begins_, listed_;
  std::size_t entries_ = 0;
  std::int64_t rows_ = 0;
  bool unique_ = true;
};

}  // namespace evclean
