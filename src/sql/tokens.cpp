// SPDX-License-Identifier: Apache-2.0
#include "tokens.hpp"

#include <fmt/format.h>
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <memory>

#include "evclean/expression.hpp"

namespace evclean::sql {
namespace {

/// Where a quoted text that begins at `start` ends (after the closing quote); `escapes` for E'…'.
std::size_t skip_quoted(std::string_view text, std::size_t start, bool escapes) {
  const char quote = text[start];
  for (std::size_t i = start + 1; i < text.size(); ++i) {
    if (escapes && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    }
  }
  return text.size();
}

std::size_t skip_comment(std::string_view text, std::size_t start) {
  const bool block = text[start] == '/';
  const std::size_t end = text.find(block ? "*/" : "\n", start + 2);
  return end == std::string_view::npos ? text.size() : end + (block ? 2 : 1);
}

std::size_t swap_backticks(std::string& text, std::size_t start) {
  const std::size_t end = text.find('`', start + 1);
  if (end == std::string::npos) throw ExpressionError("a backtick opens a name here and is never closed", start);
  if (text.find('"', start) < end) {
    throw ExpressionError("write this name in double quotes, with \"\" for each quote in it", start);
  }
  text[start] = text[end] = '"';
  return end + 1;
}

/// PostgreSQL knows no backticks (they are operator signs to it): they become double quotes of the same length.
std::string without_backticks(std::string_view source) {
  std::string text(source);
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\'' || c == '"') {
      const bool escapes = c == '\'' && i > 0 && (text[i - 1] == 'e' || text[i - 1] == 'E') &&
                           (i < 2 || !(std::isalnum(static_cast<unsigned char>(text[i - 2])) || text[i - 2] == '_'));
      i = skip_quoted(text, i, escapes);
    } else if ((c == '-' && next == '-') || (c == '/' && next == '*')) {
      i = skip_comment(text, i);
    } else {
      i = c == '`' ? swap_backticks(text, i) : i + 1;
    }
  }
  return text;
}

[[noreturn]] void fail_scan(const PgQueryError& error, std::string_view text) {
  const std::size_t characters = error.cursorpos > 0 ? static_cast<std::size_t>(error.cursorpos) - 1 : 0;
  std::string message = error.message;
  // YAML cuts what is not in quotes at a blank and #.
  if (message.starts_with("unterminated quoted string"))
    message += " (in a job ' #' begins a comment, unless the whole expression stands in double quotes)";
  throw ExpressionError(std::move(message), std::min(byte_offset(text, characters), text.size()));
}

std::vector<Token> unpack_tokens(const PgQueryProtobuf& bytes) {
  const std::unique_ptr<PgQuery__ScanResult, void (*)(PgQuery__ScanResult*)> result(
      pg_query__scan_result__unpack(nullptr, bytes.len, reinterpret_cast<const std::uint8_t*>(bytes.data)),
      [](PgQuery__ScanResult* r) { pg_query__scan_result__free_unpacked(r, nullptr); });
  if (!result) throw ExpressionError("PostgreSQL's scanner gave no result", std::string::npos);
  std::vector<Token> tokens;
  tokens.reserve(result->n_tokens);
  for (std::size_t i = 0; i < result->n_tokens; ++i) {
    const PgQuery__ScanToken& token = *result->tokens[i];
    if (token.token == PG_QUERY__TOKEN__SQL_COMMENT || token.token == PG_QUERY__TOKEN__C_COMMENT) continue;
    tokens.push_back({static_cast<std::size_t>(token.start), static_cast<std::size_t>(token.end), token.token,
                      static_cast<Keyword>(token.keyword_kind)});
  }
  return tokens;
}

bool is_operand(const Scanned& scanned, std::size_t i) {
  return scanned.is_name(i) || scanned.is_text(i) || scanned.number(i) != Number::kNo;
}

/// A literal alone between commas or parentheses, as in a long IN list: it nests nothing.
bool is_list_item(const Scanned& scanned, std::size_t i) {
  return !scanned.is_name(i) && i > 0 && (scanned.is(i - 1, ',') || scanned.is(i - 1, '(')) &&
         (scanned.is(i + 1, ',') || scanned.is(i + 1, ')'));
}

/// Terms are operands, and besides them every third word or sign: `not not not …` and `((((…` nest without operands.
void check_terms(const Scanned& scanned, const ScanLimits& limits) {
  const std::size_t limit = limits.terms;
  std::size_t terms = 0;
  std::size_t others = 0;
  for (std::size_t i = 0; i < scanned.tokens.size(); ++i) {
    if (scanned.is(i, ',') || scanned.is(i, ')')) continue;
    if (is_operand(scanned, i)) {
      terms += is_list_item(scanned, i) ? 0 : 1;
    } else {
      ++others;
    }
    if (terms > limit || others > 3 * limit) {
      const std::string_view noun = limits.what.substr(limits.what.find(' ') + 1);
      throw ExpressionError(fmt::format("more than {} terms in one {}: {}", limit, noun, limits.advice),
                            scanned.tokens[i].start);
    }
  }
}

}  // namespace

bool Scanned::is_name(std::size_t i) const {
  return i < tokens.size() && (tokens[i].kind == PG_QUERY__TOKEN__IDENT || tokens[i].kind == PG_QUERY__TOKEN__UIDENT);
}

bool Scanned::is_text(std::size_t i) const {
  return i < tokens.size() && (tokens[i].kind == PG_QUERY__TOKEN__SCONST || tokens[i].kind == PG_QUERY__TOKEN__USCONST);
}

Number Scanned::number(std::size_t i) const {
  if (i >= tokens.size()) return Number::kNo;
  if (tokens[i].kind == PG_QUERY__TOKEN__ICONST) return Number::kInteger;
  if (tokens[i].kind != PG_QUERY__TOKEN__FCONST) return Number::kNo;
  // The scanner calls integers beyond 32 bits floats.
  const std::string_view digits = spelling(tokens[i]);
  const bool integer = digits.find_first_not_of("0123456789") == std::string_view::npos;
  return integer ? Number::kInteger : Number::kFraction;
}

bool Scanned::is_word(std::size_t i, std::string_view lower_word) const {
  if (i >= tokens.size()) return false;
  const std::string_view word = spelling(tokens[i]);
  return std::equal(word.begin(), word.end(), lower_word.begin(), lower_word.end(),
                    [](unsigned char a, char b) { return std::tolower(a) == b; });
}

std::size_t Scanned::at(std::size_t position) const {
  const auto found = std::lower_bound(tokens.begin(), tokens.end(), position,
                                      [](const Token& token, std::size_t p) { return token.start < p; });
  return static_cast<std::size_t>(found - tokens.begin());
}

std::size_t byte_offset(std::string_view text, std::size_t characters) {
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && characters-- == 0) break;
  }
  return i;
}

Scanned scan(std::string_view source, const ScanLimits& limits) {
  if (source.size() > limits.bytes) {
    throw ExpressionError(
        fmt::format("{} may have at most {} bytes; this one has {}", limits.what, limits.bytes, source.size()),
        std::string::npos);
  }
  if (const std::size_t nul = source.find('\0'); nul != std::string_view::npos) {
    throw ExpressionError(fmt::format("a NUL byte cannot stand in {}", limits.what), nul);
  }
  Scanned scanned{without_backticks(source), {}};
  const std::unique_ptr<PgQueryScanResult, void (*)(PgQueryScanResult*)> result(
      new PgQueryScanResult(pg_query_scan(scanned.text.c_str())), [](PgQueryScanResult* r) {
        pg_query_free_scan_result(*r);
        delete r;
      });
  if (result->error != nullptr) fail_scan(*result->error, scanned.text);
  scanned.tokens = unpack_tokens(result->pbuf);
  check_terms(scanned, limits);
  return scanned;
}

}  // namespace evclean::sql
