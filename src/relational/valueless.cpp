// SPDX-License-Identifier: Apache-2.0
#include "evclean/valueless.hpp"

#include <arrow/array.h>
#include <arrow/array/util.h>

#include "evclean/arrow_status.hpp"
#include "evclean/relational.hpp"

namespace evclean {

std::vector<bool> columns_without_values(const Dataset& data, const Workspace& workspace) {
  const Fields& fields = data.fields();
  std::vector<std::int64_t> values(fields.size(), 0);
  workspace.comm.agree([&] {
    for (const std::int64_t part : data.mine()) {
      data.visit(part, [&](const Batch& batch) {
        workspace.pause();
        for (std::size_t c = 0; c < fields.size(); ++c) {
          const arrow::Array& array = *batch.array(static_cast<int>(c));
          values[c] += array.length() - array.null_count();
        }
      });
    }
  });
  std::vector<bool> none(fields.size());
  values = workspace.comm.sum(std::move(values));
  for (std::size_t c = 0; c < fields.size(); ++c) none[c] = values[c] == 0 && fields[c].type == ValueType::kString;
  return none;
}

DatasetPtr fitting(const DatasetPtr& data, int column, ValueType type, const Workspace& workspace) {
  Fields fields = data->fields();
  ValueType& own = fields[static_cast<std::size_t>(column)].type;
  if (own != ValueType::kString || type == ValueType::kString) return data;
  if (!columns_without_values(*data, workspace)[static_cast<std::size_t>(column)]) return data;
  own = type;
  return transform(*data, fields, workspace, [&](Batch batch) {
    batch.columns[static_cast<std::size_t>(column)] =
        take_arrow(arrow::MakeArrayOfNull(arrow_type(type), batch.num_rows), "missing values");
    return batch;
  });
}

}  // namespace evclean
