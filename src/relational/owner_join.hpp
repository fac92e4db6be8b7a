// SPDX-License-Identifier: Apache-2.0
// Joins what has come together at the owner of its hashes, one group of partitions after the other. A group whose right
// side is too large for memory is split by further bits of the hash; a single key that is too large is joined block by
// block. Local; answers go out through a Shipper.
#pragma once

#include <memory>

#include "matcher.hpp"

namespace evclean {

class OwnerJoin {
 public:
  /// `right` holds a group a part, `left` group * ranks + source.
  OwnerJoin(const JoinRun& run, const TravelLayout& layout, std::shared_ptr<BatchStage> right,
            std::shared_ptr<BatchStage> left);
  /// Answers about a batch of left rows; false when all are answered.
  bool produce(Shipper& ship) {
    return step([&](const Batch& answer) { send_home(ship, answer); });
  }
  /// The same, to whoever wants them.
  bool step(const std::function<void(const Batch&)>& answer);
  std::int64_t spilled_bytes() const { return spilled_bytes_; }

 private:
  struct Bucket {
    std::shared_ptr<BatchStage> right, left;
    std::int64_t number = 0;  ///< right part; the left ones are number * ranks + source
    int depth = 0;
    bool single = false;  ///< one hash only: no further split
  };
  std::int64_t left_rows(const Bucket& bucket) const;
  bool fits(const Bucket& bucket) const;
  void split(const Bucket& bucket);
  void begin_next();
  void load_block();
  void end_bucket();
  void send_home(Shipper& ship, const Batch& answer) const;

  const JoinRun& run_;
  const TravelLayout& layout_;
  int ranks_;
  std::vector<Bucket> todo_;
  std::optional<Bucket> now_;
  std::unique_ptr<Matcher> matcher_;
  std::int64_t next_right_ = 0;  ///< batch of the bucket, for the next block
  int source_ = 0;
  std::int64_t next_left_ = 0;  ///< batch of the source
  std::int64_t spilled_bytes_ = 0;
};

}  // namespace evclean
