// SPDX-License-Identifier: Apache-2.0
#include "transcode.hpp"

#include <algorithm>

#include "utf8.hpp"

namespace evclean {
namespace {

std::uint32_t unit_at(std::string_view bytes, std::size_t at, bool big_endian) {
  const std::uint32_t first = static_cast<unsigned char>(bytes[at]);
  const std::uint32_t second = static_cast<unsigned char>(bytes[at + 1]);
  return big_endian ? first << 8 | second : second << 8 | first;
}

bool is_high(std::uint32_t unit) { return (unit & 0xfc00) == 0xd800; }
bool is_low(std::uint32_t unit) { return (unit & 0xfc00) == 0xdc00; }

}  // namespace

Transcoded utf16_to_utf8(std::string_view bytes, bool big_endian, bool at_end, std::string& out) {
  Transcoded result;
  std::size_t& at = result.taken;
  const auto replace = [&](std::size_t taken) {
    out.append(kReplacement);
    ++result.replaced;
    at += taken;
  };
  while (bytes.size() - at >= 2) {
    const std::uint32_t unit = unit_at(bytes, at, big_endian);
    if (!is_high(unit) && !is_low(unit)) {
      append_utf8(unit, out);
      at += 2;
    } else if (is_high(unit) && bytes.size() - at < 4) {
      if (!at_end) return result;
      replace(2);
    } else if (is_high(unit) && is_low(unit_at(bytes, at + 2, big_endian))) {
      append_utf8(0x10000 + ((unit & 0x3ff) << 10) + (unit_at(bytes, at + 2, big_endian) & 0x3ff), out);
      at += 4;
    } else {
      replace(2);
    }
  }
  if (at_end && at < bytes.size()) replace(1);
  return result;
}

Transcoded latin1_to_utf8(std::string_view bytes, std::string& out) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto special = std::find_if(begin, bytes.end(), [](char byte) { return static_cast<signed char>(byte) < 0; });
    out.append(begin, special);
    at = static_cast<std::size_t>(special - bytes.begin());
    if (at < bytes.size()) append_utf8(static_cast<unsigned char>(bytes[at++]), out);
  }
  return {at, 0};
}

}  // namespace evclean
