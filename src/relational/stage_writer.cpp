// SPDX-License-Identifier: Apache-2.0
#include "stage_writer.hpp"

#include <numeric>

#include "join_run.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kRowsEnough = 2048;
/// What comes with so many rows, and need not wait for its turn, is not copied.
constexpr std::int64_t kRowsAlone = 512;

}  // namespace

void StageWriter::flush(std::int64_t part, Waiting& waiting) {
  if (waiting.rows == 0) return;
  std::vector<int> columns(stage_.fields().size());
  std::iota(columns.begin(), columns.end(), 0);
  Batch whole;
  whole.num_rows = waiting.rows;
  whole.names = waiting.batches[0].names;
  for (auto& column : concatenated(waiting.batches, columns, stage_.fields())) {
    whole.columns.emplace_back(std::move(column));
  }
  waiting_rows_ -= waiting.rows;
  waiting = {};
  stage_.append(part, whole);
}

void StageWriter::append(std::int64_t part, const Batch& batch) {
  Waiting& waiting = parts_[part];
  if (waiting.rows == 0 && batch.num_rows >= kRowsAlone) return stage_.append(part, batch);
  waiting.batches.push_back(batch);
  waiting.rows += batch.num_rows;
  waiting_rows_ += batch.num_rows;
  if (waiting.rows >= kRowsEnough) {
    flush(part, waiting);
  } else if (waiting_rows_ > most_waiting_) {
    finish();
  }
}

void StageWriter::finish() {
  for (auto& [part, waiting] : parts_) flush(part, waiting);
}

}  // namespace evclean
