// SPDX-License-Identifier: Apache-2.0
#include "warehouse_profile.hpp"

#include <algorithm>

#include "value_column.hpp"

namespace evclean {

void ColumnProfile::merge(const ColumnProfile& other) {
  rows += other.rows;
  max_bytes = std::max(max_bytes, other.max_bytes);
  missing += other.missing;
  empty_texts += other.empty_texts;
  line_breaks += other.line_breaks;
  nul_bytes += other.nul_bytes;
}

std::vector<ColumnProfile> profile_columns(const Batch& batch, std::size_t columns) {
  const std::vector<ValueColumn> values = value_columns(batch, columns);
  std::vector<ColumnProfile> profiles(values.size());
  for (std::size_t c = 0; c < values.size(); ++c) {
    const ValueColumn& column = values[c];
    const bool is_text = column.kind == ValueColumn::Kind::kSpans || column.kind == ValueColumn::Kind::kUtf8;
    ColumnProfile& profile = profiles[c];
    profile.rows = batch.num_rows;
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      if (column.missing(row)) {
        ++profile.missing;
      } else if (is_text) {
        const std::string_view text = column.string(row);
        profile.max_bytes = std::max(profile.max_bytes, static_cast<std::int64_t>(text.size()));
        profile.empty_texts += text.empty();
        profile.line_breaks += text.find_first_of("\n\r") != std::string_view::npos;
        profile.nul_bytes += text.find('\0') != std::string_view::npos;
      }
    }
  }
  return profiles;
}

}  // namespace evclean
