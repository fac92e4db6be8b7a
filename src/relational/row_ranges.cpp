// SPDX-License-Identifier: Apache-2.0
#include "row_ranges.hpp"

#include <arrow/api.h>

#include <algorithm>

#include "batch_rows.hpp"

namespace evclean {

std::int64_t bytes_of(const Batch& batch) {
  std::int64_t bytes = 0;
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    bytes += array_bytes(*batch.array(static_cast<int>(c)));
  }
  return bytes;
}

std::int64_t Gathering::batch_bytes(const Batch& batch) { return bytes_of(batch); }
Batch Gathering::join(const std::vector<Batch>& batches) { return concatenate_batches(batches); }

void sample_rows(const Batch& batch, const KeyCodec& codec, KeySample& sample) {
  std::vector<std::int32_t> rows;
  for (std::int64_t i = 0; i < batch.num_rows; ++i) {
    if (sample.wants_next()) rows.push_back(static_cast<std::int32_t>(i));
  }
  if (rows.empty()) return;
  const Batch sampled = gather_rows(batch, rows);
  KeyRows keys;
  codec.encode(sampled, 0, sampled.num_rows, keys);
  for (std::size_t i = 0; i < keys.rows; ++i) sample.take(keys.view(i));
}

void split_rows(const Batch& batch, const KeyCodec& codec, const KeyRanges& ranges,
                const std::function<void(std::size_t, std::span<const std::int32_t>)>& put) {
  std::vector<std::uint32_t> range_of(static_cast<std::size_t>(batch.num_rows));
  std::vector<std::size_t> ends(ranges.size() + 1, 0);
  KeyRows keys;
  each_chunk(batch, [&](std::int64_t first, std::int64_t count) {
    if (ranges.size() > 1) codec.encode(batch, first, count, keys);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      const std::size_t range = ranges.size() > 1 ? ranges.find(keys.view(i)) : 0;
      range_of[static_cast<std::size_t>(first) + i] = static_cast<std::uint32_t>(range);
      ++ends[range + 1];
    }
  });
  for (std::size_t r = 1; r < ends.size(); ++r) ends[r] += ends[r - 1];
  std::vector<std::int32_t> rows(range_of.size());
  std::vector<std::size_t> places(ends.begin(), ends.end() - 1);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[places[range_of[i]]++] = static_cast<std::int32_t>(i);
  for (std::size_t r = 0; r + 1 < ends.size(); ++r) {
    if (ends[r] < ends[r + 1]) put(r, std::span(rows).subspan(ends[r], ends[r + 1] - ends[r]));
  }
}

}  // namespace evclean
