// SPDX-License-Identifier: Apache-2.0
// Single values of a job file: numbers, sizes, choices, texts. Each takes the node, its name for messages and where
// problems go; a value that does not read is a problem, and the caller keeps its default.
#pragma once

#include <fmt/ranges.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evclean/suggest.hpp"
#include "problems.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

/// ASCII letters in lower case.
std::string lowered(std::string_view text);
/// Without blanks and line ends around it.
std::string_view trimmed(std::string_view text);

/// Any scalar as text. Null, lists and maps are problems.
std::optional<Text> read_text(const YamlNode& node, std::string_view what, Problems& problems);
/// As read_text, and not blank: names, paths.
std::optional<Text> read_word(const YamlNode& node, std::string_view what, Problems& problems);
/// A scalar or a list of them.
std::vector<Text> read_words(const YamlNode& node, std::string_view what, Problems& problems);
/// An expression; null says to quote it. Numbers and booleans count as expressions.
std::optional<Text> read_expression(const YamlNode& node, std::string_view what, Problems& problems);
/// A path of the file system, or on S3.
std::optional<Text> read_path(const YamlNode& node, std::string_view what, Problems& problems);
/// A path of the file system.
std::optional<Text> read_local_path(const YamlNode& node, std::string_view what, Problems& problems);

/// `words`: what else may stand there too, for the message.
std::optional<bool> read_bool(const YamlNode& node, std::string_view what, Problems& problems,
                              std::string_view words = "true or false");
/// A whole number (decimal, 0x or 0o) within [least, most].
std::optional<std::int64_t> read_integer(const YamlNode& node, std::string_view what, std::int64_t least,
                                         std::int64_t most, Problems& problems);
/// 64MiB, 256MB, 1.5GiB, 64K (as KiB) or plain bytes, within [least, most].
std::optional<std::int64_t> read_size(const YamlNode& node, std::string_view what, std::int64_t least,
                                      std::int64_t most, Problems& problems);
/// 0.25 or 25%, within 0 to 1.
std::optional<double> read_share(const YamlNode& node, std::string_view what, Problems& problems);

/// One character of ASCII ("\t" and the word tab included), for delimiters and quotes.
std::optional<std::string> read_character(const YamlNode& node, std::string_view what, Problems& problems);

/// A number of at least 0, with fraction and exponent if need be. Empty when the text is anything else.
std::optional<double> parse_decimal(std::string_view text);

/// One of the words given.
template <typename Value>
std::optional<Value> read_choice(const YamlNode& node, std::string_view what,
                                 const std::vector<std::pair<std::string, Value>>& choices, Problems& problems) {
  const auto text = read_text(node, what, problems);
  if (!text) return std::nullopt;
  std::vector<std::string> words;
  for (const auto& [word, value] : choices) {
    if (word == text->value) return value;
    words.push_back(word);
  }
  problems.report(node, "{} cannot be '{}': it is {}{}", what, printable(text->value, 60),
                  fmt::to_string(fmt::join(words, ", ")), did_you_mean(text->value, words));
  return std::nullopt;
}

/// Stores what was read, and keeps the default otherwise.
template <typename Value, typename Target>
void assign(Target& target, std::optional<Value>&& value) {
  if (value) target = *std::move(value);
}

}  // namespace evclean::job
