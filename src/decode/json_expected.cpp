// SPDX-License-Identifier: Apache-2.0
#include "json_expected.hpp"

#include <algorithm>

namespace evclean {
namespace {

/// More pairs than this are not compared with one another.
constexpr std::size_t kMaxPairs = 64;

std::uint64_t lowest_bytes(std::size_t bytes) {
  return bytes >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * bytes)) - 1;
}

ExpectedPair expect_pair(std::uint32_t index, const JsonKey& key, const std::string& raw) {
  ExpectedPair pair;
  const std::string written = '"' + raw + ':';
  pair.size = static_cast<std::uint32_t>(written.size());
  pair.key = index;
  pair.column = static_cast<std::size_t>(key.column);
  const std::size_t head = std::min(written.size(), ExpectedPair::kHeadBytes);
  std::memcpy(pair.head, written.data(), head);
  pair.mask[0] = lowest_bytes(head);
  pair.mask[1] = lowest_bytes(std::max<std::size_t>(head, 8) - 8);
  pair.rest = written.substr(head);
  return pair;
}

}  // namespace

bool ExpectedPairs::holds(std::uint32_t key) const {
  return std::any_of(pairs_.begin(), pairs_.end(), [&](const ExpectedPair& pair) { return pair.key == key; });
}

void ExpectedPairs::learn(JsonKeys& keys, std::size_t count, std::uint64_t record) {
  pairs_.clear();
  if (count > kMaxPairs) return;
  std::uint32_t index = keys.node(0).first;
  for (std::size_t i = 0; i < count; ++i) {
    const bool known = index < keys.key_count() && !holds(index);
    if (!known || keys.key(index).node != 0 || keys.key(index).seen_in != record || keys.key(index).column < 0 ||
        keys.key(index).shared) {
      pairs_.clear();
      return;
    }
    pairs_.push_back(expect_pair(index, keys.key(index), keys.text(index).raw));
    index = keys.key(index).next;
  }
}

}  // namespace evclean
