// SPDX-License-Identifier: Apache-2.0
// Turns PostgreSQL's tree of a SELECT into ours, and refuses by name what is not supported.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/select.hpp"
#include "parser.hpp"

namespace evclean::sql {

class SelectReader {
 public:
  SelectReader(const Scanned& scanned, const Swapped& swapped, const Macros& macros);

  SelectPtr read(const PgQuery__SelectStmt& statement) const;

 private:
  // select_reader.cpp
  void refuse_unsupported(const PgQuery__SelectStmt& statement) const;
  void read_values(const PgQuery__SelectStmt& statement, Select& select) const;
  void read_body(const PgQuery__SelectStmt& statement, Select& select) const;
  void read_tail(const PgQuery__SelectStmt& statement, Select& select) const;
  void read_parts(const PgQuery__SelectStmt& statement, Select& select) const;
  void read_with(const PgQuery__WithClause& with, Select& select) const;
  SelectItem read_item(const PgQuery__ResTarget& target) const;
  OrderItem read_order(const PgQuery__SortBy& sort) const;
  std::int64_t read_count(const PgQuery__Node* node, std::string_view word) const;
  TreePtr expression(const PgQuery__Node* node) const;

  // from_reader.cpp
  FromPtr read_from(const PgQuery__Node* node) const;
  FromPtr read_table(const PgQuery__RangeVar& table) const;
  FromPtr read_nested(const PgQuery__RangeSubselect& nested) const;
  FromPtr read_join(const PgQuery__JoinExpr& join) const;
  void read_alias(const PgQuery__Alias* alias, FromItem& item) const;

  /// A name as the user wrote it: a placeholder's, or a word of SQL that the parser has folded, looked for among the
  /// tokens from `position` to the end of the item.
  std::string name_of(const char* word, std::size_t position) const;
  std::vector<std::string> names_of(PgQuery__Node** nodes, std::size_t count) const;
  /// Where a word of SQL stands, from some place on.
  std::size_t place_of(std::string_view lower_word, std::size_t from = 0) const;
  [[noreturn]] void refuse(std::string_view what, std::size_t position) const;

  const Scanned& scanned_;
  const Swapped& swapped_;
  std::function<TreePtr(const TreePtr&)> unfold_;
  TreeReader trees_;
};

}  // namespace evclean::sql
