// SPDX-License-Identifier: Apache-2.0
// Numbers as compressed formats store them.
#pragma once

#include <cstdint>
#include <string_view>

namespace evclean {

/// All of `bytes` (up to eight) as one number, the lowest byte first.
inline std::int64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<std::int64_t>(value);
}

}  // namespace evclean
