// SPDX-License-Identifier: Apache-2.0
// Filters and projections that follow each other run in one pass: a batch goes through all of them.
#include <algorithm>
#include <numeric>

#include "executor.hpp"

namespace evclean::query {
namespace {

bool is_local(const Plan& plan) { return plan.kind == PlanKind::kFilter || plan.kind == PlanKind::kProject; }

/// The columns at these positions, under these names.
Batch picked(const Batch& batch, const std::vector<int>& positions, const std::vector<std::string>& names) {
  Batch result;
  result.num_rows = batch.num_rows;
  result.names = names;
  for (const int position : positions) result.columns.push_back(batch.columns[static_cast<std::size_t>(position)]);
  return result;
}

Fields typed(const Columns& columns) {
  Fields fields;
  for (const Column& column : columns) fields.push_back({column.field, column.type});
  return fields;
}

std::vector<int> positions_of(const Fields& input, const std::vector<std::string>& fields) {
  std::vector<int> positions;
  for (const std::string& field : fields) {
    positions.push_back(find_field(input, field));
    EVCLEAN_CHECK(positions.back() >= 0, "no column for the field {}", field);
  }
  return positions;
}

/// True when a projection only names columns anew, each once.
bool only_renames(const Plan& plan) {
  if (plan.kind != PlanKind::kProject) return false;
  std::set<std::string> sources;
  return std::all_of(plan.values.begin(), plan.values.end(), [&](const TreePtr& value) {
    return value->kind == TreeKind::kColumn && sources.insert(value->field).second;
  });
}

Table renamed(Table table, const Plan& plan) {
  std::vector<std::string> fields(table.fields.size());
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    fields[static_cast<std::size_t>(table.at(plan.values[i]->field))] = plan.columns[i].field;
  }
  table.fields = std::move(fields);
  return table;
}

}  // namespace

std::function<Batch(Batch)> Executor::filter_step(const Plan& plan, const Fields& input) {
  const auto names = fields_of(plan.columns);
  return [this, names, positions = positions_of(input, names), bound = bind_all(plan.conditions, input)](Batch batch) {
    const std::vector<std::int32_t> rows = bound->rows_true(batch, report_.counters);
    Batch kept = picked(batch, positions, names);
    if (static_cast<std::int64_t>(rows.size()) < batch.num_rows) kept.keep(rows);
    return kept;
  };
}

std::function<Batch(Batch)> Executor::project_step(const Plan& plan, const Fields& input) {
  struct Value {
    int position = -1;  ///< of a column that is passed on
    std::shared_ptr<BoundExpression> bound;
  };
  std::vector<Value> values;
  for (const TreePtr& tree : plan.values) {
    Value value;
    if (tree->kind == TreeKind::kColumn) {
      value.position = find_field(input, tree->field);
      EVCLEAN_CHECK(value.position >= 0, "no column for the field {}", tree->field);
    } else {
      value.bound = std::make_shared<BoundExpression>(Expression::of(known(tree)).bind(input));
    }
    values.push_back(std::move(value));
  }
  return [this, names = fields_of(plan.columns), values](Batch batch) {
    Batch result;
    result.num_rows = batch.num_rows;
    result.names = names;
    for (const Value& value : values) {
      result.columns.push_back(value.bound ? evclean::Column(value.bound->evaluate(batch, report_.counters))
                                           : batch.columns[static_cast<std::size_t>(value.position)]);
    }
    return result;
  };
}

std::vector<const Plan*> local_steps(const Plan& top, const Plan*& bottom) {
  std::vector<const Plan*> steps;
  for (bottom = &top; is_local(*bottom); bottom = bottom->inputs[0].get()) steps.insert(steps.begin(), bottom);
  return steps;
}

std::vector<std::function<Batch(Batch)>> Executor::changes(const std::vector<const Plan*>& steps, Fields& input) {
  std::vector<std::function<Batch(Batch)>> changes;
  for (const Plan* step : steps) {
    changes.push_back(step->kind == PlanKind::kFilter ? filter_step(*step, input) : project_step(*step, input));
    input = typed(step->columns);
  }
  return changes;
}

Table Executor::chain(const Plan& top) {
  const Plan* bottom = nullptr;
  std::vector<const Plan*> steps = local_steps(top, bottom);
  Table table = run(*bottom);
  while (!steps.empty() && only_renames(*steps.front())) {
    table = renamed(std::move(table), *steps.front());
    steps.erase(steps.begin());
  }
  if (steps.empty()) return table;
  Fields input = table.typed();
  const auto changes = this->changes(steps, input);
  const auto change = [&](Batch batch) {
    batch.names = table.fields;
    for (const auto& step : changes) batch = step(std::move(batch));
    return batch;
  };
  return {transform(*table.data, input, workspace_, change), fields_of(top.columns)};
}

Table Executor::exact(Table table, const Columns& columns, bool named) {
  const auto names = fields_of(columns);
  const Fields& fields = table.data->fields();
  const bool same_names = std::equal(fields.begin(), fields.end(), names.begin(), names.end(),
                                     [](const Field& field, const std::string& name) { return field.name == name; });
  if (table.fields == names && (same_names || !named)) return table;
  const auto positions = positions_of(table.typed(), names);
  const auto change = [&](const Batch& batch) { return picked(batch, positions, names); };
  return {transform(*table.data, typed(columns), workspace_, change), names};
}

}  // namespace evclean::query
