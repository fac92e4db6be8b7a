// SPDX-License-Identifier: Apache-2.0
// `partition_by`: a hive folder for each combination of values. The columns become folders and leave the files.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "file_sinks.hpp"

namespace evclean {

/// Where the columns of `partition_by` stand, in its order. Errors: user Error for an unknown column.
std::vector<int> partition_columns(const OutputSpec& spec, const Fields& fields);
/// Errors: user Error if no column is left for the files, as rows need.
void check_columns_left(const OutputSpec& spec, const Fields& fields);
/// The fields of the files.
Fields without_partition_columns(const OutputSpec& spec, const Fields& fields);

/// "day=2026-11-01": name and value percent-encoded, so that neither can leave the folder.
std::string hive_folder(std::string_view name, std::string_view value);
inline constexpr std::string_view kNullPartition = "__HIVE_DEFAULT_PARTITION__";

/// Collective.
std::unique_ptr<Sink> make_partition_sink(std::unique_ptr<FileSink> inside, const FileTarget& target,
                                          const Fields& fields, const Comm& comm);

}  // namespace evclean
