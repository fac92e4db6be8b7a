// SPDX-License-Identifier: Apache-2.0
#include "known_empty.hpp"

#include <exception>

#include "evclean/valueless.hpp"

namespace evclean::query {

QueryPlan plan_knowing(const std::map<std::string, DatasetPtr>& tables, const std::set<std::string>& open,
                       const std::function<QueryPlan(KnownEmpty)>& plan) {
  KnownEmpty empty;
  empty.open = open;
  for (const auto& [name, data] : tables) {
    if (data->rows() == 0) empty.tables.insert(name);
  }
  std::exception_ptr mistake;
  std::size_t position = 0;
  try {
    return plan(empty);
  } catch (const ExpressionError& error) {
    mistake = std::current_exception();
    position = error.position();
    for (const auto& [name, data] : tables) {
      const std::vector<bool> none = columns_without_values(*data);
      for (std::size_t c = 0; c < none.size(); ++c) {
        if (none[c]) empty.columns.insert({name, data->fields()[c].name});
      }
    }
    if (empty.columns.empty()) throw;
  }
  try {
    return plan(std::move(empty));
  } catch (const ExpressionError& error) {
    if (error.position() == position) std::rethrow_exception(mistake);  // it speaks of the columns as they are
    throw;
  }
}

}  // namespace evclean::query
