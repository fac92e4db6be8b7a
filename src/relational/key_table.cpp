// SPDX-License-Identifier: Apache-2.0
#include "key_table.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace evclean {
namespace {

constexpr std::size_t kMinSlots = 1024;

}  // namespace

std::size_t KeyTable::place(const JoinKey& key, std::uint64_t hash) const noexcept {
  for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
    const Slot slot = slots_[at];
    if (slot == 0) return at;
    if (mark_in(slot) == mark_of(hash) && keys_[static_cast<std::size_t>(entry_in(slot))] == key) return at;
  }
}

/// Makes room so that at most half of the slots are taken with so many keys, and that a slot can name so many rows.
void KeyTable::make_room(std::size_t keys, std::size_t rows) {
  const std::size_t wanted = keys * 2;
  if (wanted <= slots_.size() && rows <= entry_bits_) return;
  std::size_t size = std::max(kMinSlots, slots_.size());
  while (size < wanted) size *= 2;
  ZeroedArray<Slot> old(size);
  old.swap(slots_);
  mask_ = size - 1;
  const Slot old_bits = std::exchange(
      entry_bits_, std::max(entry_bits_, static_cast<Slot>(std::bit_ceil(std::max(rows, kMinSlots) + 1) - 1)));
  for (const Slot slot : old) {
    if (slot == 0) continue;
    const Slot entry_plus = slot & old_bits;
    const std::uint64_t hash = keys_[entry_plus - 1].hash();
    std::size_t at = hash & mask_;
    while (slots_[at] != 0) at = (at + 1) & mask_;
    slots_[at] = mark_of(hash) | entry_plus;
  }
}

void KeyTable::reserve(std::int64_t rows) {
  make_room(static_cast<std::size_t>(rows), static_cast<std::size_t>(rows));
  keys_.reserve(static_cast<std::size_t>(rows));
  entry_of_.reserve(static_cast<std::size_t>(rows));
  counts_.reserve(static_cast<std::size_t>(rows));
}

void KeyTable::add(const std::vector<JoinKey>& keys) {
  EVCLEAN_CHECK(rows_ + static_cast<std::int64_t>(keys.size()) < INT32_MAX, "{} rows in one table", rows_);
  make_room(entries_ + keys.size(), keys_.size() + keys.size());
  keys_.insert(keys_.end(), keys.begin(), keys.end());
  counts_.resize(keys_.size());
  entry_of_.resize(keys_.size(), -1);
  for (std::size_t begin = 0; begin < keys.size(); begin += kBlock) {
    add_block(static_cast<std::size_t>(rows_) + begin, std::min(kBlock, keys.size() - begin));
  }
  rows_ += static_cast<std::int64_t>(keys.size());
}

/// In three sweeps, as find_block().
void KeyTable::add_block(std::size_t first, std::size_t count) {
  std::uint64_t hashes[kBlock];
  const JoinKey* const keys = keys_.data() + first;
  for (std::size_t i = 0; i < count; ++i) {
    hashes[i] = keys[i].hash();
    __builtin_prefetch(&slots_[hashes[i] & mask_], 1);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Slot slot = slots_[hashes[i] & mask_];
    if (slot != 0) __builtin_prefetch(&keys_[static_cast<std::size_t>(entry_in(slot))]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (keys[i].null()) continue;
    Slot& slot = slots_[place(keys[i], hashes[i])];
    if (slot == 0) {
      slot = mark_of(hashes[i]) | static_cast<Slot>(first + i + 1);
      ++entries_;
    }
    entry_of_[first + i] = entry_in(slot);
    unique_ = ++counts_[static_cast<std::size_t>(entry_in(slot))] == 1 && unique_;
  }
}

void KeyTable::finish() {
  make_room(1, 1);
  if (!unique_) list_rows();
  entry_of_ = {};
  counts_ = {};
}

void KeyTable::list_rows() {
  begins_.assign(counts_.size() + 1, 0);
  for (std::size_t entry = 0; entry < counts_.size(); ++entry) begins_[entry + 1] = begins_[entry] + counts_[entry];
  listed_.resize(static_cast<std::size_t>(begins_.back()));
  // The rows of an entry fill its list from the front: what is left of its count says how far it is.
  for (std::size_t row = 0; row < entry_of_.size(); ++row) {
    if (entry_of_[row] < 0) continue;
    const auto entry = static_cast<std::size_t>(entry_of_[row]);
    listed_[static_cast<std::size_t>(begins_[entry + 1] - counts_[entry]--)] = static_cast<std::int32_t>(row);
  }
}

/// In three sweeps, so that no slot and no key is waited for: hashes, slots, keys.
void KeyTable::find_block(const JoinKey* keys, std::size_t count, std::int32_t* entries) const {
  std::uint64_t hashes[kBlock];
  for (std::size_t i = 0; i < count; ++i) {
    hashes[i] = keys[i].hash();
    __builtin_prefetch(&slots_[hashes[i] & mask_]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t at = hashes[i] & mask_;
    while (slots_[at] != 0 && mark_in(slots_[at]) != mark_of(hashes[i])) at = (at + 1) & mask_;
    entries[i] = entry_in(slots_[at]);
    if (slots_[at] != 0) __builtin_prefetch(&keys_[static_cast<std::size_t>(entries[i])]);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (entries[i] < 0) continue;
    if (keys[i].null()) {
      entries[i] = -1;
    } else if (!(keys_[static_cast<std::size_t>(entries[i])] == keys[i])) {
      entries[i] = entry_in(slots_[place(keys[i], hashes[i])]);
    }
  }
}

void KeyTable::find(const std::vector<JoinKey>& keys, std::vector<std::int32_t>& entries) const {
  entries.resize(keys.size());
  for (std::size_t begin = 0; begin < keys.size(); begin += kBlock) {
    find_block(keys.data() + begin, std::min(kBlock, keys.size() - begin), entries.data() + begin);
  }
}

}  // namespace evclean
