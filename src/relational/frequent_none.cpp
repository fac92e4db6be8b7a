// SPDX-License-Identifier: Apache-2.0
#include "frequent_none.hpp"

#include <arrow/array.h>

#include <cstring>

namespace evclean {
namespace {

std::int64_t count_none(const arrow::StringArray& array) {
  const std::int32_t* offsets = array.raw_value_offsets();
  const auto* text = reinterpret_cast<const char*>(array.raw_data());
  std::int64_t found = 0;
  for (std::int64_t i = 0; i < array.length(); ++i) {
    if (offsets[i + 1] - offsets[i] == 4) found += std::memcmp(text + offsets[i], "None", 4) == 0 && array.IsValid(i);
  }
  return found;
}

}  // namespace

FrequentNone::FrequentNone(const JoinPlan& plan) : plan_(plan), counts_(plan.kinds.size() * 4) {}

void FrequentNone::count(const Batch& batch, const std::vector<int>& columns, std::size_t first) {
  for (std::size_t key = 0; key < columns.size(); ++key) {
    if (plan_.kinds[key] != KeyKind::kText) continue;
    const auto& array = static_cast<const arrow::StringArray&>(*batch.array(columns[key]));
    counts_[(first + key) * 2] += count_none(array);
    counts_[(first + key) * 2 + 1] += array.length() - array.null_count();
  }
}

std::vector<std::string> FrequentNone::notes(const Comm& comm) const {
  std::vector<std::string> notes;
  const std::vector<std::int64_t> all = comm.sum(counts_);
  for (std::size_t i = 0; i < all.size(); i += 2) {
    if (all[i] == 0 || all[i] * 100 < all[i + 1]) continue;
    const std::size_t key = i / 2;
    const bool left = key < plan_.kinds.size();
    const int column = left ? plan_.spec.left_keys[key] : plan_.spec.right_keys[key - plan_.kinds.size()];
    notes.push_back(
        fmt::format("the text 'None' is a frequent join key: {:.1f} % of {} ({} side); rows match on it (join before "
                    "fill, or filter "
                    "it out)",
                    100.0 * static_cast<double>(all[i]) / static_cast<double>(all[i + 1]),
                    (left ? plan_.left : plan_.right)[static_cast<std::size_t>(column)].name, left ? "left" : "right"));
  }
  return notes;
}

}  // namespace evclean
