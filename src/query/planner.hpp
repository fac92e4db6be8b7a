// SPDX-License-Identifier: Apache-2.0
// From a SELECT as written to steps: names become columns, types are checked, subqueries become steps of their own.
// Errors: ExpressionError with the place in the user's text.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "evclean/select.hpp"
#include "plan.hpp"
#include "scope.hpp"

namespace evclean::query {

/// A value of a table's text column for messages, or an empty text.
using SampleOf = std::function<std::string(const std::string& table, const std::string& column)>;

/// What is known to hold nothing: a string column there is null and fits any type.
struct KnownEmpty {
  std::set<std::string> tables;                           ///< without rows
  std::set<std::string> open;                             ///< may have columns that nobody wrote down: without a value
  std::set<std::pair<std::string, std::string>> columns;  ///< of a table, without a value
  bool holds(const std::string& table, const std::string& column) const {
    return tables.count(table) > 0 || columns.count({table, column}) > 0;
  }
};

/// Steps and the columns they give; the steps may carry more.
struct Planned {
  PlanPtr plan;
  Columns columns;
};

/// Tables of WITH that can be seen, the nearest first.
struct CommonTables {
  const CommonTables* outer = nullptr;
  std::vector<std::pair<std::string, std::shared_ptr<SharedPlan>>> tables;
};

/// How names are resolved at one place.
struct NameRules {
  const Scope* scope = nullptr;
  const Scope* outer = nullptr;  ///< of the query around a subquery: only to say that it cannot be used
  const CommonTables* common = nullptr;
  std::function<TreePtr(const Tree&)> alias;  ///< what a name means that is no column; may be empty
};

class Planner {
 public:
  explicit Planner(const std::map<std::string, Fields>& tables, SampleOf sample = {}, KnownEmpty empty = {})
      : tables_(tables), sample_(std::move(sample)), empty_(std::move(empty)) {}

  /// The whole query. The result's columns have unique names.
  QueryPlan plan(const sql::Select& select);
  /// The step group: keys by name, then expressions over aggregates. `fail(i, error)` is called with the first mistake.
  QueryPlan plan_group(const Fields& fields, const std::vector<std::string>& keys, const Trees& values,
                       const std::vector<std::string>& names,
                       const std::function<void(int, const ExpressionError&)>& fail);

 private:
  friend class Grouping;

  // select_planner.cpp
  Planned select(const sql::Select& select, const CommonTables* common, const Scope* outer);
  Planned body(const sql::Select& select, const CommonTables* common, const Scope* outer);
  void add_common(const sql::Select& select, CommonTables& common, const Scope* outer);
  struct Body;
  Planned arrange(PlanPtr plan, const sql::Select& select, Body& body);
  Planned tail(Planned planned, const sql::Select& select, std::vector<Order> order);

  // from_planner.cpp
  struct Source {
    PlanPtr plan;
    Scope scope;
  };
  Source from(const std::vector<sql::FromPtr>& items, const CommonTables* common, const Scope* outer);
  Source from_item(const sql::FromItem& item, const CommonTables* common, const Scope* outer);
  Source from_table(const sql::FromItem& item, const CommonTables* common);
  Source from_join(const sql::FromItem& item, const CommonTables* common, const Scope* outer);
  Source use(const std::shared_ptr<SharedPlan>& shared, const std::string& name);
  void merge_keys(const sql::FromItem& item, Source& source, const Scope& left, const Scope& right);
  PlanPtr scan(const std::string& table, const Fields& fields);

  // union_planner.cpp
  Planned union_all(const sql::Select& select, const CommonTables* common, const Scope* outer);
  void fit_columns(std::vector<Planned>& parts, const sql::Select& select);

  // resolve and check
  TreePtr resolve(const TreePtr& tree, const NameRules& rules);
  TreePtr resolve_name(const Tree& tree, const NameRules& rules);
  /// Errors: what does not fit, by type. The tree's names are resolved.
  ValueType type_of(const TreePtr& tree, const Columns& columns);
  TreePtr condition(const TreePtr& tree, const Columns& columns, std::string_view clause);
  static void refuse_aggregates(const TreePtr& tree, std::string_view clause);
  Column new_column(const std::string& name, ValueType type);

  // subqueries.cpp
  TreePtr subquery(const TreePtr& tree, const NameRules& rules);
  TreePtr parameter(PlanPtr plan, ValueType type, std::size_t position);
  /// `x in (select …)`s become joins below `plan`: the tree then reads a column of it.
  TreePtr attach(const TreePtr& tree, PlanPtr& plan);
  /// A condition of WHERE or HAVING: in and not in become semi and anti joins, everything else a filter.
  void filter(const TreePtr& condition, PlanPtr& plan);
  bool filter_by_membership(const TreePtr& condition, PlanPtr& plan);
  TreePtr membership(const Tree& tree, PlanPtr& plan);
  TreePtr count_of(const std::shared_ptr<SharedPlan>& shared, bool of_values, std::size_t position);

  void finish(QueryPlan& plan, Planned planned);

  const std::map<std::string, Fields>& tables_;
  SampleOf sample_;
  KnownEmpty empty_;
  const Scope* before_comma_ = nullptr;  ///< tables that ON after a comma cannot see: only to say so
  FieldNames fields_;
  std::map<std::string, Parameter> parameters_;
  std::map<std::string, std::shared_ptr<SharedPlan>> members_;  ///< of `in`: by the field of the tree
  std::vector<std::shared_ptr<SharedPlan>> shared_;
  std::map<std::string, std::pair<std::string, std::string>> origins_;
};

/// What stands for a column in an expression: the column, or null where it never is anything else.
TreePtr value_tree(const Column& column, std::size_t position);
bool is_null_literal(const Tree& tree);
TreePtr cast_tree(TreePtr tree, ValueType type);

/// The name of a column that has no alias: a column's own, a function's, else column and its number.
std::string default_name(const Tree& tree, std::size_t number);
/// Names that repeat get _2, _3, ….
void make_unique(std::vector<std::string>& names);

/// A tree whose parameters are constants of their types, so that it can be bound.
TreePtr with_parameters(const TreePtr& tree, const std::function<TreePtr(const Tree&)>& value_of);

}  // namespace evclean::query
