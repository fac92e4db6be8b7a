// SPDX-License-Identifier: Apache-2.0
// GROUP BY: keys and the arguments of aggregates become columns, a group over them follows, and what is selected is
// written anew over its columns.
#pragma once

#include "planner.hpp"

namespace evclean::query {

class Grouping {
 public:
  /// `keys` are resolved; `input` gives their columns.
  Grouping(Planner& planner, PlanPtr input, Trees keys);

  /// Notes the aggregates of a resolved tree. Errors: ExpressionError (nested, distinct where it has no meaning,
  /// types).
  void add(const TreePtr& tree);
  /// The steps: to be called once, when all trees have been added.
  PlanPtr make();
  /// A tree over the group's columns. Errors: ExpressionError (a column that is neither a key nor aggregated).
  TreePtr over(const TreePtr& tree) const;

 private:
  std::string column_for(const TreePtr& tree, std::string_view name);
  PlannedAggregate planned(const Tree& call);
  ValueType argument_type(const Tree& call);

  Planner& planner_;
  PlanPtr input_;
  Trees keys_;
  Columns columns_;  ///< of the projection below the group
  Trees values_;
  std::size_t key_count_ = 0;
  Trees calls_;
  std::vector<PlannedAggregate> aggregates_;
  Columns results_;  ///< of the aggregates
};

bool has_aggregate(const TreePtr& tree);

}  // namespace evclean::query
