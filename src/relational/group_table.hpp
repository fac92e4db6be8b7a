// SPDX-License-Identifier: Apache-2.0
// A hash table from encoded keys to dense numbers 0, 1, 2, … in the order of first appearance. Short keys lie side by
// side at one stride; once a longer one comes, all keys have lengths of their own. Local.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "evclean/zeroed_array.hpp"
#include "key_codec.hpp"

namespace evclean {

class GroupTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// Lifetime: the codec must live as long.
  explicit GroupTable(const KeyCodec& codec);

  /// Encodes rows as find_or_add and find want them.
  void encode(const Batch& batch, std::int64_t first, std::int64_t count, KeyRows& keys) const {
    codec_.encode(batch, first, count, keys, stride_, stride_ == 0);
  }
  /// Lays keys out as find_or_add and find want them: whole keys, padded or not.
  void lay_out(std::span<const std::string_view> keys, KeyRows& rows) const;
  /// Numbers of the keys' groups, one a row; unknown keys become groups.
  void find_or_add(const KeyRows& keys, std::vector<std::uint32_t>& groups);
  std::uint32_t find_or_add(std::string_view key);
  /// The same, but an unknown key has kNone.
  void find(const KeyRows& keys, std::vector<std::uint32_t>& groups);

  std::size_t size() const { return size_; }
  std::size_t stride() const { return stride_; }  ///< bytes of each key; 0: they differ
  std::string_view key(std::size_t group) const {
    if (stride_ > 0) return {bytes_.data() + group * stride_, stride_};
    return {bytes_.data() + begins_[group], begins_[group + 1] - begins_[group]};
  }
  std::int64_t memory_bytes() const;
  void clear();

 private:
  static constexpr std::size_t kWord = 8;

  /// Sends for the key that a slot most probably means.
  void touch_key(std::uint64_t slot) const {
    const std::uint32_t group = slot == 0 ? 0 : static_cast<std::uint32_t>(slot) - 1;
    if (stride_ > 0) __builtin_prefetch(bytes_.data() + group * stride_);
  }
  template <int kWords, bool kAdd>
  void probe(const KeyRows& keys, std::vector<std::uint32_t>& groups);
  template <bool kAdd>
  void dispatch(const KeyRows& keys, std::vector<std::uint32_t>& groups);
  void add(const char* key, std::size_t size);
  void grow();
  void fit(const KeyRows& keys);
  void widen(std::size_t stride);
  void let_lengths_differ();

  const KeyCodec& codec_;
  std::size_t size_ = 0;
  std::size_t stride_ = kWord;         ///< of all keys; 0: they differ
  std::vector<char> bytes_;            ///< keys
  std::vector<std::uint64_t> begins_;  ///< when they differ
  ZeroedArray<std::uint64_t> slots_;   ///< upper half: hash; lower: group + 1; 0: empty
  int shift_;                          ///< a hash's slot: its upper bits
  std::vector<std::uint32_t> hashes_;  ///< of the rows at hand
};

}  // namespace evclean
