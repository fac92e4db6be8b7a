// SPDX-License-Identifier: Apache-2.0
// Rank 0's view of a pass: hears of every split that is done, checks that neighbours meet, orders splits to be read
// again, leaves out damaged files, keeps the reject budget, and moves the progress bar.
#pragma once

#include "evclean/ledger.hpp"
#include "split_reader.hpp"

namespace evclean {

/// What a rank says of a split it has read.
struct SplitNews {
  bool failed = false;
  bool certain = true;       ///< this reading will count (else: once its neighbours were compared)
  std::int64_t records = 0;  ///< not blank
  std::int64_t rejected = 0;
  std::vector<SegmentOutcome> segments;  ///< file, first, end, skipped and damage.damaged only

  std::string pack() const;
  static SplitNews unpack(const std::string& bytes);
};

std::string pack_orders(const ReadOrders& orders);
ReadOrders unpack_orders(const std::string& bytes);

/// Told of progress, on rank 0.
class Monitor {
 public:
  virtual ~Monitor() = default;
  virtual void advance(std::int64_t stored_bytes, std::int64_t records) = 0;
};

class SplitJudge final : public TicketDesk::Judge {
 public:
  SplitJudge(const TableInput& input, TicketDesk& desk, Monitor* monitor);
  void done(int rank, const TicketDesk::Done& done) override;

  /// The rank whose reading of each split counts; -1: never read.
  const std::vector<std::int32_t>& owners() const { return owners_; }
  /// Files left out (corrupt: skip).
  const std::set<std::int32_t>& excluded() const { return excluded_; }
  bool over_budget() const { return over_budget_; }

 private:
  struct Chain {  ///< the segments of one file, in order
    std::vector<std::pair<std::int32_t, int>> segments;
    std::size_t checked = 0;
    std::int64_t end = 0;
  };

  void check(std::int32_t file);
  void again(std::int32_t split);
  void leave_out(std::int32_t file);
  void keep_budget(std::int32_t split);
  void keep_file_budget(std::int32_t file);

  const TableInput& input_;
  TicketDesk& desk_;
  Monitor* monitor_;
  std::vector<std::int32_t> owners_;
  std::vector<std::optional<SplitNews>> news_;
  std::map<std::int32_t, ReadOrders> orders_;
  std::map<std::int32_t, Chain> chains_;
  std::set<std::int32_t> excluded_;
  std::vector<std::int64_t> counted_;  ///< a split: its rejects in rejected_
  std::int64_t rejected_ = 0;
  bool over_budget_ = false;
};

}  // namespace evclean
