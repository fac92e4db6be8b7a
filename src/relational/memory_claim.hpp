// SPDX-License-Identifier: Apache-2.0
// Memory of a table that may grow as long as the budget of its rank lasts.
#pragma once

#include <cstdint>
#include <memory>

#include "evclean/stage.hpp"

namespace evclean {

class MemoryClaim {
 public:
  /// Needs no leave: a table of this size is what an operator costs at least.
  static constexpr std::int64_t kFreeBytes = 256 << 10;

  explicit MemoryClaim(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}
  ~MemoryClaim() { release(); }
  MemoryClaim(const MemoryClaim&) = delete;
  MemoryClaim& operator=(const MemoryClaim&) = delete;

  /// Says whether the table may have that size; half of the budget is the most.
  bool grow_to(std::int64_t bytes) {
    if (bytes <= kFreeBytes || bytes <= taken_) return true;
    const std::int64_t more = bytes + bytes / 4 - taken_;  // some ahead, so that it is asked seldom
    if (taken_ + more > budget_->bytes() / 2 || !budget_->take(more)) return false;
    taken_ += more;
    return true;
  }
  void release() {
    budget_->give_back(taken_);
    taken_ = 0;
  }

 private:
  std::shared_ptr<MemoryBudget> budget_;
  std::int64_t taken_ = 0;
};

}  // namespace evclean
