// SPDX-License-Identifier: Apache-2.0
// Parquet's file metadata, as Thrift trees.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "row_groups.hpp"
#include "thrift_compact.hpp"

namespace evclean {

inline constexpr std::string_view kParquetMagic = "PAR1";

/// A row group of these columns (see ParquetChunk::metadata), as a struct of the footer.
std::string row_group_metadata(std::vector<ThriftValue> columns, std::int64_t rows);

/// Makes the footer of a file with these row groups; schema and the rest come from `empty_file`, a Parquet file
/// of the same schema without rows.
std::string make_footer(std::string_view empty_file, const std::vector<PlacedGroup>& groups, std::int64_t rows);

}  // namespace evclean
