// SPDX-License-Identifier: Apache-2.0
// The columns that a step names, found in a table; what is wrong with them is said with the place in the job.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "evclean/encode.hpp"
#include "evclean/error.hpp"

namespace evclean {

/// Throws the user Error for a place in the job file.
[[noreturn]] void fail_encode(const EncodeContext& context, JobPlace place, const std::string& what);

/// Names of the columns that are not carried.
std::vector<std::string> visible_columns(const Dataset& data, const EncodeContext& context);
/// Position of a column. Errors: user Error with the columns there are.
int find_column(const Dataset& data, const Text& name, const EncodeContext& context);
std::vector<int> find_columns(const Dataset& data, const std::vector<Text>& names, const EncodeContext& context);

/// What an aggregate over some columns of a table gives: one row. Collective.
Batch one_row(const Dataset& data, std::vector<Aggregate> aggregates, const EncodeContext& context);
std::int64_t int_at(const Batch& row, std::size_t column);
/// Nothing when the value is missing.
std::optional<double> double_at(const Batch& row, std::size_t column);

/// A name that is not taken yet: with _2, _3 … behind it if need be; at most 200 bytes. Takes it.
std::string free_name(std::string name, std::set<std::string>& taken);

/// 1234567 as 1,234,567.
std::string with_commas(std::int64_t number);

}  // namespace evclean
