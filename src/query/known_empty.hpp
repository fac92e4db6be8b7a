// SPDX-License-Identifier: Apache-2.0
// Planning with what the data says about columns without a value, asked only when a plan does not come out without it.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "evclean/dataset.hpp"
#include "planner.hpp"

namespace evclean::query {

/// Calls `plan` with the tables that have no rows, and those that are open; when it finds a mistake, once more with all
/// columns that have no value. Errors: the first ExpressionError of `plan`.
QueryPlan plan_knowing(const std::map<std::string, DatasetPtr>& tables, const std::set<std::string>& open,
                       const std::function<QueryPlan(KnownEmpty)>& plan);

}  // namespace evclean::query
