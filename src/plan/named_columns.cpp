// SPDX-License-Identifier: Apache-2.0
#include "named_columns.hpp"

#include <arrow/array/util.h>

#include <algorithm>

#include "evclean/arrow_status.hpp"
#include "evclean/encode.hpp"
#include "evclean/record_batch.hpp"
#include "evclean/relational.hpp"
#include "row_origin.hpp"

namespace evclean {
namespace {

/// Columns without a value behind those of a table.
DatasetPtr with_missing_columns(const DatasetPtr& data, const Fields& fields, const Workspace& workspace) {
  const auto widened = [&](Batch batch) {
    for (const Field& field : fields) {
      if (batch.find(field.name) >= 0) continue;
      batch.put(field.name, take_arrow(arrow::MakeArrayOfNull(arrow_type(field.type), batch.num_rows), "nulls"));
    }
    return batch;
  };
  return origins_last(transform(*data, fields, workspace, widened), workspace);
}

}  // namespace

DatasetPtr origins_last(const DatasetPtr& data, const Workspace& workspace) {
  std::vector<int> order;
  for (const bool origins : {false, true}) {
    for (std::size_t c = 0; c < data->fields().size(); ++c) {
      if (is_origin(data->fields()[c].name) == origins) order.push_back(static_cast<int>(c));
    }
  }
  if (std::is_sorted(order.begin(), order.end())) return data;
  return transform(*data, project(data->fields(), order), workspace,
                   [&](const Batch& batch) { return project(batch, order); });
}

DatasetPtr with_named_columns(const DatasetPtr& data, const StepSpec& step, const TableStepContext& context) {
  if (data->rows() > 0 && !context.nameless) return data;
  std::vector<Text> named;
  if (const auto* join_step = std::get_if<JoinStep>(&step.body); join_step != nullptr && data->rows() > 0) {
    for (const auto& [left, right] : join_step->on) named.push_back(left);
  }
  if (const auto* distinct_step = std::get_if<DistinctStep>(&step.body)) named = distinct_step->columns;
  if (const auto* group_step = std::get_if<GroupStep>(&step.body)) named = group_step->by;
  if (const auto* session_step = std::get_if<SessionizeStep>(&step.body)) {
    named = session_step->by;
    named.push_back(session_step->time);
  }
  if (const auto* sort_step = std::get_if<SortStep>(&step.body)) {
    for (const SortColumn& key : sort_step->columns) named.push_back(key.column);
  }
  if (const auto* encode_step = std::get_if<EncodeStep>(&step.body)) {
    named = encode_columns(*encode_step).value_or(std::vector<Text>{});
  }
  // What a query names it finds in a table without columns by itself.
  const bool asks = std::holds_alternative<GroupStep>(step.body) || std::holds_alternative<SqlStep>(step.body);
  Fields fields = context.nameless && asks && data->rows() == 0 ? Fields{} : data->fields();
  for (const Text& name : named) {
    const auto same = [&](const Field& field) { return field.name == name.value; };
    if (std::none_of(fields.begin(), fields.end(), same)) fields.push_back({name.value, ValueType::kString});
  }
  if (fields.size() == data->fields().size()) return data;
  if (data->rows() > 0) return with_missing_columns(data, fields, context.workspace);
  auto other = std::make_shared<Dataset>(std::move(fields), context.workspace);
  other->finish();
  return other;
}

}  // namespace evclean
