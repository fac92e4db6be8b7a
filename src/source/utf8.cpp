// SPDX-License-Identifier: Apache-2.0
#include "utf8.hpp"

#include <algorithm>

namespace evclean {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

bool is_continuation(unsigned byte) { return (byte & 0xc0) == 0x80; }

/// Bytes of a character that begins with `lead`; 0: no character begins so.
std::size_t length_of(unsigned lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/// Whether `second` may follow `lead` (no overlong forms, no surrogates, nothing above U+10FFFF).
bool fits_second(unsigned lead, unsigned second) {
  switch (lead) {
    case 0xe0:
      return second >= 0xa0 && second <= 0xbf;
    case 0xed:
      return second >= 0x80 && second <= 0x9f;
    case 0xf0:
      return second >= 0x90 && second <= 0xbf;
    case 0xf4:
      return second >= 0x80 && second <= 0x8f;
    default:
      return is_continuation(second);
  }
}

/// Bytes of `text`'s first character that fit together; `*whole` tells whether they make a character.
std::size_t fitting_bytes(std::string_view text, bool* whole) {
  const unsigned lead = byte_at(text, 0);
  const std::size_t length = length_of(lead);
  std::size_t fitting = 1;
  while (fitting < length && fitting < text.size()) {
    const unsigned next = byte_at(text, fitting);
    if (fitting == 1 ? !fits_second(lead, next) : !is_continuation(next)) break;
    ++fitting;
  }
  *whole = length > 0 && fitting == length;
  return fitting;
}

}  // namespace

std::size_t scalar_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    bool whole = true;
    const std::size_t bytes = byte_at(text, at) < 0x80 ? 1 : fitting_bytes(text.substr(at), &whole);
    if (!whole) break;
    at += bytes;
  }
  return at;
}

BadSequence bad_sequence(std::string_view text) {
  bool whole = false;
  const std::size_t fitting = fitting_bytes(text, &whole);
  return {fitting, fitting == text.size() && length_of(byte_at(text, 0)) > fitting};
}

std::size_t repair_utf8(std::string_view text, bool at_end, std::string& out, std::vector<Utf8Repair>& repairs) {
  std::size_t at = 0;
  while (at < text.size()) {
    // Between close neighbours the scan's set-up would dominate: look at a few characters by hand first.
    const std::string_view near = text.substr(at, 64);
    std::size_t good = scalar_prefix(near);
    if (good + 4 > near.size()) good = scan_utf8(text.substr(at)).valid_bytes;
    out.append(text, at, good);
    at += good;
    if (at == text.size()) break;
    const BadSequence bad = bad_sequence(text.substr(at));
    if (bad.incomplete && !at_end) break;
    repairs.push_back({out.size(), bad.length});
    out.append(kReplacement);
    at += bad.length;
  }
  return at;
}

std::int64_t count_nul(std::string_view text) { return std::count(text.begin(), text.end(), '\0'); }

void append_utf8(std::uint32_t character, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xc0 | character >> 6);
    put(0x80 | (character & 0x3f));
  } else if (character < 0x10000) {
    put(0xe0 | character >> 12);
    put(0x80 | (character >> 6 & 0x3f));
    put(0x80 | (character & 0x3f));
  } else {
    put(0xf0 | character >> 18);
    put(0x80 | (character >> 12 & 0x3f));
    put(0x80 | (character >> 6 & 0x3f));
    put(0x80 | (character & 0x3f));
  }
}

#ifndef __AVX2__
Utf8Scan scan_utf8(std::string_view text) {
  const std::size_t valid = scalar_prefix(text);
  return {valid, text.find('\0') != std::string_view::npos};
}
#endif

}  // namespace evclean
