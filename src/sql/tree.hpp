// SPDX-License-Identifier: Apache-2.0
// The tree of an expression as written: names not resolved, types not known. What PostgreSQL's grammar spells in
// several ways (between, nullif, both forms of case, is [not]) has become one of few shapes here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "interval.hpp"

namespace evclean::sql {

struct Null {};
using Literal = std::variant<Null, bool, std::int64_t, double, std::string, Interval>;

enum class TreeKind : std::uint8_t {
  kColumn,   ///< name (dotted as written), quoted
  kLiteral,  ///< literal
  kCall,     ///< a function or an operator: name, args. Operators carry their sign or words: "+", "and", "is null"
  kCase,     ///< args: condition, result, condition, result, …, else
  kCast,     ///< name is the type as written; one argument
};

struct Tree;
using TreePtr = std::shared_ptr<const Tree>;

struct Tree {
  TreeKind kind = TreeKind::kLiteral;
  std::size_t position = 0;  ///< byte offset in the user's text
  std::string name;
  bool quoted = false;       ///< a name in double quotes or backticks
  bool is_operator = false;  ///< kCall: written as a sign or words, not as name(…)
  Literal literal;
  std::vector<TreePtr> args;
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

}  // namespace evclean::sql
