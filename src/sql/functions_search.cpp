// SPDX-License-Identifier: Apache-2.0
// Finding plain text in text.
#include "registry.hpp"
#include "text_bytes.hpp"

namespace evclean::sql {
namespace {

using Text = std::string_view;

/// Place of `part` in characters, from 1; 0 when it is not there.
std::int64_t place_of(Text text, Text part) {
  const std::size_t found = text.find(part);
  return found == Text::npos ? 0 : count_characters(text.substr(0, found)) + 1;
}

/// Part number `n` (from 1; negative from the end) between delimiters; empty when there is none.
std::optional<Text> split_part(Text text, Text delimiter, std::int64_t n) {
  if (n == 0) return std::nullopt;
  if (delimiter.empty()) return n == 1 || n == -1 ? text : Text();
  if (n < 0) {
    for (++n; n < 0; ++n) {
      const std::size_t found = text.rfind(delimiter);
      if (found == Text::npos) return Text();
      text = text.substr(0, found);
    }
    const std::size_t last = text.rfind(delimiter);
    return last == Text::npos ? text : text.substr(last + delimiter.size());
  }
  for (; n > 1; --n) {
    const std::size_t found = text.find(delimiter);
    if (found == Text::npos) return Text();
    text.remove_prefix(found + delimiter.size());
  }
  return text.substr(0, text.find(delimiter));
}

}  // namespace

void add_search_functions(Registry& registry) {
  registry.add_rows("strpos",
                    {"strpos(text, part) -> int64",
                     "place of the first occurrence in characters, 0 if none; also position(part in text)",
                     "strpos('straße', 'ß') = 5"},
                    [](Text text, Text part) { return place_of(text, part); });
  registry.add_rows("starts_with",
                    {"starts_with(text, part) -> bool", "the text begins so", "starts_with('/api/x', '/api/') = true"},
                    [](Text text, Text part) { return text.starts_with(part); });
  registry.add_rows("ends_with",
                    {"ends_with(text, part) -> bool", "the text ends so", "ends_with('a.png', '.png') = true"},
                    [](Text text, Text part) { return text.ends_with(part); });
  registry.add_rows("contains",
                    {"contains(text, part) -> bool", "the part occurs in the text", "contains('abc', 'b') = true"},
                    [](Text text, Text part) { return contains_bytes(text, part); });
  registry.add_rows(
      "split_part",
      {"split_part(text, delimiter, n) -> string", "the n-th part between delimiters, -1 the last; empty if none",
       "split_part('a/b/c', '/', 2) = 'b'"},
      [](Text text, Text delimiter, std::int64_t n) { return split_part(text, delimiter, n); });
}

}  // namespace evclean::sql
