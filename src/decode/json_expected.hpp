// SPDX-License-Identifier: Apache-2.0
// The pairs that a flat record is expected to hold, because the one before did: keys in the same order, each leading to
// a column of its own. A key that stands where it is expected costs one comparison, with its quotes and its colon.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "json_keys.hpp"

namespace evclean {

struct ExpectedPair {
  static constexpr std::size_t kHeadBytes = 16;

  std::uint64_t head[2] = {0, 0};  ///< the first bytes of `"key":` as written
  std::uint64_t mask[2] = {0, 0};  ///< which of them count
  std::uint32_t size = 0;          ///< bytes of `"key":`
  std::uint32_t key = kNoKey;
  std::size_t column = 0;
  std::string rest;  ///< what is behind the head

  /// Whether `"key":` stands at `text`, of which kHeadBytes are readable; `size` bytes lie up to a colon there.
  bool stands_at(const char* text, std::size_t text_size) const {
    std::uint64_t found[2];
    std::memcpy(found, text, sizeof found);
    const std::uint64_t differ = ((found[0] ^ head[0]) & mask[0]) | ((found[1] ^ head[1]) & mask[1]);
    if (differ != 0 || text_size != size) return false;
    return rest.empty() || std::memcmp(text + kHeadBytes, rest.data(), rest.size()) == 0;
  }
};

class ExpectedPairs {
 public:
  void clear() { pairs_.clear(); }
  std::size_t size() const noexcept { return pairs_.size(); }
  const ExpectedPair& operator[](std::size_t i) const noexcept { return pairs_[i]; }

  /// Takes over the record just read: `count` keys of the outermost object, in the order that `keys` expects them.
  /// Expects nothing when that is not all of the record, or when two keys share a column.
  void learn(JsonKeys& keys, std::size_t count, std::uint64_t record);

 private:
  bool holds(std::uint32_t key) const;

  std::vector<ExpectedPair> pairs_;
};

}  // namespace evclean
