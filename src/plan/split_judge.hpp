// SPDX-License-Identifier: Apache-2.0
// Rank 0's view of a pass: hears of every split that is done, checks that neighbours meet, orders splits to be read
// again, leaves out damaged files, keeps the reject budget, and moves the progress bar.
#pragma once

#include "evclean/ledger.hpp"
#include "evclean/ticket_policy.hpp"
#include "split_reader.hpp"

namespace evclean {

/// What a rank says of a split it has read.
struct SplitNews {
  bool certain = true;       ///< this reading will count (else: once its neighbours were compared)
  std::int64_t records = 0;  ///< not blank
  std::int64_t rejected = 0;
  std::vector<SegmentOutcome> segments;  ///< file, first, end, text_end, skipped and damage.damaged only
};

/// What a rank says when it has done a ticket: news of its split, or of all parts of a file it has read as a whole.
struct TicketNews {
  bool failed = false;
  bool whole = false;
  std::vector<SplitNews> splits;  ///< from the ticket's number on

  std::string pack() const;
  static TicketNews unpack(const std::string& bytes);
};

/// A split that a rank has taken over from an earlier run.
struct RestoredSplit {
  std::int64_t number = 0;
  int rank = 0;
  SplitNews news;
};

/// Those of all ranks, in the order of the splits. Collective.
std::vector<RestoredSplit> gather_restored(const Comm& comm, const std::map<std::int64_t, SplitNews>& mine);

std::string pack_orders(const ReadOrders& orders);
ReadOrders unpack_orders(const std::string& bytes);

/// Where a reject budget in records is spent.
struct BudgetBreak {
  std::int64_t split = -1;    ///< -1: nowhere
  std::int64_t rejected = 0;  ///< in the splits before it
  std::int64_t of_file = 0;   ///< of these, those of the split's first file
};

/// Told of progress, on rank 0.
class Monitor {
 public:
  virtual ~Monitor() = default;
  virtual void advance(std::int64_t stored_bytes, std::int64_t records) = 0;
};

class SplitJudge final : public TicketPolicy {
 public:
  /// `alone`: one rank reads everything, in input order. `stops_early`: a budget in records that is spent ends it.
  SplitJudge(const TableInput& input, TicketDesk& desk, Monitor* monitor, bool alone, bool stops_early);
  /// Takes splits for done that an earlier run has read; before any ticket is handed out.
  void restore(const std::vector<RestoredSplit>& splits);
  void done(int rank, const TicketDesk::Done& done) override;
  std::size_t pick(int rank, std::deque<TicketDesk::Ticket>& waiting) override;
  void idle() override { idle_(); }
  void set_idle(std::function<void()> idle) { idle_ = std::move(idle); }

  /// The rank whose reading of each split counts; -1: never read.
  const std::vector<std::int32_t>& owners() const { return owners_; }
  /// Files left out (corrupt: skip).
  const std::set<std::int32_t>& excluded() const { return excluded_; }
  const BudgetBreak& budget_break() const { return break_; }

 private:
  struct Chain {  ///< the segments of one file, in order
    std::vector<std::pair<std::int32_t, int>> segments;
    std::size_t checked = 0;
    std::int64_t end = 0;
    std::string state;         ///< in force behind `end`
    bool at_text_end = false;  ///< nothing is left behind `end`
    bool whole = false;        ///< compressed, and read in one go
    int feeder = -1;           ///< the rank that decompresses for all
  };

  void give_orders(int rank, TicketDesk::Ticket& ticket, std::int64_t next);
  std::size_t front_of(const std::deque<TicketDesk::Ticket>& waiting) const;
  std::size_t keep_promise(int rank, const std::deque<TicketDesk::Ticket>& waiting, std::size_t first);
  std::int64_t promise_next(int rank, const std::deque<TicketDesk::Ticket>& waiting, std::size_t given);
  bool take_news(int rank, std::int64_t split, SplitNews news);
  bool meets(const Chain& chain, const SplitSegment& segment, const SegmentOutcome& outcome) const;
  TextAccess access(std::int32_t file) const;
  void read_whole(std::int32_t file);
  void check(std::int32_t file);
  void again(std::int32_t split);
  void forget(std::int32_t split);
  void leave_out(std::int32_t file);
  bool is_settled(std::int64_t split);
  void keep_budget();

  const TableInput& input_;
  TicketDesk& desk_;
  Monitor* monitor_;
  std::vector<std::int32_t> owners_;
  std::vector<std::optional<SplitNews>> news_;
  std::map<std::int32_t, ReadOrders> orders_;
  std::map<std::int32_t, Chain> chains_;
  std::set<std::int32_t> excluded_;
  std::set<std::int64_t> withdrawn_;  ///< tickets that wait and are not to be handed out
  std::function<void()> idle_ = [] {};
  const bool stops_early_;
  std::int64_t front_ = 0;       ///< splits before it have settled, and stand in these counts:
  std::int64_t rejected_ = 0;    ///< in all of them
  std::int64_t of_file_ = 0;     ///< of these, those of the last file
  std::int32_t last_file_ = -1;  ///< which may go on in the next split
  BudgetBreak break_;
  bool has_streams_ = false;
  bool reads_afar_ = false;               ///< on S3: ranks fetch ahead
  std::map<std::int64_t, int> promised_;  ///< waiting tickets, and the rank that will probably get them
};

/// Tells all ranks what the judge on rank 0 decided. Collective.
void share_judgement(const Comm& comm, std::vector<std::int32_t>& owners, std::set<std::int32_t>& excluded,
                     BudgetBreak& spent);

}  // namespace evclean
