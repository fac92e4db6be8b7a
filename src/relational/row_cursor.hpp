// SPDX-License-Identifier: Apache-2.0
// Walks this rank's rows of a dataset, batch by batch, in order. Local.
#pragma once

#include "evclean/dataset.hpp"

namespace evclean {

class RowCursor {
 public:
  /// `drains`: nobody comes after this one, so what it has given is forgotten.
  explicit RowCursor(const Dataset& data, bool drains = false) : data_(data), drains_(drains), mine_(data.mine()) {
    settle();
  }

  bool done() const { return at_ == mine_.size(); }
  std::int64_t part() const { return mine_[at_]; }
  /// Number, over the whole table, of the first row of the batch that take() gives.
  std::int64_t first_row() const { return data_.parts()[static_cast<std::size_t>(part())].first_row + rows_before_; }
  /// Gives the batch and moves on.
  Batch take() {
    Batch batch = drains_ ? data_.take(part(), index_) : data_.batch(part(), index_);
    ++index_;
    rows_before_ += batch.num_rows;
    settle();
    return batch;
  }

 private:
  void settle() {
    for (; at_ < mine_.size() && index_ == data_.batches(mine_[at_]); ++at_) index_ = rows_before_ = 0;
  }

  const Dataset& data_;
  bool drains_;
  std::vector<std::int64_t> mine_;
  std::size_t at_ = 0;
  std::int64_t index_ = 0, rows_before_ = 0;
};

}  // namespace evclean
