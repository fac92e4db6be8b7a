// SPDX-License-Identifier: Apache-2.0
// The aggregates that queries and the step group know by name. What they compute lives in the room relational.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evclean::sql {

/// "count", "count(*)", "sum", …
bool is_aggregate_name(std::string_view name);
const std::vector<std::string>& aggregate_names();
/// What to write instead of one that other tools have, as the end of a message; may be empty.
std::string_view aggregate_advice(std::string_view name);

}  // namespace evclean::sql
