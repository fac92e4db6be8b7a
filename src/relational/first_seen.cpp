// SPDX-License-Identifier: Apache-2.0
#include "first_seen.hpp"

namespace evclean {

const std::vector<std::int32_t>& FirstSeen::look(const Batch& batch, std::int64_t first, std::int64_t count) {
  table_.encode(batch, first, count, keys_);
  fresh_.clear();
  auto next = static_cast<std::uint32_t>(table_.size());
  if (learns_) {
    table_.find_or_add(keys_, groups_);
  } else {
    table_.find(keys_, groups_);
  }
  for (std::size_t i = 0; i < keys_.rows; ++i) {
    const bool is_new = learns_ ? groups_[i] == next : groups_[i] == GroupTable::kNone;
    if (!is_new) continue;
    ++next;
    fresh_.push_back(static_cast<std::int32_t>(i));
  }
  rows_ += count;
  if (learns_ && !claim_.grow_to(table_.memory_bytes())) {
    exact_ = false;
    if (static_cast<std::int64_t>(table_.size()) * 4 > rows_ * 3) {
      learns_ = false;  // what it knows serves keys that come often
    } else {
      table_.clear();
      claim_.release();
      rows_ = 0;
    }
  }
  return fresh_;
}

}  // namespace evclean
