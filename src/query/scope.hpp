// SPDX-License-Identifier: Apache-2.0
// Which columns a name may mean at some place of a query.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evclean/select.hpp"
#include "plan.hpp"

namespace evclean::query {

/// A table in scope under the name it goes by there.
struct Relation {
  std::string name;
  Columns columns;
  bool open = false;  ///< nobody knows its columns, since it has no rows: any name will do, and is null
};

class Scope {
 public:
  Scope() = default;
  explicit Scope(Relation relation);

  /// Both side by side. Errors: ExpressionError when a name of a table stands twice.
  static Scope beside(Scope left, Scope right, std::size_t position);
  /// After USING: `merged` come first, and are meant by their bare names.
  void merge(const Columns& merged, const std::vector<std::string>& hidden_fields);

  /// What a column's name means; null: nothing here. Errors: ExpressionError (may be several).
  const Column* find(const Tree& name) const;
  /// Columns of `*`, or of `t.*`. Errors: ExpressionError (no such table).
  const Columns& all() const { return visible_; }
  const Columns& all_of(const sql::Word& table) const;
  /// Throws: no such column, with the nearest ones.
  [[noreturn]] void fail_unknown(const Tree& name) const;
  const std::vector<Relation>& relations() const { return relations_; }

 private:
  const Relation* relation(std::string_view name) const;
  const Column* find_visible(const Tree& name) const;
  const Column* null_column(std::string_view name) const;
  std::string table_of(const std::string& field) const;
  std::string written(const Column& column) const;

  std::vector<Relation> relations_;
  Columns visible_;
  mutable std::vector<std::shared_ptr<const Column>> null_columns_;  ///< of open relations, made when asked for
};

std::vector<std::string> names_of(const Columns& columns);
/// Position of a column that a bare name means, or -1. Errors: ExpressionError (may be several).
int find_named(const Columns& columns, const Tree& name);

}  // namespace evclean::query
