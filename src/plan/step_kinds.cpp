// SPDX-License-Identifier: Apache-2.0
#include "table_steps.hpp"

namespace evclean {
namespace {

template <typename... Steps>
bool is_one_of(const StepBody& body) {
  return (std::holds_alternative<Steps>(body) || ...);
}

}  // namespace

bool is_table_step(const StepSpec& step) {
  return is_one_of<JoinStep, AlignStep, DistinctStep, GroupStep, SessionizeStep, SortStep, SqlStep, EncodeStep>(
      step.body);
}

std::size_t next_table_step(const TableSpec& spec, std::size_t from, std::size_t end) {
  while (from < end && !is_table_step(spec.steps[from])) ++from;
  return from;
}

TableSpec with_steps(const TableSpec& spec, std::size_t begin, std::size_t end) {
  TableSpec piece = spec;
  piece.steps.assign(spec.steps.begin() + static_cast<std::ptrdiff_t>(begin),
                     spec.steps.begin() + static_cast<std::ptrdiff_t>(end));
  return piece;
}

bool ends_records(const StepSpec& step) {
  return is_one_of<JoinStep, AlignStep, GroupStep, SqlStep, ExplodeStep>(step.body);
}

bool makes_columns(const StepSpec& step) { return is_one_of<GroupStep, SqlStep>(step.body); }

bool drops_rows(const StepSpec& step) {
  return rejects_rows(step) || is_one_of<FilterStep, LimitStep, SampleStep, DistinctStep>(step.body);
}

bool rejects_rows(const StepSpec& step) {
  const auto* cast = std::get_if<CastStep>(&step.body);
  return cast != nullptr && !cast->null_on_error;
}

}  // namespace evclean
