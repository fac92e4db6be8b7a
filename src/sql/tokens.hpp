// SPDX-License-Identifier: Apache-2.0
// The words of a user's text, by PostgreSQL's own scanner, with their places. Limits are checked here, before the
// parser sees the text: its stack does not survive a chain of 100,000 operators.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evclean::sql {

enum class Keyword : std::uint8_t { kNone, kUnreserved, kColumnName, kTypeOrFunction, kReserved };

struct Token {
  std::size_t start = 0;  ///< bytes in the text
  std::size_t end = 0;
  int kind = 0;  ///< PostgreSQL's token number; single characters are themselves
  Keyword keyword = Keyword::kNone;
};

enum class Number : std::uint8_t { kNo, kInteger, kFraction };

/// A scanned text. Backtick quotes have become double quotes, so offsets are those of the user's text.
struct Scanned {
  std::string text;
  std::vector<Token> tokens;  ///< without comments

  std::string_view spelling(const Token& token) const {
    return std::string_view(text).substr(token.start, token.end - token.start);
  }
  bool is(std::size_t index, char sign) const { return index < tokens.size() && tokens[index].kind == sign; }
  bool is_name(std::size_t index) const;  ///< an identifier, quoted or not
  bool is_text(std::size_t index) const;  ///< a string constant
  Number number(std::size_t index) const;
  bool is_word(std::size_t index, std::string_view lower_word) const;
  /// Index of the token that starts at `position`, or the first one after it.
  std::size_t at(std::size_t position) const;
};

struct ScanLimits {
  std::size_t bytes = 64 * 1024;
  std::size_t terms = 1000;
  std::string_view what = "an expression";
  std::string_view advice = "split it over several columns";
};

/// Scans. Errors: ExpressionError (unterminated quotes, too long, too many terms, NUL).
Scanned scan(std::string_view text, const ScanLimits& limits = {});

/// Byte offset of the character with 0-based number `characters` in UTF-8 text.
std::size_t byte_offset(std::string_view text, std::size_t characters);

}  // namespace evclean::sql
