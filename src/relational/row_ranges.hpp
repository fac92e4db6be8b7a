// SPDX-License-Identifier: Apache-2.0
// Rows on their way into ranges of keys. Local.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "evclean/batch.hpp"
#include "key_codec.hpp"
#include "key_ranges.hpp"

namespace evclean {

/// Adds the keys of some of the rows to a sample.
void sample_rows(const Batch& batch, const KeyCodec& codec, KeySample& sample);

/// Calls put(range, rows) for each range that has rows of the batch; rows keep their order.
void split_rows(const Batch& batch, const KeyCodec& codec, const KeyRanges& ranges,
                const std::function<void(std::size_t range, std::span<const std::int32_t> rows)>& put);

/// Puts batches together until splitting them is worth it.
class Gathering {
 public:
  /// Pulls batches until there are enough rows; false when there is none.
  template <typename Next>
  bool pull(Next&& next, Batch& all) {
    std::vector<Batch> together;
    std::int64_t rows = 0, bytes = 0;
    Batch batch;
    while (rows < kRows && bytes < kBytes && next(batch)) {
      rows += batch.num_rows;
      bytes += batch_bytes(batch);
      together.push_back(std::move(batch));
    }
    if (together.empty()) return false;
    all = join(together);
    return true;
  }

 private:
  static constexpr std::int64_t kRows = 1 << 16, kBytes = 8 << 20;
  static std::int64_t batch_bytes(const Batch& batch);
  static Batch join(const std::vector<Batch>& batches);
};

/// Bytes of a batch's values.
std::int64_t bytes_of(const Batch& batch);

}  // namespace evclean
