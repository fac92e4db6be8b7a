// SPDX-License-Identifier: Apache-2.0
#include "record_limit.hpp"

namespace evclean {

void RecordLimit::cut(DecodeResult& result) {
  if (records_ < 0) return;
  const std::int64_t room = records_ - read_;
  Batch& batch = result.batch;
  std::size_t row = 0, reject = 0;
  for (std::int64_t taken = 0; taken < room; ++taken) {
    const bool rows_left = row < batch.records.size(), rejects_left = reject < result.rejects.size();
    if (!rows_left && !rejects_left) break;
    const bool row_first = rows_left && (!rejects_left || batch.source_offset(static_cast<std::int64_t>(row)) <
                                                              result.rejects[reject].byte_offset);
    ++(row_first ? row : reject);
  }
  read_ += static_cast<std::int64_t>(row + reject);
  if (row == batch.records.size() && reject == result.rejects.size()) return;
  std::vector<std::int32_t> kept(row);
  for (std::size_t i = 0; i < row; ++i) kept[i] = static_cast<std::int32_t>(i);
  batch.keep(kept);
  result.rejects.resize(reject);
  result.lines = static_cast<std::int64_t>(row + reject) + result.blank;
}

}  // namespace evclean
