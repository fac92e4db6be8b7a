// SPDX-License-Identifier: Apache-2.0
#include "executor.hpp"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "evclean/arrow_status.hpp"

namespace evclean::query {

int position_of(const std::vector<std::string>& fields, const std::string& field) {
  const auto found = std::find(fields.begin(), fields.end(), field);
  EVCLEAN_CHECK(found != fields.end(), "no column for the field {}", field);
  return static_cast<int>(found - fields.begin());
}

std::vector<std::string> fields_of(const Columns& columns) {
  std::vector<std::string> fields;
  for (const Column& column : columns) fields.push_back(column.field);
  return fields;
}

int Table::at(const std::string& field) const { return position_of(fields, field); }

Fields Table::typed() const {
  Fields typed = data->fields();
  for (std::size_t i = 0; i < typed.size(); ++i) typed[i].name = fields[i];
  return typed;
}

namespace {

void count_scans(const Plan& plan, std::map<std::string, int>& scans) {
  if (plan.kind == PlanKind::kScan) ++scans[plan.table];
  for (const PlanPtr& input : plan.inputs) count_scans(*input, scans);
}

}  // namespace

Executor::Executor(const QueryPlan& plan, std::map<std::string, DatasetPtr> tables, const Workspace& workspace,
                   QueryReport& report)
    : plan_(plan), tables_(std::move(tables)), workspace_(workspace), report_(report) {
  count_scans(*plan.root, scans_);
  for (const auto& shared : plan.shared) count_scans(*shared->plan, scans_);
  for (const auto& [field, parameter] : plan.parameters) count_scans(*parameter.plan, scans_);
}

DatasetPtr Executor::run() { return exact(run(*plan_.root), plan_.columns, true).data; }

OperatorReport& Executor::report(std::string name) {
  report_.operators.emplace_back();
  report_.operators.back().name = std::move(name);
  return report_.operators.back();
}

Table Executor::run(const Plan& plan) {
  switch (plan.kind) {
    case PlanKind::kScan:
      return scan(plan);
    case PlanKind::kOneRow:
      return one_row(plan);
    case PlanKind::kShared:
      return shared(plan);
    case PlanKind::kFilter:
    case PlanKind::kProject:
      return chain(plan);
    case PlanKind::kJoin:
      return join(plan);
    case PlanKind::kGroup:
      return group(plan);
    case PlanKind::kDistinct:
      return distinct(plan);
    case PlanKind::kSort:
      return sort(plan);
    case PlanKind::kLimit:
      return limit(plan);
    case PlanKind::kUnion:
      return concatenated(plan);
    case PlanKind::kNumber:
      break;
  }
  return numbered(plan);
}

Table Executor::scan(const Plan& plan) {
  // Its last reader holds it alone, and may let it go while it reads.
  const bool last = --scans_.at(plan.table) == 0;
  Table table{last ? std::move(tables_.at(plan.table)) : tables_.at(plan.table), {}};
  table.fields.resize(table.data->fields().size());
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    const int column = table.data->find(plan.sources[i]);
    EVCLEAN_CHECK(column >= 0, "table {} has no column {}", plan.table, plan.sources[i]);
    table.fields[static_cast<std::size_t>(column)] = plan.columns[i].field;
  }
  return table;
}

Table Executor::shared(const Plan& plan) {
  const SharedPlan* key = plan.shared.get();
  if (made_.count(key) == 0) made_[key] = run(*plan.shared->plan);
  Table table = made_.at(key);
  for (std::string& field : table.fields) {
    const auto source = std::find(plan.sources.begin(), plan.sources.end(), field);
    const bool used = !field.empty() && source != plan.sources.end();
    field = used ? plan.columns[static_cast<std::size_t>(source - plan.sources.begin())].field : std::string();
  }
  // Dropped as soon as nobody comes for it any more.
  if (++uses_[key] == plan.shared->uses) made_.erase(key);
  return table;
}

Table Executor::distinct(const Plan& plan) {
  Table table = exact(run(*plan.inputs[0]), plan.columns);
  table.data = evclean::distinct(*table.data, {}, workspace_, report("distinct"));
  return table;
}

Table Executor::sort(const Plan& plan) {
  Table table = run(*plan.inputs[0]);
  Columns wanted = plan.columns;
  for (const Order& order : plan.order) {
    if (find_column(wanted, order.field) == nullptr) {
      wanted.push_back(*find_column(plan.inputs[0]->columns, order.field));
    }
  }
  table = exact(std::move(table), wanted);
  std::vector<SortKey> keys;
  std::vector<std::string> names;
  for (const Order& order : plan.order) {
    keys.push_back({table.at(order.field), order.descending, order.nulls_first});
    names.push_back(find_column(wanted, order.field)->name + (order.descending ? " desc" : ""));
  }
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::int64_t first = plan.limit < 0 ? -1 : plan.limit > most - plan.offset ? most : plan.limit + plan.offset;
  OperatorReport& line = report(fmt::format("sort by {}", fmt::join(names, ", ")));
  table.data = evclean::sort(*table.data, keys, workspace_, line, first);
  const bool cut = plan.offset > 0 || (plan.limit >= 0 && table.data->rows() > plan.limit);
  if (cut) table.data = slice_rows(*table.data, plan.offset, plan.limit, workspace_);
  return table;
}

Table Executor::limit(const Plan& plan) {
  Table table = run(*plan.inputs[0]);
  const bool all = plan.offset == 0 && (plan.limit < 0 || plan.limit >= table.data->rows());
  if (!all) table.data = slice_rows(*table.data, plan.offset, plan.limit, workspace_);
  return table;
}

Table Executor::concatenated(const Plan& plan) {
  std::vector<DatasetPtr> parts;
  for (const PlanPtr& input : plan.inputs) parts.push_back(exact(run(*input), input->columns).data);
  return {concatenate(parts, workspace_), fields_of(plan.columns)};
}

namespace {

std::shared_ptr<arrow::Array> counted(std::int64_t first, std::int64_t rows) {
  auto buffer = take_arrow(arrow::AllocateBuffer(rows * 8), "row numbers");
  auto* values = reinterpret_cast<std::int64_t*>(buffer->mutable_data());
  std::iota(values, values + rows, first);
  return std::make_shared<arrow::Int64Array>(rows, std::shared_ptr<arrow::Buffer>(std::move(buffer)));
}

}  // namespace

Table Executor::one_row(const Plan& plan) {
  const Column& column = plan.columns.front();
  auto data = std::make_shared<Dataset>(Fields{{column.field, column.type}}, workspace_);
  workspace_.comm.agree([&] {
    if (workspace_.comm.rank() != 0) return;
    Batch batch;
    batch.num_rows = 1;
    batch.put(column.field, counted(0, 1));
    data->append(0, batch);
  });
  data->finish();
  return {std::move(data), {column.field}};
}

Table Executor::numbered(const Plan& plan) {
  const Columns before(plan.columns.begin(), plan.columns.end() - 1);
  Table table = exact(run(*plan.inputs[0]), before);
  const Column& number = plan.columns.back();
  Fields fields = table.data->fields();
  fields.push_back({number.field, ValueType::kInt64});
  auto data = std::make_shared<Dataset>(fields, workspace_);
  workspace_.comm.agree([&] {
    for (const std::int64_t part : table.data->mine()) {
      std::int64_t row = table.data->parts()[static_cast<std::size_t>(part)].first_row;
      table.data->visit(part, [&](Batch batch) {
        workspace_.pause();
        batch.put(number.field, counted(row, batch.num_rows));
        row += batch.num_rows;
        data->append(part, batch);
      });
    }
  });
  data->finish();
  table.data = std::move(data);
  table.fields.push_back(number.field);
  return table;
}

}  // namespace evclean::query
