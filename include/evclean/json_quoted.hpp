// SPDX-License-Identifier: Apache-2.0
// Text in JSON's quotes, for small files.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace evclean {

inline std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace evclean
