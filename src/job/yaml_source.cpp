// SPDX-License-Identifier: Apache-2.0
#include "yaml_source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace evclean::job {

namespace {

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// Length of the well-formed UTF-8 character at the front, or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues_character(text[i])) return 0;
  }
  // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

bool is_refused_control(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return (code < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || code == 0x7F;
}

}  // namespace

JobPlace YamlSource::place(std::size_t offset) {
  offset = std::min(offset, text_.size());
  if (offset < last_offset_) step_back(offset);
  for (; last_offset_ < offset; ++last_offset_) {
    const char byte = text_[last_offset_];
    if (byte == '\n') {
      last_ = {last_.line + 1, 1};
    } else if (!continues_character(byte)) {
      ++last_.column;
    }
  }
  return last_;
}

/// Goes back to the begin of the line that holds `offset`: marks step back by a token at times, never to the front.
void YamlSource::step_back(std::size_t offset) {
  const std::size_t begin = line_begin(offset);
  const std::string_view passed = text_.substr(begin, last_offset_ - begin);
  last_.line -= static_cast<int>(std::count(passed.begin(), passed.end(), '\n'));
  last_.column = 1;
  last_offset_ = begin;
}

std::string_view YamlSource::from(std::size_t offset) const { return text_.substr(std::min(offset, text_.size())); }

std::size_t YamlSource::line_begin(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  if (offset == 0) return 0;
  const std::size_t newline = text_.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

std::string_view YamlSource::line_of(std::size_t offset) const {
  const std::string_view rest = from(line_begin(offset));
  std::string_view line = rest.substr(0, rest.find('\n'));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

std::optional<std::size_t> YamlSource::dash_before(std::size_t offset) const {
  std::string_view before = text_.substr(0, std::min(offset, text_.size()));
  while (true) {
    const std::size_t last = before.find_last_not_of(" \t\r\n");
    if (last == std::string_view::npos) return std::nullopt;
    if (before[last] == '-') return last;
    before = before.substr(0, last + 1);
    // A comment may stand between.
    const std::size_t line = before.rfind('\n') + 1;  // npos + 1 is 0
    const std::size_t sign = before.find('#', line);
    if (sign == std::string_view::npos) return std::nullopt;
    before = before.substr(0, sign);
  }
}

std::optional<BadByte> find_bad_byte(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (is_refused_control(text[at])) {
      const auto code = static_cast<unsigned char>(text[at]);
      return BadByte{at, fmt::format("byte 0x{:02x} cannot stand in a job file: is this a text file?", code)};
    }
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return BadByte{at, "not UTF-8 from here on: save the job file as UTF-8"};
    at += length;
  }
  return std::nullopt;
}

std::optional<std::size_t> find_long_line(std::string_view text) {
  constexpr std::size_t kMostLineBytes = 1 << 20;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > kMostLineBytes) return begin;
    begin = end + 1;
  }
  return std::nullopt;
}

bool opens_too_much(std::string_view text) {
  constexpr std::int64_t kMostOpen = 100'000;
  std::int64_t open = 0;
  for (const char byte : text) {
    if (byte == '[' || byte == '{') ++open;
    if ((byte == ']' || byte == '}') && open > 0) --open;
    if (open > kMostOpen) return true;
  }
  return false;
}

bool quote_is_closed(std::string_view text, std::size_t offset) {
  const char quote = text[offset];
  for (std::size_t at = offset + 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote != '\'' || at + 1 >= text.size() || text[at + 1] != '\'') return true;
      ++at;
    }
  }
  return false;
}

}  // namespace evclean::job
