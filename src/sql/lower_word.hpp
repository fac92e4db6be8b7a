// SPDX-License-Identifier: Apache-2.0
// Words as SQL compares them.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace evclean::sql {

inline std::string lower_word(std::string_view word) {
  std::string text(word);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace evclean::sql
