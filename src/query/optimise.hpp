// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "plan.hpp"

namespace evclean::query {

class Optimiser {
 public:
  Optimiser(const QueryPlan& query, FieldNames& names) : query_(query), names_(names) {}

  /// The steps with conditions over their columns put in as far down as they may. `ordered`: the order of the rows
  /// matters.
  PlanPtr push(PlanPtr plan, Trees conditions, bool ordered);

 private:
  // optimise.cpp
  PlanPtr push_project(PlanPtr plan, Trees conditions, bool ordered);
  PlanPtr push_group(PlanPtr plan, Trees conditions);
  PlanPtr push_sort(PlanPtr plan, Trees conditions, bool ordered);
  PlanPtr push_union(PlanPtr plan, const Trees& conditions, bool ordered);
  PlanPtr push_shared(PlanPtr plan, Trees conditions, bool ordered);
  static Trees take(Trees& conditions, const std::function<bool(const TreePtr&)>& wanted);
  static PlanPtr filtered(PlanPtr plan, Trees conditions);

  // join_order.cpp
  PlanPtr push_join(PlanPtr plan, Trees conditions, bool ordered);
  PlanPtr push_inner(const PlanPtr& plan, Trees conditions, bool ordered);
  PlanPtr push_outer(PlanPtr plan, Trees conditions, bool ordered);
  PlanPtr number(PlanPtr plan, std::vector<Order>& order);
  PlanPtr join(PlanPtr left, PlanPtr right, JoinHow how, Trees conditions, bool ordered);
  std::string key_field(PlanPtr& side, const TreePtr& tree);

  const QueryPlan& query_;
  FieldNames& names_;
};

}  // namespace evclean::query
