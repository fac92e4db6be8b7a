// SPDX-License-Identifier: Apache-2.0
// Columns of a dataset in which no value stands. They are strings for want of anything better, and fit as null whatever
// wants another type: a day without a single number must not end a job that adds them up.
#pragma once

#include <vector>

#include "evclean/dataset.hpp"

namespace evclean {

/// For each column whether it is a string without any value.
std::vector<bool> columns_without_values(const Dataset& data);

/// The dataset with one column as of `type` when it is a string without any value, else as it is. Collective.
DatasetPtr fitting(const DatasetPtr& data, int column, ValueType type, const Workspace& workspace);

}  // namespace evclean
