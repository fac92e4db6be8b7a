// SPDX-License-Identifier: Apache-2.0
#include "evclean/valueless.hpp"

#include <arrow/array/util.h>

#include "evclean/arrow_status.hpp"
#include "evclean/relational.hpp"

namespace evclean {

std::vector<bool> columns_without_values(const Dataset& data) {
  std::vector<bool> none;
  for (const Field& field : data.fields())
    none.push_back(field.type == ValueType::kString && !data.has_value(static_cast<int>(none.size())));
  return none;
}

DatasetPtr fitting(const DatasetPtr& data, int column, ValueType type, const Workspace& workspace) {
  Fields fields = data->fields();
  ValueType& own = fields[static_cast<std::size_t>(column)].type;
  if (own != ValueType::kString || type == ValueType::kString) return data;
  if (!columns_without_values(*data)[static_cast<std::size_t>(column)]) return data;
  own = type;
  return transform(*data, fields, workspace, [&](Batch batch) {
    batch.columns[static_cast<std::size_t>(column)] =
        take_arrow(arrow::MakeArrayOfNull(arrow_type(type), batch.num_rows), "missing values");
    return batch;
  });
}

}  // namespace evclean
