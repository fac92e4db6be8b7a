// SPDX-License-Identifier: Apache-2.0
// What a warehouse must be told of a column, from all its values.
#pragma once

#include <cstdint>
#include <vector>

#include "evclean/batch.hpp"

namespace evclean {

/// Merging is commutative and associative.
struct ColumnProfile {
  std::int64_t rows = 0;
  std::int64_t max_bytes = 0;  ///< of texts
  std::int64_t missing = 0;
  std::int64_t empty_texts = 0;
  std::int64_t line_breaks = 0;  ///< texts with a LF or CR
  std::int64_t nul_bytes = 0;    ///< texts with a NUL

  void merge(const ColumnProfile& other);
};

/// One profile a column. Local.
std::vector<ColumnProfile> profile_columns(const Batch& batch, std::size_t columns);

}  // namespace evclean
