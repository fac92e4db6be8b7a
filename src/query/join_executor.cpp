// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "executor.hpp"

namespace evclean::query {
namespace {

bool carries_right(JoinHow how) { return how != JoinHow::kSemi && how != JoinHow::kAnti; }

}  // namespace

std::string join_report_name(const Plan& plan) {
  std::vector<std::string> names;
  for (const PlanPtr& input : plan.inputs) {
    const Plan* table = input.get();
    while (!table->inputs.empty() && table->inputs.size() == 1) table = table->inputs[0].get();
    if (!table->table.empty()) names.push_back(table->table);
  }
  return fmt::format("join {}", fmt::join(names, " with "));
}

/// Right columns that someone reads later or in the join's own conditions.
void Executor::add_payload(const Plan& plan, JoinInputs& inputs) const {
  const Table& right = inputs.right;
  std::set<std::string> wanted;
  for (const Column& column : plan.columns) wanted.insert(column.field);
  for (const TreePtr& condition : plan.conditions) collect_fields(condition, wanted);
  for (std::size_t i = 0; i < right.fields.size(); ++i) {
    const std::string& field = right.fields[i];
    if (field.empty() || wanted.count(field) == 0) continue;
    inputs.spec.payload.push_back(static_cast<int>(i));
    std::string name = field;
    while (inputs.left.data->find(name) >= 0) name += "'";
    inputs.spec.payload_names.push_back(std::move(name));
    inputs.fields.push_back(field);
  }
}

Executor::JoinInputs Executor::join_inputs(const Plan& plan) {
  // Columns that only the join itself reads need not be carried on.
  Table left = run(*plan.inputs[0]);
  Table right = run(*plan.inputs[1]);
  const bool swap = plan.how == JoinHow::kInner && plan.unordered && right.data->rows() > left.data->rows();
  if (swap) std::swap(left, right);
  const Plan& left_plan = *plan.inputs[swap ? 1 : 0];
  const bool spare = std::any_of(left.fields.begin(), left.fields.end(), [](const auto& f) { return f.empty(); });
  if (spare) left = exact(std::move(left), left_plan.columns);
  JoinInputs inputs{std::move(left), std::move(right), {}, {}};
  JoinSpec& spec = inputs.spec;
  spec.how = plan.how;
  spec.coalesce_keys = false;
  for (const auto& [left_key, right_key] : plan.keys) {
    spec.left_keys.push_back(inputs.left.at(swap ? right_key : left_key));
    spec.right_keys.push_back(inputs.right.at(swap ? left_key : right_key));
  }
  inputs.fields = inputs.left.fields;
  if (carries_right(plan.how)) add_payload(plan, inputs);
  if (!plan.conditions.empty()) {
    Fields fields = inputs.left.typed();
    for (const int column : spec.payload) {
      const auto at = static_cast<std::size_t>(column);
      fields.push_back({inputs.right.fields[at], inputs.right.data->fields()[at].type});
    }
    spec.residual = [this, bound = bind_all(plan.conditions, fields), names = inputs.fields](const Batch& candidates) {
      Batch batch = candidates;
      batch.names = names;
      return bound->rows_true(batch, report_.counters);
    };
  }
  return inputs;
}

Table Executor::join(const Plan& plan) {
  const JoinInputs inputs = join_inputs(plan);
  OperatorReport& line = report(join_report_name(plan));
  return {evclean::join(*inputs.left.data, *inputs.right.data, inputs.spec, workspace_, line), inputs.fields};
}

}  // namespace evclean::query
