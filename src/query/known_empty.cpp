// SPDX-License-Identifier: Apache-2.0
#include "known_empty.hpp"

#include "evclean/valueless.hpp"

namespace evclean::query {

QueryPlan plan_knowing(const std::map<std::string, DatasetPtr>& tables, const Workspace& workspace,
                       const std::function<QueryPlan(KnownEmpty)>& plan) {
  KnownEmpty empty;
  for (const auto& [name, data] : tables) {
    if (data->rows() == 0) empty.tables.insert(name);
  }
  try {
    return plan(empty);
  } catch (const ExpressionError&) {
    for (const auto& [name, data] : tables) {
      const std::vector<bool> none = columns_without_values(*data, workspace);
      for (std::size_t c = 0; c < none.size(); ++c) {
        if (none[c]) empty.columns.insert({name, data->fields()[c].name});
      }
    }
    if (empty.columns.empty()) throw;
  }
  return plan(std::move(empty));
}

}  // namespace evclean::query
