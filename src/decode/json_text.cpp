// SPDX-License-Identifier: Apache-2.0
#include "json_text.hpp"

#include <cstring>

#include "is_digit.hpp"

namespace evclean {

namespace {

/// Moves over digits; false when there is none.
bool digits(const char*& at, const char* end) {
  const char* const begin = at;
  while (at < end && is_digit(*at)) ++at;
  return at > begin;
}

/// Four hex digits; -1 when they are not.
int hex4(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    const char lower = static_cast<char>(c | 0x20);
    if (!is_digit(c) && !(lower >= 'a' && lower <= 'f')) return -1;
    value = value * 16 + (is_digit(c) ? c - '0' : lower - 'a' + 10);
  }
  return value;
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (code >> 18)));
    out.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

}  // namespace

bool unescape_unicode(const char*& at, const char* end, std::string& out, std::int64_t& lone_surrogates) {
  const int first = hex4(at, end);
  if (first < 0) return false;
  at += 4;
  auto code = static_cast<std::uint32_t>(first);
  if (code >= 0xD800 && code < 0xE000) {
    const int low = code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? hex4(at + 2, end) : -1;
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<std::uint32_t>(low) - 0xDC00);
      at += 6;
    } else {
      code = 0xFFFD;
      ++lone_surrogates;
    }
  }
  append_utf8(out, code);
  return true;
}

bool is_json_number_slow(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at < end && *at == '-') ++at;
  const char* const first = at;
  if (!digits(at, end) || (*first == '0' && at - first > 1)) return false;
  if (at == end) return true;
  if (*at == '.' && !digits(++at, end)) return false;
  if (at < end && (*at | 0x20) == 'e') {
    ++at;
    if (at < end && (*at == '+' || *at == '-')) ++at;
    if (!digits(at, end)) return false;
  }
  return at == end;
}

bool unescape_json(std::string_view raw, std::string& out, std::int64_t& lone_surrogates) {
  static constexpr char kFrom[] = "\"\\/bfnrt";
  static constexpr char kTo[] = "\"\\/\b\f\n\r\t";
  const char* at = raw.data();
  const char* const end = at + raw.size();
  while (at < end) {
    const void* found = std::memchr(at, '\\', static_cast<std::size_t>(end - at));
    const char* const stop = found == nullptr ? end : static_cast<const char*>(found);
    out.append(at, stop);
    if (stop == end) return true;
    if (stop + 1 == end) return false;
    at = stop + 2;
    if (stop[1] == 'u') {
      if (!unescape_unicode(at, end, out, lone_surrogates)) return false;
      continue;
    }
    const char* const known = stop[1] == '\0' ? nullptr : std::strchr(kFrom, stop[1]);
    if (known == nullptr) return false;
    out.push_back(kTo[known - kFrom]);
  }
  return true;
}

const char* json_kind(char first) {
  switch (first) {
    case '[':
      return "an array";
    case '"':
      return "a string";
    case 't':
    case 'f':
      return "a boolean";
    case 'n':
      return "null";
    default:
      return (first >= '0' && first <= '9') || first == '-' ? "a number" : "no JSON";
  }
}

}  // namespace evclean
