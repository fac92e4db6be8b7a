// SPDX-License-Identifier: Apache-2.0
// Stands in for table_steps.cpp until the rooms relational and query are there.
#include "table_steps.hpp"

namespace evclean {

std::vector<std::string> tables_used(const Job&, const TableSpec& spec) {
  if (spec.sql) fail_user("sql is not available yet");
  for (const StepSpec& step : spec.steps) {
    if (is_table_step(step)) fail_user("{} is not available yet", step.name);
  }
  return {};
}
std::optional<std::vector<std::string>> columns_used(const Job&, const StepSpec&, const std::string&, const Fields&) {
  return std::nullopt;
}
std::optional<std::vector<std::string>> query_columns(const Job&, const Text&, const std::string&, const Fields&) {
  return std::nullopt;
}
DatasetPtr run_table_step(const StepSpec& step, const DatasetPtr&, const TableStepContext&) {
  fail_user("{} is not available yet", step.name);
}
DatasetPtr run_table_query(const Text&, const TableStepContext&) { fail_user("sql is not available yet"); }

}  // namespace evclean
