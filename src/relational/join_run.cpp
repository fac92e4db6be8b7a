// SPDX-License-Identifier: Apache-2.0
#include "join_run.hpp"

#include <arrow/api.h>
#include <arrow/array/concatenate.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "evclean/arrow_status.hpp"
#include "pair_joiner.hpp"
#include "row_cursor.hpp"

namespace evclean {

std::int64_t send_to_all(const Dataset& data, const std::vector<int>& columns, const Workspace& workspace,
                         const std::function<void(const Batch&)>& look,
                         const std::function<void(std::int64_t part, Batch)>& take) {
  RowCursor cursor(data);
  const auto produce = [&](Shipper& ship) {
    if (cursor.done()) return false;
    const std::int64_t part = cursor.part();
    const Batch whole = cursor.take();
    look(whole);
    const Batch batch = project(whole, columns);
    for (int rank = 0; rank < workspace.comm.size(); ++rank) ship.put(rank, part, batch);
    return !cursor.done();
  };
  return exchange(workspace, project(data.fields(), columns), produce,
                  [&](int, std::int64_t part, Batch rows) { take(part, std::move(rows)); })
      .bytes_sent;
}

void send_right_to_all(JoinRun& run, const std::vector<int>& columns,
                       const std::function<void(std::int64_t part, Batch)>& take) {
  const auto look = [&](const Batch& batch) { run.none.count_right(batch); };
  run.bytes_sent += send_to_all(run.right, columns, run.workspace, look, take);
}

std::vector<Batch> gather_on_all(const Dataset& data, const std::vector<int>& columns, const Workspace& workspace,
                                 const std::function<void(const Batch&)>& look, std::int64_t& bytes_sent) {
  std::map<std::int64_t, std::vector<Batch>> parts;
  bytes_sent += send_to_all(data, columns, workspace, look,
                            [&](std::int64_t part, Batch rows) { parts[part].push_back(std::move(rows)); });
  std::vector<Batch> batches;
  for (auto& [part, list] : parts) std::move(list.begin(), list.end(), std::back_inserter(batches));
  return batches;
}

void each_left(JoinRun& run, const std::function<void(std::int64_t part, const Batch&)>& take) {
  run.comm().agree([&] {
    for (RowCursor cursor(run.left, run.drains_left); !cursor.done();) {
      run.workspace.pause();
      const std::int64_t part = cursor.part();
      const Batch batch = cursor.take();
      run.none.count_left(batch);
      take(part, batch);
    }
  });
}

std::int64_t JoinRun::waiting_rows(const std::vector<double>& widths, const std::vector<int>& columns) const {
  return static_cast<std::int64_t>(static_cast<double>(memory_bytes) / 8 / (width_of(widths, columns) + 8));
}

std::vector<int> build_columns(const JoinPlan& plan, std::vector<int>& key_places, std::vector<int>& payload_places) {
  std::vector<int> columns;
  const auto place_of = [&](int column) {
    const auto found = std::find(columns.begin(), columns.end(), column);
    if (found != columns.end()) return static_cast<int>(found - columns.begin());
    columns.push_back(column);
    return static_cast<int>(columns.size()) - 1;
  };
  for (const int key : plan.spec.right_keys) key_places.push_back(place_of(key));
  if (plan.needs_payload()) {
    for (const int column : plan.spec.payload) payload_places.push_back(place_of(column));
  }
  return columns;
}

arrow::ArrayVector concatenated(const std::vector<Batch>& batches, const std::vector<int>& columns,
                                const Fields& fields) {
  if (batches.empty()) return empty_columns(fields);
  arrow::ArrayVector whole;
  for (const int column : columns) {
    arrow::ArrayVector pieces;
    for (const Batch& batch : batches) pieces.push_back(batch.array(column));
    whole.push_back(pieces.size() == 1 ? pieces[0]
                                       : take_arrow(arrow::Concatenate(pieces), "putting the right side together"));
  }
  return whole;
}

std::vector<double> column_widths(const Dataset& data, const Comm& comm) {
  std::vector<std::int64_t> sums(data.fields().size() + 1);  // bytes a column, then rows
  comm.agree([&] {
    if (RowCursor cursor(data); !cursor.done()) {
      const Batch batch = cursor.take();
      for (std::size_t c = 0; c < batch.columns.size(); ++c) {
        sums[c] = array_bytes(*batch.array(static_cast<int>(c)));
      }
      sums.back() = batch.num_rows;
    }
  });
  std::vector<double> widths;
  sums = comm.sum(std::move(sums));
  const double rows = std::max<double>(1, static_cast<double>(sums.back()));
  for (std::size_t c = 0; c + 1 < sums.size(); ++c) widths.push_back(static_cast<double>(sums[c]) / rows);
  return widths;
}

double width_of(const std::vector<double>& widths, const std::vector<int>& columns) {
  double bytes = 0;
  for (const int column : columns) bytes += widths[static_cast<std::size_t>(column)];
  return bytes;
}

}  // namespace evclean
