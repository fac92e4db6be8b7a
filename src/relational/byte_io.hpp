// SPDX-License-Identifier: Apache-2.0
// Numbers and texts in strings of bytes, for what travels or waits between ranks of one run.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace evclean {

template <typename T>
void put_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Seven bits a byte, small numbers first; whole numbers that are mostly small.
inline void put_count(std::string& out, std::uint64_t value) {
  char bytes[10];
  int size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes, static_cast<std::size_t>(size));
}

inline void put_text(std::string& out, std::string_view text) {
  put_count(out, text.size());
  out.append(text);
}

struct ByteReader {
  const char* at;

  template <typename T>
  T raw() {
    T value;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    return value;
  }
  std::uint64_t count() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at++);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  std::string_view text() {
    const std::size_t size = count();
    const std::string_view text(at, size);
    at += size;
    return text;
  }
};

}  // namespace evclean
