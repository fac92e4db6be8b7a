// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "evclean/unordered_rows.hpp"
#include "executor.hpp"

namespace evclean::query {
namespace {

std::string report_name(const Plan& plan) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < plan.group_keys.size(); ++i) keys.push_back(plan.columns[i].name);
  return keys.empty() ? "aggregate" : fmt::format("group by {}", fmt::join(keys, ", "));
}

bool takes_any_order(const Plan& plan) {
  GroupSpec kinds;
  for (const PlannedAggregate& planned : plan.aggregates) {
    kinds.aggregates.emplace_back();
    kinds.aggregates.back().kind = planned.kind;
  }
  return groups_any_order(kinds);
}

}  // namespace

GroupSpec Executor::group_spec(const Plan& plan, const std::vector<std::string>& fields) const {
  GroupSpec spec;
  // Messages name columns as they are written, and not the fields that tell those of one name apart.
  const Columns& read = plan.inputs[0]->columns;
  for (const std::string& key : plan.group_keys) {
    spec.keys.push_back(position_of(fields, key));
    spec.key_names.push_back(find_column(read, key)->name);
  }
  for (const PlannedAggregate& planned : plan.aggregates) {
    Aggregate aggregate;
    aggregate.kind = planned.kind;
    if (!planned.argument.empty()) {
      aggregate.column = position_of(fields, planned.argument);
      aggregate.argument = find_column(read, planned.argument)->name;
    }
    if (!planned.filter.empty()) aggregate.filter = position_of(fields, planned.filter);
    aggregate.quantile = planned.quantile;
    aggregate.name = planned.text;
    spec.aggregates.push_back(std::move(aggregate));
  }
  return spec;
}

Table Executor::group(const Plan& plan) {
  const Plan* bottom = nullptr;
  const std::vector<const Plan*> steps = local_steps(*plan.inputs[0], bottom);
  if (bottom->kind == PlanKind::kJoin && bottom->how == JoinHow::kInner && !bottom->keys.empty() &&
      takes_any_order(plan)) {
    return group_of_join(plan, *bottom, steps);
  }
  const Table input = run(*plan.inputs[0]);
  OperatorReport& line = report(report_name(plan));
  return {evclean::group(*input.data, group_spec(plan, input.fields), workspace_, line), fields_of(plan.columns)};
}

Table Executor::group_of_join(const Plan& plan, const Plan& join, const std::vector<const Plan*>& steps) {
  JoinInputs inputs = join_inputs(join);
  const Fields left = inputs.left.typed();
  std::vector<int> left_columns;
  Fields met;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (find_column(join.columns, left[i].name) == nullptr) continue;  // only the join itself reads it
    left_columns.push_back(static_cast<int>(i));
    met.push_back(left[i]);
  }
  const Fields right = inputs.right.typed();
  for (const int column : inputs.spec.payload) met.push_back(right[static_cast<std::size_t>(column)]);
  std::vector<std::string> names;
  for (const Field& field : met) names.push_back(field.name);
  const auto steps_of_batch = changes(steps, met);
  OperatorReport join_line, group_line;
  join_line.name = join_report_name(join);
  group_line.name = report_name(plan);
  const auto give = [&](const TakeRows& take) {
    const auto change = [&](const Batch& rows) {
      Batch batch = rows;
      batch.names = names;
      for (const auto& step : steps_of_batch) batch = step(std::move(batch));
      take(batch);
    };
    join_unordered(std::move(inputs.left.data), std::move(inputs.right.data), inputs.spec, left_columns, workspace_,
                   join_line, change);
  };
  std::vector<std::string> fields;
  for (const Field& field : met) fields.push_back(field.name);
  const RowSource source{met, inputs.left.data->rows() / workspace_.comm.size(), give};
  Table result{evclean::group(source, group_spec(plan, fields), workspace_, group_line), fields_of(plan.columns)};
  group_line.rows_in = join_line.rows_out;
  group_line.seconds -= join_line.seconds;
  report_.operators.push_back(std::move(join_line));
  report_.operators.push_back(std::move(group_line));
  return result;
}

}  // namespace evclean::query
