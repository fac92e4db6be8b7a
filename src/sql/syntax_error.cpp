// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <array>
#include <optional>

#include "evclean/expression.hpp"
#include "lower_word.hpp"
#include "parser.hpp"

namespace evclean::sql {
namespace {

bool has_word(const auto& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Words after which an operand is expected, and which are therefore not operands themselves.
constexpr std::array<std::string_view, 23> kConnectives = {
    "and",     "or",      "not",    "is",    "in",     "like",     "ilike", "between",
    "when",    "then",    "else",   "case",  "escape", "distinct", "from",  "symmetric",
    "similar", "collate", "select", "where", "by",     "on",       "having"};
/// Words that begin something of their own, so that the parser stumbles only over what follows them.
constexpr std::array<std::string_view, 14> kOpeners = {"select", "table", "with",  "array", "case", "left",   "right",
                                                       "full",   "inner", "cross", "outer", "join", "unique", "not"};
constexpr std::array<std::string_view, 12> kClauses = {"from",  "where",  "group", "having", "order",  "limit",
                                                       "union", "offset", "fetch", "window", "except", "intersect"};
/// Written on purpose, never as names of columns.
constexpr std::array<std::string_view, 10> kNeverNames = {"and",  "or",   "is",      "in",   "then",
                                                          "when", "else", "between", "like", "ilike"};

bool is_reserved(const Token& token) {
  return token.keyword == Keyword::kReserved || token.keyword == Keyword::kTypeOrFunction;
}

/// True where the grammar wants an operand: at the start, after a sign, a comma, an opening parenthesis, a connective.
bool wants_operand(const Scanned& scanned, std::size_t index) {
  if (index == 0) return true;
  const std::size_t before = index - 1;
  if (scanned.is(before, ')') || scanned.is(before, ']')) return false;
  if (scanned.is_name(before) || scanned.is_text(before) || scanned.number(before) != Number::kNo) return false;
  if (scanned.tokens[before].keyword == Keyword::kNone) return true;
  return has_word(kConnectives, lower_word(scanned.spelling(scanned.tokens[before])));
}

int open_cases(const Scanned& scanned, std::size_t until) {
  int open = 0;
  for (std::size_t i = 0; i < until; ++i) {
    open += scanned.is_word(i, "case") ? 1 : 0;
    open -= scanned.is_word(i, "end") ? 1 : 0;
  }
  return open;
}

int depth_at(const Scanned& scanned, std::size_t index) {
  int depth = 0;
  for (std::size_t i = 0; i < index; ++i) depth += scanned.is(i, '(') ? 1 : scanned.is(i, ')') ? -1 : 0;
  return depth;
}

/// `where status > 400`: a clause, and no column of that name, since an operand follows it and no operator.
bool opens_clause(const Scanned& scanned, std::size_t index) {
  const std::size_t next = index + 1;
  if (next >= scanned.tokens.size()) return false;
  if (!has_word(kClauses, lower_word(scanned.spelling(scanned.tokens[index])))) return false;
  if (scanned.is_name(next) || scanned.is_text(next) || scanned.number(next) != Number::kNo) return true;
  return scanned.tokens[next].keyword != Keyword::kNone &&
         !has_word(kConnectives, lower_word(scanned.spelling(scanned.tokens[next])));
}

/// The token that was meant as a name of a column, if one of SQL's words stands where an operand should.
std::optional<std::size_t> word_as_name(const Scanned& scanned, std::size_t index) {
  const auto is_candidate = [&](std::size_t i) {
    if (i >= scanned.tokens.size() || !is_reserved(scanned.tokens[i]) || !wants_operand(scanned, i)) return false;
    const std::string word = lower_word(scanned.spelling(scanned.tokens[i]));
    return !has_word(kNeverNames, word) && !(word == "end" && open_cases(scanned, i) > 0);
  };
  if (is_candidate(index)) return index;
  if (index > 0 && is_candidate(index - 1) &&
      has_word(kOpeners, lower_word(scanned.spelling(scanned.tokens[index - 1])))) {
    const bool followed_by_sign =
        index >= scanned.tokens.size() || scanned.tokens[index].keyword == Keyword::kNone || scanned.is(index, ')');
    if (followed_by_sign && !scanned.is_name(index)) return index - 1;
  }
  return std::nullopt;
}

}  // namespace

void fail_syntax(const Scanned& scanned, std::string message, std::size_t position, bool query) {
  const std::size_t index = scanned.at(position);
  if (const auto name = word_as_name(scanned, index); name && !opens_clause(scanned, *name)) {
    const Token& token = scanned.tokens[*name];
    const std::string_view word = scanned.spelling(token);
    throw ExpressionError(fmt::format("{} is a word of SQL: write \"{}\"", word, word), token.start);
  }
  if (index >= scanned.tokens.size()) {
    throw ExpressionError(fmt::format("syntax error: the {} ends too early", query ? "query" : "expression"),
                          scanned.text.size());
  }
  const Token& token = scanned.tokens[index];
  const std::string word = lower_word(scanned.spelling(token));
  if (!query && depth_at(scanned, index) == 0 && word == "as") {
    throw ExpressionError("an expression takes no alias: the name goes before it, as in {name: \"EXPR\"}", token.start);
  }
  if (!query && depth_at(scanned, index) == 0 && has_word(kClauses, word)) {
    throw ExpressionError(fmt::format("an expression takes no {}: one expression and nothing else", word), token.start);
  }
  if (const std::size_t near = message.find(" at or near "); near != std::string::npos) {
    // The parser's words quote the swapped text; the user's own word stands here.
    message = fmt::format("{} at or near \"{}\"", message.substr(0, near), scanned.spelling(token));
  }
  throw ExpressionError(std::move(message), token.start);
}

void check_enclosed(const Scanned& scanned) {
  if (scanned.tokens.empty()) throw ExpressionError("an expression is missing here", 0);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < scanned.tokens.size(); ++i) {
    const std::size_t position = scanned.tokens[i].start;
    if (scanned.is(i, ';')) throw ExpressionError("one expression and nothing else: no \";\" here", position);
    if (scanned.is(i, '(')) open.push_back(position);
    if (!scanned.is(i, ')')) continue;
    if (open.empty()) throw ExpressionError("this \")\" closes nothing", position);
    open.pop_back();
  }
  if (!open.empty()) throw ExpressionError("this \"(\" is never closed", open.back());
}

}  // namespace evclean::sql
