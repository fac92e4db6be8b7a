// SPDX-License-Identifier: Apache-2.0
// What a table lacks before a step over all of it, and the order of what is carried along.
#pragma once

#include "table_steps.hpp"

namespace evclean {

/// Columns that carry origins belong behind all others again.
DatasetPtr origins_last(const DatasetPtr& data, const Workspace& workspace);

/// A table without any row, or one that met such a table, may lack columns that a step names (nobody wrote them down):
/// they are there, all missing.
DatasetPtr with_named_columns(const DatasetPtr& data, const StepSpec& step, const TableStepContext& context);

}  // namespace evclean
