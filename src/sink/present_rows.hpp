// SPDX-License-Identifier: Apache-2.0
// Which columns of a row hold a value, as bits: a row of many columns is written by visiting those that do.
#pragma once

#include <cstdint>
#include <vector>

#include "value_column.hpp"

namespace evclean {

/// Turns 64 rows of bits by 64 columns into 64 columns by 64 rows.
void transpose_bits(std::uint64_t (&bits)[64]) noexcept;

/// Looks at 64 rows at a time. Lifetime: the columns'.
class PresentRows {
 public:
  PresentRows(const std::vector<ValueColumn>& columns, std::int64_t rows)
      : columns_(columns), rows_(rows), words_((columns.size() + 63) / 64), bits_(words_ * 64) {}

  /// Words of 64 columns in a row.
  std::size_t words() const noexcept { return words_; }
  /// Bit c of word w: column 64 w + c has a value in this row. Rows must come in ascending order.
  std::uint64_t word(std::int64_t row, std::size_t w) {
    if (row >= end_) [[unlikely]]
      load(row);
    return bits_[w * 64 + static_cast<std::size_t>(row - first_)];
  }

 private:
  void load(std::int64_t row);

  const std::vector<ValueColumn>& columns_;
  std::int64_t rows_;
  std::size_t words_;
  std::int64_t first_ = 0;
  std::int64_t end_ = 0;
  std::vector<std::uint64_t> bits_;
};

}  // namespace evclean
