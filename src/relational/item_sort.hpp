// SPDX-License-Identifier: Apache-2.0
// Small items (a padded key and some bytes) of all ranks, sorted by key: ranges of keys are cut from samples, every
// item goes to the rank that owns its range, and each range is sorted where it is. What does not fit into memory waits
// in scratch.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/exchange.hpp"
#include "evclean/relational.hpp"
#include "evclean/stage.hpp"
#include "key_ranges.hpp"
#include "key_sort.hpp"

namespace evclean {

class ItemSort {
 public:
  explicit ItemSort(const Workspace& workspace);

  /// Queues an item. Local.
  void add(std::string_view key, std::string_view payload);
  std::int64_t items() const { return items_; }  ///< queued on this rank
  /// Moves items to their ranges. Collective, once.
  void exchange(OperatorReport& report);
  /// Ranges of this rank after exchange(), numbered over all ranks.
  std::vector<std::int64_t> ranges() const { return staged_->parts(); }
  /// Gives this rank's items, range by range, each sorted by key; a payload lies behind its key (view().end()). A key
  /// never spans two calls. Local.
  void visit(const std::function<void(std::int64_t range, const std::vector<KeyRef>& items)>& take) const;
  std::int64_t spilled_bytes() const;

 private:
  using Take = std::function<void(const std::vector<KeyRef>&)>;

  void close_chunk();
  std::size_t ranges_wanted() const;
  /// Puts the items of a chunk into ranges, in one batch a range.
  static void split(const Batch& chunk, const KeyRanges& ranges,
                    const std::function<void(std::size_t range, const Batch&)>& put);
  void visit_stage(const BatchStage& stage, std::int64_t part, int depth, const Take& take) const;

  const Workspace& workspace_;
  Fields fields_;
  KeySample sample_;
  std::unique_ptr<BatchStage> queued_;  ///< one chunk a part
  std::unique_ptr<BatchStage> staged_;  ///< by range
  std::string bytes_;                   ///< the chunk being filled
  std::vector<std::int32_t> ends_;
  std::int64_t chunks_ = 0, items_ = 0, total_bytes_ = 0, range_bytes_;
};

}  // namespace evclean
