// SPDX-License-Identifier: Apache-2.0
#include "json_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace evclean {

void JsonText::separate() {
  if (!fresh_) out_ += ',';
  fresh_ = false;
}

JsonText& JsonText::open(char begin, char close) {
  separate();
  out_ += begin;
  open_.push_back(close);
  fresh_ = true;
  return *this;
}

JsonText& JsonText::end() {
  out_ += open_.back();
  open_.pop_back();
  fresh_ = false;
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  value(name);
  out_ += ':';
  fresh_ = true;
  return *this;
}

JsonText& JsonText::value(std::string_view text) {
  separate();
  out_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte < 0x20 || byte == 0x7f || c == '<') {
      // '<' too: a report may end up inside a page.
      fmt::format_to(std::back_inserter(out_), "\\u{:04x}", byte);
    } else {
      out_ += c;
    }
  }
  out_ += '"';
  return *this;
}

JsonText& JsonText::value(std::int64_t number) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", number);
  return *this;
}

JsonText& JsonText::value(double number) {
  separate();
  out_ += std::isfinite(number) ? fmt::format("{:.6g}", number) : "null";
  return *this;
}

JsonText& JsonText::value(bool flag) {
  separate();
  out_ += flag ? "true" : "false";
  return *this;
}

}  // namespace evclean
