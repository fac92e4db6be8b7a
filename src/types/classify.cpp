// SPDX-License-Identifier: Apache-2.0
#include "classify.hpp"

#include "digits.hpp"
#include "number_text.hpp"
#include "time_text.hpp"

namespace evclean {
namespace {

constexpr std::array<bool, 256> bytes_of(std::string_view bytes) {
  std::array<bool, 256> table{};
  for (const char c : bytes) table[static_cast<unsigned char>(c)] = true;
  return table;
}

ValueKind time_kind_of(std::string_view text) noexcept {
  TimeReading reading;
  return read_time(text, reading) ? time_kind(reading) : ValueKind::kString;
}

ValueKind truth_kind(std::string_view text) noexcept {
  bool truth = false;
  return parse_bool(text, truth) ? ValueKind::kBool : ValueKind::kString;
}

}  // namespace

// Digits and minus; the truth words; weekdays in any case (RFC 2822); blanks, which do not count.
constexpr std::array<bool, 256> kMayBeTyped = bytes_of("-0123456789 \ttTfFmMwWsS");

ValueKind classify(std::string_view text, bool json_string) {
  text = trim_blanks(text);
  if (text.empty() || !kMayBeTyped[static_cast<unsigned char>(text.front())]) return ValueKind::kString;
  if (!json_string) {
    const ValueKind kind = is_letter(text.front()) ? truth_kind(text) : number_kind(text);
    if (kind != ValueKind::kString) return kind;
  }
  return time_kind_of(text);
}

std::string_view cut_at_character(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > limit - 3 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  if ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) end = limit;  // no UTF-8 anyway
  return text.substr(0, end);
}

}  // namespace evclean
