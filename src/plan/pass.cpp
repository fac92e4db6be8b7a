// SPDX-License-Identifier: Apache-2.0
#include "pass.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "checkpoint.hpp"
#include "evclean/interrupt.hpp"
#include "replay.hpp"
#include "split_steps.hpp"
#include "state_scan.hpp"
#include "text_feed.hpp"
#include "wire.hpp"

namespace evclean {

/// This rank's part of a pass.
class Pass::Work {
 public:
  Work(const TableInput& input, Program& program, const Guess& guess, const Comm& comm,
       std::vector<std::unique_ptr<Sink>>& sinks, RejectStage& rejects, const PassOptions& options)
      : input_(input),
        program_(program),
        comm_(comm),
        rejects_(rejects),
        options_(options),
        steps_(input, program, guess, sinks, rejects, options),
        feeds_(make_feeds(input, comm, options)),
        reader_(input, feeds_.get()),
        state_scan_(input) {}

  PassResult run() {
    std::vector<std::int32_t> owners;
    std::set<std::int32_t> excluded;
    BudgetBreak spent;
    const std::vector<RestoredSplit> restored = restore();
    const std::optional<Error> error = read_splits(restored, owners, excluded, spent);
    agree_on(error);
    if (feeds_) feeds_->serve();  // takes the last words of those who asked
    share_judgement(comm_, owners, excluded, spent);
    steps_.forget_what_others_own(owners, comm_.rank());
    PassResult result = merge_records(input_, program_, comm_, steps_.records(), excluded);
    if (spent.split >= 0) result.cut = cut_at(spent, owners[static_cast<std::size_t>(spent.split)]);
    for (const RestoredSplit& split : restored)
      result.restored += owners[static_cast<std::size_t>(split.number)] == split.rank;
    result.owners = std::move(owners);
    steps_.dropped().merge(comm_, result);
    return result;
  }

  StageSeconds seconds() const {
    StageSeconds seconds = steps_.seconds();
    seconds.read = reader_.read_seconds();
    seconds.decode = reader_.decode_seconds();
    return seconds;
  }

 private:
  std::optional<Error> read_splits(const std::vector<RestoredSplit>& restored, std::vector<std::int32_t>& owners,
                                   std::set<std::int32_t>& excluded, BudgetBreak& spent) {
    if (input_.dataset) return read_parts(owners);
    // A run that is cut short by --limit goes in input order on rank 0.
    const bool limited = options_.record_limit >= 0;
    TicketDesk desk(comm_, static_cast<std::int64_t>(input_.splits.size()));
    SplitJudge judge(input_, desk, options_.monitor, limited || comm_.size() == 1, options_.stops_early);
    desk.set_judge(&judge);
    if (comm_.is_root()) judge.restore(restored);
    std::optional<Error> error;
    std::optional<TicketDesk::Done> done;
    if (feeds_) {
      feeds_->set_idle([&] {
        throw_if_interrupted();
        desk.poll();
      });
      feeds_->set_between([&] { desk.poll(); });
      judge.set_idle([&] { feeds_->serve(); });
    }
    if (limited) desk.keep_for_root();
    for (auto ticket = desk.next(done); ticket; ticket = desk.next(done)) done = work(ticket, desk, error);
    if (feeds_) {
      feeds_->set_idle([] {});
      feeds_->set_between([] {});
    }
    owners = judge.owners();
    excluded = judge.excluded();
    spent = judge.budget_break();
    return error;
  }

  void agree_on(const std::optional<Error>& error) const {
    constexpr auto kNone = std::numeric_limits<std::int64_t>::max();
    const std::int64_t first = -comm_.max(error && failed_split_ >= 0 ? -failed_split_ : -kNone);
    try {
      comm_.all_ok(error);
    } catch (const Error& agreed) {
      if (first == kNone) throw;
      throw ReadError(agreed, first);
    }
  }

  /// The record with which the budget is spent, from the rejects that the owner of its split has staged. Collective.
  ReadCut cut_at(const BudgetBreak& spent, int owner) const {
    Packer out;
    comm_.agree([&] {
      if (comm_.rank() != owner) return;
      const ReadCut cut = spending_record(spent);
      out.put(cut.segment).put(cut.byte_offset);
    });
    const std::string packed = comm_.broadcast(out.take(), owner);
    Unpacker in(packed);
    const auto segment = in.get<std::int32_t>();
    return {spent.split, segment, in.get<std::int64_t>()};
  }

  ReadCut spending_record(const BudgetBreak& spent) const {
    const RejectBudget& budget = input_.spec->input->rejects;
    std::vector<Reject> rejects = rejects_.read(spent.split);
    std::stable_sort(rejects.begin(), rejects.end(), [](const Reject& a, const Reject& b) {
      return std::tie(a.segment, a.byte_offset) < std::tie(b.segment, b.byte_offset);
    });
    std::int64_t rejected = spent.rejected, of_file = spent.of_file;
    ReadCut cut{spent.split, 0, 0};
    for (const Reject& reject : rejects) {
      if (reject.segment != cut.segment) of_file = 0;
      cut.segment = reject.segment;
      cut.byte_offset = reject.byte_offset;
      of_file += reject.detail != kRowOfARecord;
      if (++rejected > budget.count.value_or(rejected) || of_file > budget.file_count.value_or(of_file)) break;
    }
    return cut;
  }

  /// Takes over what an earlier run had read, dealt over the ranks. Gives all that was taken over, on every rank.
  std::vector<RestoredSplit> restore() {
    if (options_.checkpoint == nullptr) return {};
    const std::vector<std::int64_t> claimed = options_.checkpoint->claim(comm_);
    std::map<std::int64_t, SplitNews> mine;
    comm_.agree([&] {
      for (const std::int64_t number : claimed) {
        if (steps_.restore(number)) mine.emplace(number, summary_of(steps_.records().at(number)));
      }
    });
    std::vector<RestoredSplit> all = gather_restored(comm_, mine);
    std::vector<bool> taken(input_.splits.size());
    for (const RestoredSplit& split : all) taken[static_cast<std::size_t>(split.number)] = true;
    options_.checkpoint->whole_files_only(taken);
    std::erase_if(all, [&](const RestoredSplit& split) {
      const bool gone = !taken[static_cast<std::size_t>(split.number)];
      if (gone && split.rank == comm_.rank()) steps_.drop(split.number);
      return gone;
    });
    return all;
  }

  /// Parts stay where they are: each rank takes its own through the steps.
  std::optional<Error> read_parts(std::vector<std::int32_t>& owners) {
    for (const Dataset::Part& part : input_.dataset->parts()) owners.push_back(part.owner);
    try {
      for (const std::int64_t part : input_.dataset->mine()) read_part(part);
    } catch (const Error& error) {
      return error;
    } catch (const std::exception& error) {
      return Error(ExitCode::kBug, error.what());
    }
    return std::nullopt;
  }

  void read_part(std::int64_t number) {
    SplitRecord record = steps_.begin(number);
    record.certain = true;
    record.segments.emplace_back();
    record.segments[0].file = 0;
    std::int64_t first_row = input_.dataset->parts()[static_cast<std::size_t>(number)].first_row;
    input_.dataset->visit(number, [&](Batch batch) {
      throw_if_interrupted();
      batch.origin.byte_offset = first_row;  // the place of a row of a dataset is its number
      first_row += batch.num_rows;
      steps_.take_rows(number, record, batch);
    });
    const SplitNews news = steps_.end(number, std::move(record));
    if (options_.monitor != nullptr)
      options_.monitor->advance(input_.splits[static_cast<std::size_t>(number)].size_bytes, news.records);
  }

  static std::unique_ptr<TextFeeds> make_feeds(const TableInput& input, const Comm& comm, const PassOptions& options) {
    const bool alone = options.record_limit >= 0 || comm.size() == 1;
    const bool streams = std::any_of(input.layouts.begin(), input.layouts.end(),
                                     [](const TextLayout& layout) { return layout.access == TextAccess::kStream; });
    return streams && !alone ? std::make_unique<TextFeeds>(input, comm, options.feed_bytes) : nullptr;
  }

  TicketDesk::Done work(const TicketDesk::Ticket& ticket, TicketDesk& desk, std::optional<Error>& error) {
    TicketNews news;
    try {
      const ReadOrders orders = orders_for(ticket);
      const auto pause = [&] {
        throw_if_interrupted();
        desk.poll();
        if (feeds_) feeds_->serve();
      };
      news.whole = orders.whole;
      news.splits = orders.whole ? read_whole(ticket.number, pause)
                                 : std::vector<SplitNews>{read_split(ticket.number, orders, pause)};
    } catch (const Error& e) {
      error = e;
    } catch (const std::bad_alloc&) {
      error = Error(ExitCode::kSystem,
                    "out of memory: set resources.memory or resources.chunk lower, or use fewer ranks a node");
    } catch (const std::exception& e) {
      error = Error(ExitCode::kBug, e.what());
    }
    news.failed = error.has_value();
    if (error) failed_split_ = ticket.number;
    if (error || steps_.limit_reached()) desk.stop();
    if (error && feeds_) feeds_->fail();
    return {ticket.number, news.pack()};
  }

  /// What a file's earlier run left begins with a record, as a split that was read again does.
  ReadOrders orders_for(const TicketDesk::Ticket& ticket) {
    ReadOrders orders = unpack_orders(ticket.message);
    const auto& segments = input_.splits[static_cast<std::size_t>(ticket.number)].segments;
    for (std::size_t s = 0; s < segments.size() && input_.replays; ++s) {
      if (segments[s].begin > 0) begin_inside(orders, static_cast<int>(s), segments[s]);
    }
    for (std::size_t s = 0; s < segments.size() && !input_.starts.empty(); ++s) {
      const std::int64_t begin = input_.starts[static_cast<std::size_t>(segments[s].file)].begin;
      if (begin > 0 && segments[s].begin == begin) begin_inside(orders, static_cast<int>(s), segments[s]);
    }
    return orders;
  }

  void begin_inside(ReadOrders& orders, int index, const SplitSegment& segment) {
    const bool given = !orders.starts.emplace(index, segment.begin).second;
    if (given || !reader_.carries_state()) return;
    orders.states.emplace(index, state_scan_.state_at(segment.file, segment.begin));
  }

  /// Tells the feeder that this part needs nothing more, however its reading ends.
  struct FeedGuard {
    TextFeeds* feeds;
    const Split& split;
    int feeder;
    ~FeedGuard() {
      if (feeder >= 0) feeds->close(split.segments[0].file, split.ordinal, feeder);
    }
  };

  SplitNews read_split(std::int64_t number, const ReadOrders& orders, const std::function<void()>& pause) {
    const Split& split = input_.splits[static_cast<std::size_t>(number)];
    SplitRecord record = steps_.begin(number);
    record.certain = is_certain(split, orders);
    if (input_.is_inline()) {
      read_rows(record);
    } else {
      const FeedGuard guard{feeds_.get(), split, orders.feeder};
      record.segments = reader_.read(
          split, orders, [&](DecodedBlock& block) { return steps_.take(number, record, block); }, pause);
      // Segments not reached (--limit) stay in the ledger as empty.
      while (record.segments.size() < split.segments.size()) {
        record.segments.emplace_back();
        record.segments.back().file = split.segments[record.segments.size() - 1].file;
      }
    }
    return steps_.end(number, std::move(record));
  }

  /// Reads all parts of a compressed file, the first of which is split `first`.
  std::vector<SplitNews> read_whole(std::int64_t first, const std::function<void()>& pause) {
    std::vector<const Split*> parts;
    const std::int32_t file = input_.splits[static_cast<std::size_t>(first)].segments[0].file;
    for (auto at = static_cast<std::size_t>(first); at < input_.splits.size(); ++at) {
      if (input_.splits[at].segments[0].file != file) break;
      parts.push_back(&input_.splits[at]);
    }
    std::vector<SplitNews> news;
    std::int64_t number = first;
    SplitRecord record = steps_.begin(number);
    const bool certain = input_.stream.corrupt != OnCorrupt::kSkip;
    record.certain = certain;
    const auto end_part = [&](SegmentOutcome outcome) {
      record.segments.push_back(std::move(outcome));
      news.push_back(steps_.end(number, std::move(record)));
      if (news.size() == parts.size()) return;
      record = steps_.begin(++number);
      record.certain = certain;
    };
    reader_.read_whole(
        parts, [&](DecodedBlock& block) { return steps_.take(number, record, block); }, end_part, pause);
    return news;
  }

  /// Whether this reading counts whatever the others find: not when it begins where a record only seems to begin, nor
  /// when a file in it may be left out.
  bool is_certain(const Split& split, const ReadOrders& orders) {
    if (input_.stream.corrupt == OnCorrupt::kSkip) return false;
    const bool members =
        !split.segments.empty() &&
        input_.layouts[static_cast<std::size_t>(split.segments[0].file)].access == TextAccess::kMembers;
    if (input_.is_inline() || (records_are_lines(input_) && !members && !reader_.carries_state())) return true;
    for (int i = 0; i < static_cast<int>(split.segments.size()); ++i) {
      if (split.segments[static_cast<std::size_t>(i)].begin > 0 && orders.starts.count(i) == 0) return false;
    }
    return true;
  }

  void read_rows(SplitRecord& record) {
    DecodedBlock block;
    block.result.batch = inline_batch(*input_.spec->rows);
    block.result.lines = block.result.batch.num_rows;
    std::vector<InputColumn> columns;
    for (const std::string& name : block.result.batch.names) columns.push_back({name, false, ValueType::kString});
    block.columns = &columns;
    record.segments.emplace_back();
    record.segments[0].file = 0;
    record.segments[0].lines = block.result.lines;
    steps_.take(0, record, block);
  }

  const TableInput& input_;
  const Program& program_;
  const Comm& comm_;
  const RejectStage& rejects_;
  PassOptions options_;
  SplitSteps steps_;
  std::unique_ptr<TextFeeds> feeds_;
  std::int64_t failed_split_ = -1;  ///< whose reading met an error here
  SplitReader reader_;
  StateScan state_scan_;
};

Pass::Pass(const TableInput& input, Program& program, const Guess& guess, const Comm& comm,
           std::vector<std::unique_ptr<Sink>>& sinks, RejectStage& rejects, const PassOptions& options)
    : work_(std::make_unique<Work>(input, program, guess, comm, sinks, rejects, options)) {}
Pass::~Pass() = default;

PassResult Pass::run() { return work_->run(); }

StageSeconds Pass::seconds() const { return work_->seconds(); }

}  // namespace evclean
