// SPDX-License-Identifier: Apache-2.0
// What a query reads, from its text alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/select.hpp"
#include "evclean/value_type.hpp"

namespace evclean::query {

/// Tables as written, without those of WITH, in order of appearance, once each.
std::vector<std::string> tables_read(const sql::Select& select);

/// Columns of a table that some name in the query may mean; nothing: any.
std::optional<std::vector<std::string>> columns_read(const sql::Select& select, std::string_view table,
                                                     const Fields& fields);

}  // namespace evclean::query
