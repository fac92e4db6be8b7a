// SPDX-License-Identifier: Apache-2.0
#include "dense_keys.hpp"

#include <arrow/api.h>

#include <algorithm>

namespace evclean {
namespace {

constexpr int kMostWidenings = 16;

/// The column's values, or none when some are missing.
const std::int64_t* values_of(const Batch& batch, int column, std::int64_t first) {
  const arrow::Array& array = *batch.array(column);
  return array.null_count() > 0 ? nullptr : array.data()->GetValues<std::int64_t>(1) + first;
}

}  // namespace

DenseKeys::DenseKeys(const Fields& fields, const std::vector<int>& keys, std::size_t most) : most_(most) {
  for (const int key : keys) {
    if (fields[static_cast<std::size_t>(key)].type == ValueType::kInt64) ranges_.push_back({key});
  }
  if (ranges_.size() < keys.size()) give_up();
}

bool DenseKeys::find(const Batch& batch, std::int64_t first, std::int64_t count, std::vector<std::uint32_t>& groups) {
  if (ranges_.empty()) return false;
  if (!place(batch, first, count) && !(widen(batch, first, count) && place(batch, first, count))) {
    places_.clear();
    return false;
  }
  groups.resize(places_.size());
  bool unknown = false;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const std::uint32_t known = known_[places_[i]];
    unknown |= known == 0;
    groups[i] = known - 1;
  }
  return !unknown;
}

void DenseKeys::learn(const std::vector<std::uint32_t>& groups) {
  for (std::size_t i = 0; i < places_.size(); ++i) known_[places_[i]] = groups[i] + 1;
}

void DenseKeys::clear() { std::fill(known_.begin(), known_.end(), 0); }

void DenseKeys::give_up() {
  ranges_.clear();
  places_.clear();
  known_ = {};
}

/// False when a value is missing or outside of its range.
bool DenseKeys::place(const Batch& batch, std::int64_t first, std::int64_t count) {
  places_.assign(static_cast<std::size_t>(count), 0);
  bool outside = false;
  for (const Range& range : ranges_) {
    const std::int64_t* values = values_of(batch, range.column, first);
    if (values == nullptr) return false;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const std::uint64_t at = static_cast<std::uint64_t>(values[i]) - range.least;
      outside |= at >= range.width;
      places_[i] = places_[i] * static_cast<std::uint32_t>(range.width) + static_cast<std::uint32_t>(at);
    }
  }
  return !outside;
}

/// Ranges that hold these rows too, with some room at both ends.
bool DenseKeys::widen(const Batch& batch, std::int64_t first, std::int64_t count) {
  const auto misses = [&](const Range& range) { return values_of(batch, range.column, first) == nullptr; };
  if (count == 0 || std::any_of(ranges_.begin(), ranges_.end(), misses)) return false;
  std::size_t places = 1;
  for (Range& range : ranges_) {
    const std::int64_t* values = values_of(batch, range.column, first);
    const auto [least, most] = std::minmax_element(values, values + count);
    std::int64_t low = *least, high = *most;
    if (range.width > 0) {
      low = std::min(low, static_cast<std::int64_t>(range.least));
      high = std::max(high, static_cast<std::int64_t>(range.least + range.width - 1));
    }
    const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    if (span >= most_) return give_up(), false;
    const std::uint64_t room = std::min<std::uint64_t>(span / 8, static_cast<std::uint64_t>(low) - INT64_MIN);
    range.least = static_cast<std::uint64_t>(low) - room;
    range.width = span + 1 + room + std::min<std::uint64_t>(span / 8, INT64_MAX - static_cast<std::uint64_t>(high));
    if (range.width > most_ / places) return give_up(), false;
    places *= range.width;
  }
  if (++widened_ > kMostWidenings) return give_up(), false;
  known_.assign(places, 0);
  return true;
}

}  // namespace evclean
