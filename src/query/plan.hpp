// SPDX-License-Identifier: Apache-2.0
// What a query becomes: a tree of relational steps. Every column of every step has a field, a name that only it bears
// in the whole query; trees in a plan mean columns by their fields. Built by the planner, then changed by the passes
// below.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/relational.hpp"
#include "evclean/sql_tree.hpp"

namespace evclean::query {

using sql::Tree;
using sql::TreeKind;
using sql::TreePtr;
using Trees = std::vector<TreePtr>;

struct Column {
  std::string field;  ///< unique in the query
  std::string name;   ///< for people
  ValueType type = ValueType::kString;
  bool null = false;  ///< always null, as in a table without rows: then it fits beside any type
};
using Columns = std::vector<Column>;

enum class PlanKind : std::uint8_t {
  kScan,      ///< a table of the job; `table`, `sources`
  kOneRow,    ///< one row with one column that nobody can name: what a SELECT without FROM reads
  kShared,    ///< a query that is used several times, run once; `shared`, `sources`
  kFilter,    ///< `conditions`, all true
  kProject,   ///< `values`, one a column
  kJoin,      ///< `how`, `keys`, `conditions` that pairs must meet besides
  kGroup,     ///< `group_keys`, `aggregates`; columns: keys, then aggregates
  kDistinct,  ///< over all columns
  kSort,      ///< `order`; with a limit only the first rows
  kLimit,     ///< `limit` rows after `offset`
  kUnion,     ///< the inputs one after the other, columns by position
  kNumber,    ///< adds the row number as the last column
};

struct Plan;
using PlanPtr = std::shared_ptr<Plan>;

struct SharedPlan {
  std::string name;
  PlanPtr plan;
  int uses = 0;
  std::set<std::string> needed = {};  ///< fields that any use reads
  bool unordered = false;             ///< no use looks at the order of its rows
};

struct PlannedAggregate {
  AggregateKind kind = AggregateKind::kCountRows;
  std::string argument, filter;  ///< fields; empty: none
  double quantile = 0.5;
  std::string text;  ///< as written, for people
};

struct Order {
  std::string field;
  bool descending = false;
  bool nulls_first = false;
};

struct Plan {
  PlanKind kind = PlanKind::kScan;
  Columns columns;  ///< what it promises; what runs may carry more
  std::vector<PlanPtr> inputs;
  std::string table;
  std::vector<std::string> sources;  ///< of a scan: names in the table; of a shared one: fields there. One a column
  std::shared_ptr<SharedPlan> shared;
  Trees conditions;
  Trees values;
  JoinHow how = JoinHow::kInner;
  std::vector<std::pair<std::string, std::string>> keys;  ///< fields, left and right
  std::vector<std::string> key_texts;                     ///< as written
  bool unordered = false;                                 ///< the order of the join's rows does not matter to anyone
  std::vector<std::string> group_keys;
  std::vector<PlannedAggregate> aggregates;
  std::vector<Order> order;
  std::int64_t limit = -1;  ///< negative: none
  std::int64_t offset = 0;
};

/// Makes a step over others. Columns are those of the first input until they are set.
PlanPtr make_plan(PlanKind kind, std::vector<PlanPtr> inputs);
/// A tree that means a column.
TreePtr column_tree(const Column& column, std::size_t position = 0);
/// Fields that a tree reads are added to a set.
void collect_fields(const TreePtr& tree, std::set<std::string>& fields);
/// Every field of the tree is among the columns; `any`: and there is one at all.
bool reads_only(const TreePtr& tree, const Columns& columns);
bool reads_any(const TreePtr& tree);
const Column* find_column(const Columns& columns, const std::string& field);

/// Takes apart what is joined by AND; what all branches of an OR have in common is taken out of it.
void split_conditions(const TreePtr& tree, Trees& conditions);

/// A value that is known only when the query runs: a scalar subquery.
struct Parameter {
  PlanPtr plan;
  ValueType type = ValueType::kString;
  std::size_t position = 0;
};

/// A whole query, ready to be run.
struct QueryPlan {
  PlanPtr root;                                                        ///< columns: the result's, by their final names
  Columns columns;                                                     ///< the result
  std::map<std::string, Parameter> parameters;                         ///< by the field of their tree
  std::vector<std::shared_ptr<SharedPlan>> shared;                     ///< in the order in which they may be run
  std::map<std::string, std::pair<std::string, std::string>> origins;  ///< field to table and column
};

/// Errors: ExpressionError (what does not fit, by type). `sample(column)` may give a text for the message.
ValueType tree_type(const TreePtr& tree, const Columns& columns, const std::map<std::string, Parameter>& parameters,
                    const std::function<std::string(int)>& sample = {});

/// Adds a computed column to a step.
PlanPtr project_beside(PlanPtr plan, const Column& column, TreePtr value);
PlanPtr filter_of(PlanPtr plan, Trees conditions);

/// The name of columns with row numbers.
inline constexpr std::string_view kRowNumber = "row number";

/// Gives fresh names of fields.
class FieldNames {
 public:
  std::string fresh(const std::string& name);

 private:
  std::set<std::string> used_;
};

/// Filters move towards the scans, equalities become join keys, joins without a key are put off.
void optimise(QueryPlan& plan, FieldNames& names);
/// Nothing is carried that nobody reads.
void prune(QueryPlan& plan);

std::string explain_plan(const QueryPlan& plan);

}  // namespace evclean::query
