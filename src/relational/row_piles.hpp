// SPDX-License-Identifier: Apache-2.0
// Deals the rows of a batch into numbered piles; in a pile they keep their order. Local.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace evclean {

class RowPiles {
 public:
  RowPiles(std::size_t piles, std::size_t most_rows) : dealt_(most_rows), begins_(piles + 1) {}

  void put(std::size_t row, std::size_t pile) { put_if(true, row, pile); }
  /// Without a branch, for what cannot be foretold.
  void put_if(bool wanted, std::size_t row, std::size_t pile) {
    dealt_[count_] = {static_cast<std::int32_t>(row), static_cast<std::int32_t>(pile)};
    count_ += wanted;
    begins_[pile + 1] += wanted;
  }
  /// Calls take(pile, rows) for the piles that have rows, then forgets them.
  template <typename Take>
  void each(Take&& take) {
    for (std::size_t pile = 1; pile < begins_.size(); ++pile) begins_[pile] += begins_[pile - 1];
    dealt_.resize(count_);
    std::vector<std::int32_t> rows(count_);
    std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
    for (const auto& [row, pile] : dealt_) rows[next[static_cast<std::size_t>(pile)]++] = row;
    for (std::size_t pile = 0; pile + 1 < begins_.size(); ++pile) {
      if (begins_[pile] < begins_[pile + 1])
        take(pile, std::span<const std::int32_t>(rows).subspan(begins_[pile], begins_[pile + 1] - begins_[pile]));
    }
  }

 private:
  struct Dealt {
    std::int32_t row, pile;
  };
  std::vector<Dealt> dealt_;
  std::size_t count_ = 0;
  std::vector<std::size_t> begins_;
};

}  // namespace evclean
