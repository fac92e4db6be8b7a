// SPDX-License-Identifier: Apache-2.0
// The join step: its columns and names, from words to positions.
#pragma once

#include "table_steps.hpp"

namespace evclean {

/// Collective. A side without any row has whatever columns the step names, all missing.
DatasetPtr run_join(const JoinStep& join_step, const StepSpec& step, DatasetPtr left, DatasetPtr right,
                    const TableStepContext& context, OperatorReport& report);

}  // namespace evclean
