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
  /// Nothing more will be added. Local.
  void close() { close_chunk(); }
  std::int64_t items() const { return items_; }        ///< queued on this rank
  std::int64_t bytes() const { return total_bytes_; }  ///< of them, after close()
  const KeySample& sample() const { return sample_; }
  /// Moves items to their ranges, its own or those given. Collective, once.
  void exchange(OperatorReport& report);
  void exchange(OperatorReport& report, const KeyRanges& ranges);
  /// Gives this rank's items, range by range, each sorted by key; a payload lies behind its key (view().end()). A key
  /// never spans two calls. Local.
  void visit(const std::function<void(std::int64_t range, const std::vector<KeyRef>& items)>& take) const;
  std::int64_t spilled_bytes() const;

  /// For who merges items without sorting them: chunks of items by range, and what is in them.
  const BatchStage& staged() const { return *staged_; }
  void drop(std::int64_t range) { staged_->drop(range); }
  static const Fields& fields();
  static void each(const Batch& chunk, const std::function<void(const KeyRef& item)>& take);
  /// Puts the items of a chunk into ranges, in one batch a range.
  static void split(const Batch& chunk, const KeyRanges& ranges,
                    const std::function<void(std::size_t range, const Batch&)>& put);

 private:
  using Take = std::function<void(const std::vector<KeyRef>&)>;

  void close_chunk();
  std::size_t ranges_wanted() const;
  void visit_stage(const BatchStage& stage, std::int64_t part, int depth, const Take& take) const;

  const Workspace& workspace_;
  KeySample sample_;
  std::unique_ptr<BatchStage> queued_;  ///< one chunk a part
  std::unique_ptr<BatchStage> staged_;  ///< by range
  std::string bytes_;                   ///< the chunk being filled
  std::vector<std::int32_t> ends_;
  std::int64_t chunks_ = 0, items_ = 0, total_bytes_ = 0, range_bytes_;
};

}  // namespace evclean
