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

void count_raw(const SpanColumn& column, std::int64_t* counts) {
  const char* const base = column.text ? column.text->data() : nullptr;
  for (const Span span : column.spans) {
    counts[1] += !span.missing();
    if (!span.missing() && span.length() == 4) counts[0] += std::memcmp(base + span.offset, "None", 4) == 0;
  }
}

}  // namespace

FrequentNone::FrequentNone(const JoinPlan& plan) : plan_(plan), counts_(plan.kinds.size() * 4) {}

void FrequentNone::count(const Batch& batch, const std::vector<int>& columns, const std::vector<KeyKind>& kinds,
                         std::int64_t* counts) {
  for (std::size_t key = 0; key < columns.size(); ++key) {
    if (kinds[key] != KeyKind::kText) continue;
    if (batch.is_raw(columns[key])) {
      count_raw(batch.raw(columns[key]), counts + 2 * key);
      continue;
    }
    const auto& array = static_cast<const arrow::StringArray&>(*batch.array(columns[key]));
    counts[2 * key] += count_none(array);
    counts[2 * key + 1] += array.length() - array.null_count();
  }
}

std::vector<std::string> FrequentNone::notes_of(const JoinPlan& plan, const std::vector<std::int64_t>& all) {
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < all.size(); i += 2) {
    if (all[i] == 0 || all[i] * 100 < all[i + 1]) continue;
    const std::size_t key = i / 2;
    const bool left = key < plan.kinds.size();
    const int column = left ? plan.spec.left_keys[key] : plan.spec.right_keys[key - plan.kinds.size()];
    notes.push_back(
        fmt::format("the text 'None' is a frequent join key: {:.1f} % of {} ({} side); rows match on it (join before "
                    "fill, or filter "
                    "it out)",
                    100.0 * static_cast<double>(all[i]) / static_cast<double>(all[i + 1]),
                    (left ? plan.left : plan.right)[static_cast<std::size_t>(column)].name, left ? "left" : "right"));
  }
  return notes;
}

}  // namespace evclean
