// SPDX-License-Identifier: Apache-2.0
// Rows of whole numbers on their way into a batch.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "batch_rows.hpp"

namespace evclean {

/// Shape: a column for each of `fields`, all of them int64 without missing values. Lifetime: within that of `fields`.
class IntRows {
 public:
  explicit IntRows(const Fields& fields) : fields_(fields), columns_(fields.size()) {}
  void add(std::initializer_list<std::int64_t> values) {
    auto column = columns_.begin();
    for (const std::int64_t value : values) (column++)->push_back(value);
  }
  std::size_t rows() const { return columns_[0].size(); }
  Batch take() {
    Batch batch;
    batch.num_rows = static_cast<std::int64_t>(rows());
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      batch.put(fields_[c].name, int_column(columns_[c]));
      columns_[c].clear();
    }
    return batch;
  }

 private:
  const Fields& fields_;
  std::vector<std::vector<std::int64_t>> columns_;
};

}  // namespace evclean
