// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parquet_column.hpp"

namespace evclean {

std::unique_ptr<ParquetColumn> make_parquet_texts();
/// For int64, float64, date and timestamp.
std::unique_ptr<ParquetColumn> make_parquet_numbers(ValueType type);
std::unique_ptr<ParquetColumn> make_parquet_booleans();

}  // namespace evclean
