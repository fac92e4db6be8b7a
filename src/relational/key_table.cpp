// SPDX-License-Identifier: Apache-2.0
#include "key_table.hpp"

#include <algorithm>

namespace evclean {
namespace {

constexpr std::size_t kAhead = 12;  ///< slots on their way while one is compared (measured)
constexpr std::size_t kMinSlots = 1024;

}  // namespace

std::size_t KeyTable::place(const JoinKey& key, std::uint64_t hash) const noexcept {
  std::size_t at = hash & mask_;
  while (slots_[at].number > 0 && !(slots_[at].key == key)) at = (at + 1) & mask_;
  return at;
}

/// Makes room so that at most half of the slots are taken with so many keys.
void KeyTable::make_room(std::size_t keys) {
  const std::size_t wanted = keys * 2;
  if (wanted <= slots_.size()) return;
  std::size_t size = std::max(kMinSlots, slots_.size());
  while (size < wanted) size *= 2;
  ZeroedArray<Slot> old(size);
  old.swap(slots_);
  mask_ = size - 1;
  for (const Slot& slot : old) {
    if (slot.number > 0) slots_[place(slot.key, slot.key.hash())] = slot;
  }
}

void KeyTable::reserve(std::int64_t rows) {
  make_room(static_cast<std::size_t>(rows));
  entry_of_.reserve(static_cast<std::size_t>(rows));
  counts_.reserve(static_cast<std::size_t>(rows));
}

void KeyTable::add(const std::vector<JoinKey>& keys) {
  EVCLEAN_CHECK(rows_ + static_cast<std::int64_t>(keys.size()) < INT32_MAX, "{} rows in one table", rows_);
  make_room(counts_.size() + keys.size());
  std::vector<std::uint64_t> hashes(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) hashes[i] = keys[i].hash();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i + kAhead < keys.size()) __builtin_prefetch(&slots_[hashes[i + kAhead] & mask_], 1);
    if (keys[i].null()) {
      entry_of_.push_back(-1);
      continue;
    }
    Slot& slot = slots_[place(keys[i], hashes[i])];
    if (slot.number == 0) {
      counts_.push_back(0);
      slot = {keys[i], static_cast<std::int32_t>(counts_.size())};
    }
    entry_of_.push_back(slot.number - 1);
    unique_ = ++counts_[static_cast<std::size_t>(slot.number - 1)] == 1 && unique_;
  }
  rows_ += static_cast<std::int64_t>(keys.size());
}

void KeyTable::finish() {
  make_room(1);
  begins_.assign(counts_.size() + 1, 0);
  for (std::size_t entry = 0; entry < counts_.size(); ++entry) begins_[entry + 1] = begins_[entry] + counts_[entry];
  listed_.resize(static_cast<std::size_t>(begins_.back()));
  std::vector<std::int32_t> next(begins_.begin(), begins_.end() - 1);
  for (std::size_t row = 0; row < entry_of_.size(); ++row) {
    if (entry_of_[row] < 0) continue;
    listed_[static_cast<std::size_t>(next[static_cast<std::size_t>(entry_of_[row])]++)] =
        static_cast<std::int32_t>(row);
  }
  if (unique_) {
    for (Slot& slot : slots_) {
      if (slot.number > 0) slot.number = listed_[static_cast<std::size_t>(slot.number - 1)] + 1;
    }
  }
  entry_of_ = {};
  counts_ = {};
}

void KeyTable::find(const std::vector<JoinKey>& keys, std::vector<std::int32_t>& entries) const {
  constexpr std::size_t kBlock = 1024;
  entries.resize(keys.size());
  std::uint64_t hashes[kBlock];
  for (std::size_t begin = 0; begin < keys.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, keys.size() - begin);
    for (std::size_t i = 0; i < count; ++i) hashes[i] = keys[begin + i].hash();
    for (std::size_t i = 0; i < std::min(kAhead, count); ++i) __builtin_prefetch(&slots_[hashes[i] & mask_]);
    for (std::size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) __builtin_prefetch(&slots_[hashes[i + kAhead] & mask_]);
      const JoinKey& key = keys[begin + i];
      // An empty slot has the number 0: no match.
      entries[begin + i] = key.null() ? -1 : slots_[place(key, hashes[i])].number - 1;
    }
  }
}

}  // namespace evclean
