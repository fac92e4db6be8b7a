// SPDX-License-Identifier: Apache-2.0
// Words that cannot be column names in Athena (DDL or SELECT) or Redshift without quotes.
#pragma once

#include <string_view>

namespace evclean::names {

/// `name` in lower case. The lists belong to version 1 of the rule: a change of them is a new version.
bool is_reserved(std::string_view name);

}  // namespace evclean::names
