// SPDX-License-Identifier: Apache-2.0
// Sorts encoded keys, eight bytes at a time. Local.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace evclean {

/// A padded key on its way through a sort. Lifetime: points at the key.
struct KeyRef {
  std::uint64_t word = 0;  ///< the sort's own: the eight bytes it looks at
  const char* key = nullptr;
  std::uint32_t size = 0;
  std::uint32_t index = 0;  ///< the caller's

  std::string_view view() const { return {key, size}; }
};

/// Sorts by key bytes. Equal keys end up side by side in any order.
void sort_keys(std::vector<KeyRef>& refs);

/// Keeps the `count` smallest, in any order. Needs count <= refs.size().
void keep_smallest(std::vector<KeyRef>& refs, std::size_t count);

}  // namespace evclean
