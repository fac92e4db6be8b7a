// SPDX-License-Identifier: Apache-2.0
// Every row meets every row: the right side goes to all ranks.
#include <algorithm>
#include <numeric>

#include "evclean/record_batch.hpp"
#include "join_run.hpp"
#include "pair_joiner.hpp"
#include "row_cursor.hpp"

namespace evclean {
namespace {

/// The right rows of one rank's copy, by part.
std::int64_t bytes_of(const BatchStage& staged) {
  std::int64_t bytes = 0;
  for (const std::int64_t part : staged.parts()) bytes += staged.bytes(part);
  return bytes;
}

/// All right rows are in memory: pairs of many left rows make a batch.
void pair_in_memory(JoinRun& run, const BatchStage& staged, PairJoiner& joiner, std::int64_t& part_now) {
  std::vector<Batch> batches;
  for (const std::int64_t part : staged.parts()) {
    for (Batch& batch : staged.read(part)) batches.push_back(std::move(batch));
  }
  std::vector<int> every(staged.fields().size());
  std::iota(every.begin(), every.end(), 0);
  const arrow::ArrayVector payload = concatenated(batches, every, staged.fields());
  std::int64_t right_count = 0;
  for (const Batch& batch : batches) right_count += batch.num_rows;
  each_left(run, [&](std::int64_t part, const Batch& batch) {
    part_now = part;
    joiner.begin(batch, payload);
    std::vector<std::int32_t> left_rows, right_rows;
    for (std::int32_t row = 0; row < batch.num_rows; ++row) {
      for (std::int32_t right = 0; right < right_count; ++right) {
        left_rows.push_back(row);
        right_rows.push_back(right);
        if (left_rows.size() == kPairRows) joiner.feed(std::exchange(left_rows, {}), std::exchange(right_rows, {}));
      }
    }
    joiner.feed(std::move(left_rows), std::move(right_rows));
    joiner.finish();
  });
}

/// The right rows are in scratch: they are read once for every left row.
void pair_from_scratch(JoinRun& run, const BatchStage& staged, PairJoiner& joiner, std::int64_t& part_now,
                       std::int64_t& first_right) {
  each_left(run, [&](std::int64_t part, const Batch& batch) {
    part_now = part;
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      run.workspace.pause();
      joiner.begin(slice_batch(batch, row, 1), empty_columns(staged.fields()));
      first_right = 0;
      const auto meet = [&](const Batch& right) {
        std::vector<std::int32_t> right_rows(static_cast<std::size_t>(right.num_rows));
        std::iota(right_rows.begin(), right_rows.end(), 0);
        arrow::ArrayVector payload;
        for (std::size_t c = 0; c < right.columns.size(); ++c) payload.push_back(right.array(static_cast<int>(c)));
        joiner.change_payload(std::move(payload));
        joiner.feed(std::vector<std::int32_t>(right_rows.size(), 0), std::move(right_rows));
        first_right += right.num_rows;
      };
      for (const std::int64_t right_part : staged.parts()) staged.visit(right_part, meet);
      joiner.finish();
    }
  });
}

}  // namespace

void join_every_row(JoinRun& run) {
  BatchStage staged(project(run.plan.right, run.plan.spec.payload), run.workspace.budget, run.workspace.scratch_dir);
  send_right_to_all(run, run.plan.spec.payload,
                    [&](std::int64_t part, const Batch& rows) { staged.append(part, rows); });
  std::int64_t part_now = 0, first_right = 0;
  PairJoiner::Matched matched;
  if (run.marks) {
    matched = [&](std::span<const std::int32_t> rows) {
      for (const std::int32_t row : rows) run.marks->mark(first_right + row);
    };
  }
  PairJoiner joiner(
      run.plan, [&](const Batch& rows) { run.result->append(part_now, rows); }, matched);
  if (bytes_of(staged) <= run.memory_bytes && run.right.rows() < INT32_MAX) {
    pair_in_memory(run, staged, joiner, part_now);
  } else {
    pair_from_scratch(run, staged, joiner, part_now, first_right);
  }
  run.spilled_bytes += staged.spilled_bytes();
}

}  // namespace evclean
