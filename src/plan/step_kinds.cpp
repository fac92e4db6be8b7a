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
  return is_one_of<JoinStep, AlignStep, DistinctStep, GroupStep, SessionizeStep, SortStep, SqlStep>(step.body);
}

bool ends_records(const StepSpec& step) {
  return is_one_of<JoinStep, AlignStep, GroupStep, SqlStep, ExplodeStep>(step.body);
}

bool drops_rows(const StepSpec& step) {
  return rejects_rows(step) || is_one_of<FilterStep, LimitStep, SampleStep, DistinctStep>(step.body);
}

bool rejects_rows(const StepSpec& step) {
  const auto* cast = std::get_if<CastStep>(&step.body);
  return cast != nullptr && !cast->null_on_error;
}

}  // namespace evclean
