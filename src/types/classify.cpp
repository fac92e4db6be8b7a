// SPDX-License-Identifier: Apache-2.0
#include "classify.hpp"

#include <algorithm>
#include <array>

#include "digits.hpp"
#include "number_text.hpp"
#include "time_text.hpp"

namespace evclean {
namespace {

// The fourth byte of a truth word or of a weekday with its comma.
constexpr std::array<bool, 256> kFourthOfWord = bytes_of("eEsS,");

// What may follow the leading digits of a number or a time.
constexpr std::array<bool, 256> kAfterDigits = bytes_of(".eE-/ \t");

bool in(const std::array<bool, 256>& table, char c) noexcept { return table[static_cast<unsigned char>(c)]; }

/// Three groups of digits with points between, such as an address; dates of that form have a year of four digits.
bool is_dotted(const char* text, std::uint32_t length, std::uint32_t first_digits) noexcept {
  const std::uint32_t second = first_digits + 1;
  const std::uint32_t second_digits = leading_digits(load_eight(text + second));
  const std::uint32_t third = second + second_digits + 1;
  if (second_digits == 8 || third > length || text[third - 1] != '.') return false;
  const std::uint32_t third_digits = std::min(leading_digits(load_eight(text + third)), length - third);
  return first_digits > 2 || second_digits > 2 || third_digits != 4;
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

bool surely_string_within(const char* text, std::uint32_t length) noexcept {
  if (is_letter(*text)) return length < 4 || !in(kFourthOfWord, text[3]);
  if (!is_digit(*text)) return *text == '-' && (length == 1 || !is_digit(text[1]));
  const std::uint32_t digits = leading_digits(load_eight(text));
  if (digits == 8 || digits >= length) return false;
  return !in(kAfterDigits, text[digits]) || (text[digits] == '.' && is_dotted(text, length, digits));
}

ValueKind classify(std::string_view text, bool json_string) {
  text = trim_blanks(text);
  if (text.empty() || !in(kMayBeTyped, text.front())) return ValueKind::kString;
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
