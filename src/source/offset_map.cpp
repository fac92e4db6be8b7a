// SPDX-License-Identifier: Apache-2.0
#include "evclean/offset_map.hpp"

#include <algorithm>

namespace evclean {
namespace {
constexpr std::size_t kMostShifts = 1 << 20;
}

std::int64_t OffsetMap::to_source(std::int64_t text) const noexcept {
  if (shifts_.empty()) return text;
  const auto after = std::upper_bound(shifts_.begin(), shifts_.end(), text,
                                      [](std::int64_t offset, const Shift& shift) { return offset < shift.text; });
  if (after != shifts_.begin()) return text - std::prev(after)->shift;
  return text - before_;
}

std::int64_t OffsetMap::to_text(std::int64_t source) const noexcept {
  if (shifts_.empty()) return source;
  const auto after =
      std::upper_bound(shifts_.begin(), shifts_.end(), source,
                       [](std::int64_t offset, const Shift& shift) { return offset < shift.text - shift.shift; });
  if (after != shifts_.begin()) return source + std::prev(after)->shift;
  return source + before_;
}

void OffsetMap::add(std::int64_t text_end, std::int64_t delta) {
  const std::int64_t shift = (shifts_.empty() ? 0 : shifts_.back().shift) + delta;
  shifts_.push_back({text_end, shift});
  if (shifts_.size() <= kMostShifts) return;
  before_ = shifts_.front().shift;
  shifts_.pop_front();
}

}  // namespace evclean
