// SPDX-License-Identifier: Apache-2.0
// Linear probing. A slot's place is the upper bits of the 32-bit hash it holds, so the table grows in one sweep without
// looking at keys.
#include "group_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "evclean/error.hpp"
#include "evclean/hash.hpp"

namespace evclean {
namespace {

constexpr int kFirstBits = 10;
constexpr std::size_t kHashedWords = 32;  ///< of a key; what follows goes through hash_bytes
constexpr std::size_t kAhead = 12;        ///< rows between touching a slot and using it

constexpr std::array<std::uint64_t, kHashedWords> make_factors() {
  std::array<std::uint64_t, kHashedWords> factors{};
  for (std::size_t i = 0; i < kHashedWords; ++i) factors[i] = mix64(i + 1) | 1;
  return factors;
}
constexpr auto kFactors = make_factors();

std::uint64_t load(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A word of zeros adds nothing, so a key hashes alike whatever its padding.
template <int kWords>
std::uint32_t hash_key(const char* key, std::size_t size) {
  std::uint64_t hash = 0;
  const std::size_t words = kWords > 0 ? static_cast<std::size_t>(kWords) : std::min(size / 8, kHashedWords);
  for (std::size_t i = 0; i < words; ++i) hash += fold(load(key + 8 * i), kFactors[i]);
  if (kWords == 0 && size > 8 * kHashedWords) hash += hash_bytes({key + 8 * kHashedWords, size - 8 * kHashedWords});
  hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ULL;
  return static_cast<std::uint32_t>(hash >> 32);
}

template <int kWords>
bool same_key(std::string_view known, const char* key, std::size_t size) {
  if constexpr (kWords == 0) {
    if (known.size() != size) return false;
    for (std::size_t at = 0; at < size; at += 8) {
      if (load(known.data() + at) != load(key + at)) return false;
    }
    return true;
  } else {
    std::uint64_t differs = 0;
    for (int i = 0; i < kWords; ++i) differs |= load(known.data() + 8 * i) ^ load(key + 8 * i);
    return differs == 0;
  }
}

}  // namespace

GroupTable::GroupTable(const KeyCodec& codec) : codec_(codec) { clear(); }

void GroupTable::clear() {
  size_ = 0;
  stride_ = kWord;
  bytes_ = {};
  begins_ = {};
  slots_ = ZeroedArray<std::uint64_t>(std::size_t{1} << kFirstBits);
  shift_ = 32 - kFirstBits;
}

std::int64_t GroupTable::memory_bytes() const {
  return static_cast<std::int64_t>(bytes_.capacity() + 8 * (begins_.capacity() + slots_.size()));
}

void GroupTable::fit(const KeyRows& keys) {
  if (keys.stride == 0) {
    let_lengths_differ();
  } else if (stride_ > 0 && keys.stride > stride_) {
    widen(keys.stride);
  }
  EVCLEAN_CHECK(stride_ == keys.stride, "keys of stride {} in a table of {}", keys.stride, stride_);
}

/// One stride while all keys are short, else each at its own length.
void GroupTable::lay_out(std::span<const std::string_view> keys, KeyRows& rows) const {
  std::size_t widest = std::max(kWord, stride_);
  for (const std::string_view key : keys) widest = std::max(widest, (key.size() + 7) / 8 * 8);
  const bool one_stride = stride_ > 0 && (widest <= KeyCodec::kWidestStride || widest == stride_);
  rows.rows = keys.size();
  rows.stride = one_stride ? widest : 0;
  rows.begins.assign(1, 0);
  rows.bytes.clear();
  for (const std::string_view key : keys) {
    const std::size_t size = one_stride ? widest : codec_.padded_size(key.data());
    rows.bytes.insert(rows.bytes.end(), key.begin(),
                      key.begin() + static_cast<std::ptrdiff_t>(std::min(size, key.size())));
    rows.bytes.resize(rows.begins.back() + size, 0);
    rows.begins.push_back(rows.bytes.size());
  }
}

void GroupTable::find_or_add(const KeyRows& keys, std::vector<std::uint32_t>& groups) {
  fit(keys);
  dispatch<true>(keys, groups);
}

std::uint32_t GroupTable::find_or_add(std::string_view key) {
  KeyRows keys;
  keys.rows = 1;
  keys.bytes.assign(key.begin(), key.end());
  if (stride_ > 0 && key.size() <= std::max(stride_, KeyCodec::kWidestStride)) {
    keys.stride = std::max(stride_, key.size());
    keys.bytes.resize(keys.stride);
  } else {
    keys.begins = {0, codec_.padded_size(keys.bytes.data())};
  }
  std::vector<std::uint32_t> groups;
  find_or_add(keys, groups);
  return groups[0];
}

void GroupTable::find(const KeyRows& keys, std::vector<std::uint32_t>& groups) {
  fit(keys);
  dispatch<false>(keys, groups);
}

template <bool kAdd>
void GroupTable::dispatch(const KeyRows& keys, std::vector<std::uint32_t>& groups) {
  switch (keys.stride) {
    case 8:
      return probe<1, kAdd>(keys, groups);
    case 16:
      return probe<2, kAdd>(keys, groups);
    case 24:
      return probe<3, kAdd>(keys, groups);
    case 32:
      return probe<4, kAdd>(keys, groups);
    default:
      return probe<0, kAdd>(keys, groups);
  }
}

template <int kWords, bool kAdd>
void GroupTable::probe(const KeyRows& keys, std::vector<std::uint32_t>& groups) {
  groups.resize(keys.rows);
  hashes_.resize(keys.rows + 2 * kAhead);
  for (std::size_t i = 0; i < keys.rows; ++i) hashes_[i] = hash_key<kWords>(keys.key(i), keys.size(i));
  for (std::size_t i = 0; i < keys.rows; ++i) {
    __builtin_prefetch(&slots_[hashes_[i + 2 * kAhead] >> shift_]);
    touch_key(slots_[hashes_[i + kAhead] >> shift_]);
    const std::uint64_t hash = hashes_[i];
    std::size_t at = hash >> shift_;
    for (;; at = (at + 1) & (slots_.size() - 1)) {
      const std::uint64_t slot = slots_[at];
      if (slot == 0) {
        groups[i] = kNone;
        if constexpr (kAdd) {
          groups[i] = static_cast<std::uint32_t>(size_);
          slots_[at] = hash << 32 | (size_ + 1);
          add(keys.key(i), keys.size(i));
        }
        break;
      }
      const auto group = static_cast<std::uint32_t>(slot) - 1;
      if (slot >> 32 == hash && same_key<kWords>(key(group), keys.key(i), keys.size(i))) {
        groups[i] = group;
        break;
      }
    }
  }
}

void GroupTable::add(const char* key, std::size_t size) {
  EVCLEAN_CHECK(size_ < kNone - 1, "too many groups in one table");
  bytes_.insert(bytes_.end(), key, key + size);
  if (stride_ == 0) begins_.push_back(bytes_.size());
  if (++size_ * 2 > slots_.size()) grow();
}

void GroupTable::grow() {
  EVCLEAN_CHECK(shift_ > 1, "too many groups in one table");
  shift_ -= shift_ > 12 ? 2 : 1;  // small tables grow faster
  ZeroedArray<std::uint64_t> wider(std::size_t{1} << (32 - shift_));
  for (const std::uint64_t slot : slots_) {
    if (slot == 0) continue;
    std::size_t at = slot >> 32 >> shift_;
    while (wider[at] != 0) at = (at + 1) & (wider.size() - 1);
    wider[at] = slot;
  }
  slots_ = std::move(wider);
}

void GroupTable::widen(std::size_t stride) {
  std::vector<char> wider(size_ * stride);
  for (std::size_t g = 0; g < size_; ++g) std::memcpy(wider.data() + g * stride, bytes_.data() + g * stride_, stride_);
  bytes_ = std::move(wider);
  stride_ = stride;
}

void GroupTable::let_lengths_differ() {
  if (stride_ == 0) return;
  std::vector<char> bytes;
  begins_.assign(1, 0);
  for (std::size_t g = 0; g < size_; ++g) {
    const char* key = bytes_.data() + g * stride_;
    bytes.insert(bytes.end(), key, key + codec_.padded_size(key));
    begins_.push_back(bytes.size());
  }
  bytes_ = std::move(bytes);
  stride_ = 0;
}

}  // namespace evclean
