// SPDX-License-Identifier: Apache-2.0
// The tree of an expression as written: names not resolved, types not known. What PostgreSQL's grammar spells in
// several ways (between, nullif, both forms of case, is [not]) has become one of few shapes here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "evclean/expression.hpp"

namespace evclean::sql {

/// Intervals as PostgreSQL has them: months, days and microseconds are kept apart, since a month has no fixed length.
struct Interval {
  std::int64_t months = 0;
  std::int64_t days = 0;
  std::int64_t us = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

struct Null {
  friend bool operator==(const Null&, const Null&) = default;
};
using Literal = std::variant<Null, bool, std::int64_t, double, std::string, Interval>;

enum class TreeKind : std::uint8_t {
  kColumn,    ///< name (dotted as written), quoted
  kLiteral,   ///< literal
  kCall,      ///< a function or an operator: name, args. Operators carry their sign or words: "+", "and", "is null"
  kCase,      ///< args: condition, result, condition, result, …, else
  kCast,      ///< name is the type as written; one argument
  kSubquery,  ///< in queries: name is "exists", "scalar" or "in" (with one argument)
};

struct Tree;
struct Select;
using TreePtr = std::shared_ptr<const Tree>;

struct Tree {
  TreeKind kind = TreeKind::kLiteral;
  std::size_t position = 0;  ///< byte offset in the user's text
  std::string name;
  bool quoted = false;              ///< a name in double quotes or backticks
  bool is_operator = false;         ///< kCall: written as a sign or words, not as name(…)
  bool exact = false;               ///< kCast: an integer that float64 would change is an error
  bool distinct = false;            ///< kCall of an aggregate: count(distinct x)
  std::size_t qualifier_bytes = 0;  ///< kColumn written in several parts: bytes of the first, which may be a table
  std::string field;                ///< kColumn: the field it means, once that is known; `name` stays for messages
  Literal literal;
  std::vector<TreePtr> args;
  TreePtr filter;                       ///< kCall of an aggregate: filter (where …)
  std::shared_ptr<const Select> query;  ///< kSubquery
};

inline TreePtr make_call(std::string name, std::vector<TreePtr> args, std::size_t position, bool is_operator = true) {
  Tree tree;
  tree.kind = TreeKind::kCall;
  tree.name = std::move(name);
  tree.args = std::move(args);
  tree.position = position;
  tree.is_operator = is_operator;
  return std::make_shared<const Tree>(std::move(tree));
}

inline TreePtr make_literal(Literal literal, std::size_t position) {
  Tree tree;
  tree.literal = std::move(literal);
  tree.position = position;
  return std::make_shared<const Tree>(std::move(tree));
}

/// The trees mean the same: equal but for their places. Columns whose field is known are compared by it.
bool same(const Tree& a, const Tree& b);
/// A tree in which `replace` has had a say at every part, from the top down: what it gives stands there, and is not
/// looked into; null goes on below. Parts that do not change are shared.
TreePtr rewrite(const TreePtr& tree, const std::function<TreePtr(const TreePtr&)>& replace);
/// Calls `look` for every part from the top down; false: not below this one.
void walk(const TreePtr& tree, const std::function<bool(const Tree&)>& look);
/// The tree as SQL, for people.
std::string to_text(const Tree& tree);

/// Parses one expression over aggregates (the step group). Errors: ExpressionError.
TreePtr parse_aggregates(std::string_view text, const Macros& macros);
bool is_aggregate(const Tree& tree);

/// The position among `names` of what is written as `written`: exact, then the only one without regard to case; -1:
/// none. `candidates` gets those that differ in case only, when they are several.
int find_name(std::string_view written, const std::vector<std::string>& names, std::vector<std::string>* candidates);

}  // namespace evclean::sql
