// SPDX-License-Identifier: Apache-2.0
// The keys of JSON objects seen so far, as a tree: which column or which nested object a key leads to, and which key
// is likely to follow it. Records of one kind repeat their keys in one order, so a key is found by one comparison.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace evclean {

inline constexpr std::uint32_t kNoKey = UINT32_MAX;

/// A key of one object, as far as every record needs it.
struct alignas(64) JsonKey {
  static constexpr std::size_t kHeadBytes = 16;

  std::uint32_t node = 0;       ///< the object it stands in
  std::uint32_t next = kNoKey;  ///< the key that followed it last
  std::int32_t column = -1;     ///< where its scalars go; -1: none seen yet
  std::int32_t child = -1;      ///< the object it opens; -1: none seen yet
  std::uint64_t seen_in = 0;    ///< number of the record that had it last
  std::uint32_t size = 0;       ///< bytes as written, closing quote included
  bool shared = false;          ///< another key leads to the same column (`a.b` beside b inside a)
  char head[kHeadBytes] = {};   ///< the first bytes as written
};

/// The rest of a key.
struct JsonKeyText {
  std::string raw;                 ///< as written, with the closing quote
  std::string name;                ///< dotted and unescaped
  std::uint32_t sibling = kNoKey;  ///< the key of this object that was new before it
};

struct JsonNode {
  std::string prefix;             ///< dotted name and a dot; empty for the record itself
  std::uint32_t first = kNoKey;   ///< the key an object began with last
  std::uint32_t keys = kNoKey;    ///< newest key, chained by sibling
  std::uint32_t parent = kNoKey;  ///< the key that opens it
  std::uint64_t seen_in = 0;
};

class JsonKeys {
 public:
  JsonKeys() { clear(); }
  void clear();

  JsonKey& key(std::uint32_t index) { return keys_[index]; }
  const JsonKeyText& text(std::uint32_t index) const { return texts_[index]; }
  JsonNode& node(std::uint32_t index) { return nodes_[index]; }
  std::size_t key_count() const { return keys_.size(); }

  /// The key of `node` written at `text` (behind its opening quote): expected after key `before` (kNoKey: first in the
  /// object), else looked up; kNoKey when unknown. `size`: bytes up to and with the closing quote.
  std::uint32_t find(std::uint32_t node, std::uint32_t before, const char* text, std::size_t size) {
    const std::uint32_t guess = before == kNoKey ? nodes_[node].first : keys_[before].next;
    if (matches(guess, node, text, size)) return guess;
    return find_slowly(node, before, guess, text, size);
  }
  /// Lets `key` be the one expected after `before`.
  void expect(std::uint32_t node, std::uint32_t before, std::uint32_t key);
  /// Adds a key; `value` is its unescaped text.
  std::uint32_t add(std::uint32_t node, std::uint32_t before, std::string_view raw, std::string_view value);
  /// The object that a key opens.
  std::uint32_t child_of(std::uint32_t key);
  /// Marks all keys of a column as sharing it.
  void share_column(std::int32_t column);

  struct Mark {
    std::size_t keys;
    std::size_t nodes;
  };
  Mark mark() const { return {keys_.size(), nodes_.size()}; }
  /// Forgets keys and objects added since.
  void roll_back(Mark mark);

 private:
  /// At least kHeadBytes are readable at `text`.
  bool matches(std::uint32_t index, std::uint32_t node, const char* text, std::size_t size) const {
    if (index >= keys_.size()) return false;
    const JsonKey& key = keys_[index];
    if (key.node != node || key.size != size) return false;
    if (size > JsonKey::kHeadBytes) return std::memcmp(texts_[index].raw.data(), text, size) == 0;
    std::uint64_t low[2];
    std::uint64_t high[2];
    std::memcpy(low, text, sizeof low);
    std::memcpy(high, key.head, sizeof high);
    const std::uint64_t first = size >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * size)) - 1;
    const std::uint64_t second = size >= 16  ? ~std::uint64_t{0}
                                 : size <= 8 ? 0
                                             : (std::uint64_t{1} << (8 * size - 64)) - 1;
    return (((low[0] ^ high[0]) & first) | ((low[1] ^ high[1]) & second)) == 0;
  }
  std::uint32_t find_slowly(std::uint32_t node, std::uint32_t before, std::uint32_t guess, const char* text,
                            std::size_t size);
  /// Where a key may be found without a hash of all its bytes; `text` as for matches().
  static std::size_t recent_slot(std::uint32_t node, const char* text, std::size_t size) {
    std::uint64_t head = 0;
    std::memcpy(&head, text, sizeof head);
    if (size < 8) head &= (std::uint64_t{1} << (8 * size)) - 1;
    return ((head ^ size ^ (std::uint64_t{node} << 32)) * 0x9E3779B97F4A7C15ull) >> 56;
  }
  static std::string map_key(std::uint32_t node, std::string_view raw);

  std::vector<JsonKey> keys_;
  std::vector<JsonKeyText> texts_;
  std::vector<JsonNode> nodes_;
  std::unordered_map<std::string, std::uint32_t> by_text_;
  std::array<std::uint32_t, 256> recent_{};  ///< keys found lately that were not expected, by recent_slot()
};

}  // namespace evclean
