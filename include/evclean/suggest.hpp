// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the candidate nearest to a misspelt word, and carets that point into the user's text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

/// Finds the candidate nearest to `word` (Damerau-Levenshtein, case-insensitive), if it is near enough
/// to be meant: at most 1 edit for words up to 4 characters, 2 up to 8, else 3. Ties: the earlier candidate.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

/// Gives " (did you mean 'x'?)" or an empty text.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// Gives the line of `text` that holds byte `position`, and below it a caret under that character:
///   status >== 400
///          ^
/// A long line is cut around the position. Both lines are indented by `indent` blanks.
std::string caret(std::string_view text, std::size_t position, int indent = 4);

/// A name as it stands in an expression, whatever is in it: in double quotes.
std::string double_quoted(std::string_view name);

/// Makes text from data safe for a terminal: control bytes as \x1b, cut at `max_bytes` on a UTF-8 boundary.
std::string printable(std::string_view text, std::size_t max_bytes = 200);

/// The same for lines on their way to a terminal, whatever they were put together from: nothing is cut, ends of lines
/// and tabs stay.
std::string terminal_text(std::string_view text);

}  // namespace evclean
