// SPDX-License-Identifier: Apache-2.0
// Runs a plan over datasets. Collective: all ranks hold the same plan and take the same path.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "evclean/query.hpp"
#include "plan.hpp"

namespace evclean::query {

/// A dataset and what its columns are in the plan.
struct Table {
  DatasetPtr data;
  std::vector<std::string> fields;  ///< one a column of the data; empty: nobody reads it

  /// Position of a field. Errors: bug.
  int at(const std::string& field) const;
  /// The columns by their fields, with their types.
  Fields typed() const;
};

class Executor {
 public:
  Executor(const QueryPlan& plan, std::map<std::string, DatasetPtr> tables, const Workspace& workspace,
           QueryReport& report);

  /// The result, with the columns and names that the plan promises.
  DatasetPtr run();

 private:
  Table run(const Plan& plan);
  Table scan(const Plan& plan);
  Table one_row(const Plan& plan);
  Table shared(const Plan& plan);
  Table group(const Plan& plan);
  Table distinct(const Plan& plan);
  Table sort(const Plan& plan);
  Table limit(const Plan& plan);
  Table concatenated(const Plan& plan);
  Table numbered(const Plan& plan);

  // join_executor.cpp
  /// Two sides, how they meet, and the fields of what comes out: the left ones, then the payload.
  struct JoinInputs {
    Table left, right;
    JoinSpec spec;
    std::vector<std::string> fields;
  };
  JoinInputs join_inputs(const Plan& plan);
  Table join(const Plan& plan);
  void add_payload(const Plan& plan, JoinInputs& inputs) const;

  // group_executor.cpp
  GroupSpec group_spec(const Plan& plan, const std::vector<std::string>& fields) const;
  /// A group over an inner join takes its rows where they meet: they are never put together and in order.
  Table group_of_join(const Plan& plan, const Plan& join, const std::vector<const Plan*>& steps);

  // chain.cpp
  /// A run of filters and projections in one pass over the rows.
  Table chain(const Plan& plan);
  /// What a batch of `input` goes through; `input` becomes what comes out.
  std::vector<std::function<Batch(Batch)>> changes(const std::vector<const Plan*>& steps, Fields& input);
  std::function<Batch(Batch)> filter_step(const Plan& plan, const Fields& input);
  std::function<Batch(Batch)> project_step(const Plan& plan, const Fields& input);
  /// Only these columns, in this order. `named`: also by their fields in the data.
  Table exact(Table table, const Columns& columns, bool named = false);

  // parameters.cpp
  /// A tree in which subqueries are the values they have.
  TreePtr known(const TreePtr& tree);
  TreePtr value_of(const std::string& field);
  std::shared_ptr<BoundExpression> bind_all(const Trees& conditions, const Fields& fields);

  OperatorReport& report(std::string name);

  const QueryPlan& plan_;
  std::map<std::string, DatasetPtr> tables_;
  std::map<std::string, int> scans_;  ///< that a table has still to expect
  const Workspace& workspace_;
  QueryReport& report_;
  std::map<std::string, TreePtr> values_;  ///< of parameters
  std::map<const SharedPlan*, Table> made_;
  std::map<const SharedPlan*, int> uses_;
};

/// Filters and projections from `top` down, the lowest first, and the step below them.
std::vector<const Plan*> local_steps(const Plan& top, const Plan*& bottom);
/// Where a field stands; it must be there.
int position_of(const std::vector<std::string>& fields, const std::string& field);
/// The fields of columns, in order.
std::vector<std::string> fields_of(const Columns& columns);
/// "join events with others".
std::string join_report_name(const Plan& plan);

}  // namespace evclean::query
