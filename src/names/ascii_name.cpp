// SPDX-License-Identifier: Apache-2.0
#include "ascii_name.hpp"

#include <utf8proc.h>

#include <vector>

namespace evclean::names {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::vector<utf8proc_int32_t> decomposed(std::string_view name) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(name.data());
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
  const auto length = static_cast<utf8proc_ssize_t>(name.size());
  const utf8proc_ssize_t needed = utf8proc_decompose(bytes, length, nullptr, 0, options);
  if (needed < 0) return {};
  std::vector<utf8proc_int32_t> points(static_cast<std::size_t>(needed));
  utf8proc_decompose(bytes, length, points.data(), needed, options);
  return points;
}

}  // namespace

std::string without_marks(std::string_view name) {
  const auto points = decomposed(name);
  if (points.empty()) return std::string(name);
  std::string out;
  for (const utf8proc_int32_t point : points) {
    if (utf8proc_category(point) == UTF8PROC_CATEGORY_MN) continue;
    utf8proc_uint8_t bytes[4];
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(utf8proc_encode_char(point, bytes)));
  }
  return out;
}

std::string with_split_humps(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i > 0 && is_upper(name[i])) {
      const bool after_word = is_lower(name[i - 1]) || is_digit(name[i - 1]);
      const bool ends_acronym = is_upper(name[i - 1]) && i + 1 < name.size() && is_lower(name[i + 1]);
      if (after_word || ends_acronym) out += '_';
    }
    out += name[i];
  }
  return out;
}

std::string with_plain_characters(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (is_upper(c) || is_lower(c) || is_digit(c)) {
      out += c;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
  }
  if (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

std::string lower_case(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = is_upper(c) ? static_cast<char>(c + 32) : c;
  return out;
}

}  // namespace evclean::names
