// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <algorithm>

#include "evclean/arrow_status.hpp"
#include "join_run.hpp"
#include "key_table.hpp"
#include "matcher.hpp"
#include "pair_joiner.hpp"
#include "row_cursor.hpp"

namespace evclean {
namespace {

PairJoiner::Matched marker(JoinRun& run) {
  if (!run.marks) return {};
  return [&run](std::span<const std::int32_t> rows) {
    for (const std::int32_t row : rows) run.marks->mark(row);
  };
}

/// Candidate pairs of a batch by its entries in the table, in bounded pieces.
void feed_pairs(PairJoiner& joiner, const KeyTable& table, const std::vector<std::int32_t>& entries) {
  std::vector<std::int32_t> left_rows, right_rows;
  const auto feed = [&] { joiner.feed(std::exchange(left_rows, {}), std::exchange(right_rows, {})); };
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i] < 0) continue;
    for (const std::int32_t row : table.rows_of(entries[i])) {
      left_rows.push_back(static_cast<std::int32_t>(i));
      right_rows.push_back(row);
      if (left_rows.size() == kPairRows) feed();
    }
  }
  feed();
}

}  // namespace

void take_by_broadcast(JoinRun& run) {
  const TravelLayout layout(run.plan, true, &run.taken_left);
  const auto look = [&](const Batch& batch) { run.none.count_right(batch); };
  std::vector<Batch> batches = gather_on_all(run.right, layout.right_columns, run.workspace, look, run.bytes_sent);
  std::optional<Matcher> matcher;
  run.comm().agree([&] { matcher.emplace(run.plan, layout, std::move(batches)); });
  each_left(run,
            [&](std::int64_t, const Batch& batch) { matcher->match(project(batch, layout.left_columns), *run.take); });
}

void join_by_broadcast(JoinRun& run) {
  const JoinPlan& plan = run.plan;
  std::vector<int> key_places, payload_places;
  const std::vector<int> columns = build_columns(plan, key_places, payload_places);
  const auto look = [&](const Batch& batch) { run.none.count_right(batch); };
  const std::vector<Batch> batches = gather_on_all(run.right, columns, run.workspace, look, run.bytes_sent);

  KeyTable table;
  KeyMaker makes_right(plan.kinds, key_places);
  std::vector<JoinKey> keys;
  arrow::ArrayVector payload;
  run.comm().agree([&] {
    table.reserve(run.right.rows());
    for (const Batch& batch : batches) {
      makes_right.make(batch, keys);
      table.add(keys);
    }
    table.finish();
    payload = concatenated(batches, payload_places, project(run.right.fields(), plan.spec.payload));
  });

  std::int64_t part_now = 0;
  PairJoiner joiner(
      plan, [&](Batch rows) { run.result->append(part_now, rows); }, marker(run));
  KeyMaker makes_left(plan.kinds, plan.spec.left_keys);
  std::vector<std::int32_t> entries;
  each_left(run, [&](std::int64_t part, const Batch& batch) {
    part_now = part;
    makes_left.make(batch, keys);
    table.find(keys, entries);
    joiner.begin(batch, payload);
    if (table.unique()) {
      joiner.feed_each(entries);
    } else {
      feed_pairs(joiner, table, entries);
    }
    joiner.finish();
    makes_left.forget();
  });
}

}  // namespace evclean
