// SPDX-License-Identifier: Apache-2.0
// One SELECT as written, in PostgreSQL's grammar: names not resolved, macros unfolded. What is not supported has been
// refused by name and position.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/sql_tree.hpp"

namespace evclean::sql {

using SelectPtr = std::shared_ptr<const Select>;

/// A name and its place in the user's text.
struct Word {
  std::string text;
  std::size_t position = 0;
};

enum class JoinKind : std::uint8_t { kInner, kLeft, kRight, kFull };

/// What stands in FROM: a table, a subquery, or two of these joined.
struct FromItem {
  std::size_t position = 0;
  std::string table;  ///< as written; empty for subqueries and joins
  SelectPtr query;
  std::string alias;                        ///< empty: none
  std::vector<std::string> column_aliases;  ///< of alias(a, b)
  std::shared_ptr<const FromItem> left, right;
  JoinKind how = JoinKind::kInner;
  bool natural = false;
  TreePtr on;                    ///< null: none
  std::vector<Word> using_keys;  ///< of USING (a, b)
};
using FromPtr = std::shared_ptr<const FromItem>;

struct SelectItem {
  TreePtr value;  ///< null: a star
  Word star_of;   ///< of `t.*`; empty for `*`
  std::string alias;
  std::size_t position = 0;
};

struct OrderItem {
  TreePtr value;
  bool descending = false;
  bool nulls_first = false;
};

struct CommonTable {
  Word name;
  std::vector<std::string> column_aliases;
  SelectPtr query;
};

struct Select {
  std::size_t position = 0;
  std::vector<CommonTable> with;
  std::vector<SelectPtr> all_of;  ///< UNION ALL of these; then only with, order, limit and offset below are set
  std::vector<SelectItem> items;
  bool distinct = false;
  std::vector<FromPtr> from;
  TreePtr where, having;
  std::vector<TreePtr> group_by;
  std::vector<OrderItem> order_by;
  std::optional<std::int64_t> limit;
  std::int64_t offset = 0;
};

/// Parses one SELECT and nothing else. Errors: ExpressionError.
SelectPtr parse_select(std::string_view text, const Macros& macros = {});

}  // namespace evclean::sql
