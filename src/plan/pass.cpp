// SPDX-License-Identifier: Apache-2.0
#include "pass.hpp"

#include <arrow/array.h>

#include <chrono>

#include "checkpoint.hpp"
#include "drop_notes.hpp"
#include "evclean/interrupt.hpp"
#include "record_limit.hpp"
#include "split_record.hpp"
#include "text_feed.hpp"

namespace evclean {
namespace {

using Clock = std::chrono::steady_clock;

void add_seconds(double& to, Clock::time_point& since) {
  const auto now = Clock::now();
  to += std::chrono::duration<double>(now - since).count();
  since = now;
}

}  // namespace

/// This rank's part of a pass.
class Pass::Work {
 public:
  Work(const TableInput& input, Program& program, const Guess& guess, const Comm& comm,
       std::vector<std::unique_ptr<Sink>>& sinks, RejectStage& rejects, const PassOptions& options)
      : input_(input),
        program_(program),
        guess_(guess),
        comm_(comm),
        sinks_(sinks),
        rejects_(rejects),
        options_(options),
        limit_(options.record_limit),
        feeds_(make_feeds(input, comm, options)),
        reader_(input, feeds_.get()) {}

  PassResult run() {
    std::vector<std::int32_t> owners;
    std::set<std::int32_t> excluded;
    bool over_budget = false;
    const std::vector<RestoredSplit> restored = restore();
    const std::optional<Error> error = read_splits(restored, owners, excluded, over_budget);
    comm_.all_ok(error);
    if (feeds_) feeds_->serve();  // takes the last words of those who asked
    share_judgement(comm_, owners, excluded, over_budget);
    forget_what_others_own(owners);
    PassResult result = merge_records(input_, program_, comm_, records_, excluded);
    result.over_budget = over_budget;
    for (const RestoredSplit& split : restored)
      result.restored += owners[static_cast<std::size_t>(split.number)] == split.rank;
    result.owners = std::move(owners);
    dropped_.merge(comm_, result);
    return result;
  }

  StageSeconds seconds_;
  const SplitReader& reader() const { return reader_; }

 private:
  std::optional<Error> read_splits(const std::vector<RestoredSplit>& restored, std::vector<std::int32_t>& owners,
                                   std::set<std::int32_t>& excluded, bool& over_budget) {
    if (input_.dataset) return read_parts(owners);
    // A run that is cut short by --limit goes in input order on rank 0.
    const bool limited = options_.record_limit >= 0;
    TicketDesk desk(comm_, static_cast<std::int64_t>(input_.splits.size()));
    SplitJudge judge(input_, desk, options_.monitor, limited || comm_.size() == 1);
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
    over_budget = judge.over_budget();
    return error;
  }

  /// Takes over what an earlier run had read, dealt over the ranks. Gives all that was taken over, on every rank.
  std::vector<RestoredSplit> restore() {
    if (options_.checkpoint == nullptr) return {};
    const std::vector<std::int64_t> claimed = options_.checkpoint->claim(comm_);
    std::map<std::int64_t, SplitNews> mine;
    comm_.agree([&] {
      for (const std::int64_t number : claimed) {
        if (restore_split(number)) mine.emplace(number, summary_of(records_.at(number)));
      }
    });
    std::vector<RestoredSplit> all = gather_restored(comm_, mine);
    std::vector<bool> taken(input_.splits.size());
    for (const RestoredSplit& split : all) taken[static_cast<std::size_t>(split.number)] = true;
    options_.checkpoint->whole_files_only(taken);
    std::erase_if(all, [&](const RestoredSplit& split) {
      const bool gone = !taken[static_cast<std::size_t>(split.number)];
      if (gone && split.rank == comm_.rank()) drop(split.number);
      return gone;
    });
    return all;
  }

  /// False: the reading was damaged, and is forgotten.
  bool restore_split(std::int64_t number) {
    throw_if_interrupted();
    SplitRecord record(make_state(input_, program_));
    const auto take_batch = [&](Batch& batch) {
      for (auto& sink : sinks_) sink->write(number, batch);
    };
    const bool whole = options_.checkpoint->load(number, take_batch, record, rejects_);
    for (auto& sink : sinks_) sink->end_part(number);
    poisoned_ |= record.poisoned && record.certain;
    records_.emplace(number, std::move(record));
    if (!whole) drop(number);
    return whole;
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
    SplitRecord record = begin_record(number);
    record.certain = true;
    record.segments.emplace_back();
    record.segments[0].file = 0;
    std::int64_t first_row = input_.dataset->parts()[static_cast<std::size_t>(number)].first_row;
    input_.dataset->visit(number, [&](Batch batch) {
      throw_if_interrupted();
      batch.origin.byte_offset = first_row;  // the place of a row of a dataset is its number
      first_row += batch.num_rows;
      take_rows(record, number, batch);
    });
    const SplitNews news = end_record(number, std::move(record));
    if (options_.monitor != nullptr)
      options_.monitor->advance(input_.splits[static_cast<std::size_t>(number)].size_bytes, news.records);
  }

  /// Typed rows of a dataset: no decoding, no columns to discover.
  void take_rows(SplitRecord& record, std::int64_t number, Batch& batch) {
    auto clock = Clock::now();
    const std::int64_t rows = batch.num_rows;
    const std::int64_t first_row = batch.origin.byte_offset;
    const RowOrigins origins(batch, input_.origin_columns);
    record.state.block = std::make_shared<TextBlock>();
    run_steps(
        number, record, batch, [&](const Batch& reached) { dropped_.note(reached, rows, origins, record, rejects_); },
        [&](Batch& out) { origins.attach(out); }, clock);
    for (Reject& reject : record.state.rejects) reject.line = reject.byte_offset += first_row;
    put_rejects(0, record, 0);
    add_seconds(seconds_.steps, clock);
  }

  /// The way of a batch through the steps into the sinks. `attach` puts the origins behind its columns, if later steps
  /// ask for them.
  template <typename OffRecords, typename Attach>
  void run_steps(std::int64_t number, SplitRecord& record, Batch& batch, OffRecords&& off_records, Attach&& attach,
                 Clock::time_point& clock) {
    run_ops(program_.ops, input_.spec->steps, batch, record.state, off_records, [&](Batch& out) {
      if (program_.complete) count_missing(out, record.missing);
      if (options_.origin.columns() > 0) attach(out);
      poison_on_misfits(record);
      add_seconds(seconds_.steps, clock);
      if (!poisoned_ && !record.poisoned) {
        for (auto& sink : sinks_) sink->write(number, out);
        if (options_.checkpoint != nullptr && !sinks_.empty()) options_.checkpoint->put(out);
      }
      add_seconds(seconds_.encode, clock);
    });
    poison_on_misfits(record);
  }

  /// Stages the rejects of steps; those from `first_row` on are of rows that are not their whole record.
  void put_rejects(std::int64_t split, SplitRecord& record, std::size_t first_row) {
    std::vector<Reject>& rejects = record.state.rejects;
    record.rejected_rows += static_cast<std::int64_t>(rejects.size());
    for (std::size_t r = first_row; r < rejects.size(); ++r) rejects[r].detail = kRowOfARecord;
    rejects_.put(split, rejects);
    rejects.clear();
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
    if (error || limit_.reached()) desk.stop();
    if (error && feeds_) feeds_->fail();
    return {ticket.number, news.pack()};
  }

  /// What a file's earlier run left begins with a record, as a split that was read again does.
  ReadOrders orders_for(const TicketDesk::Ticket& ticket) const {
    ReadOrders orders = unpack_orders(ticket.message);
    const auto& segments = input_.splits[static_cast<std::size_t>(ticket.number)].segments;
    for (std::size_t s = 0; s < segments.size() && input_.replays; ++s) {
      if (segments[s].begin > 0) orders.starts.emplace(static_cast<int>(s), segments[s].begin);
    }
    for (std::size_t s = 0; s < segments.size() && !input_.starts.empty(); ++s) {
      const std::int64_t begin = input_.starts[static_cast<std::size_t>(segments[s].file)].begin;
      if (begin > 0 && segments[s].begin == begin) orders.starts.emplace(static_cast<int>(s), begin);
    }
    return orders;
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
    SplitRecord record = begin_record(number);
    record.certain = is_certain(split, orders);
    if (input_.is_inline()) {
      read_rows(record);
    } else {
      const FeedGuard guard{feeds_.get(), split, orders.feeder};
      record.segments = reader_.read(
          split, orders, [&](DecodedBlock& block) { return take(number, record, block); }, pause);
      // Segments not reached (--limit) stay in the ledger as empty.
      while (record.segments.size() < split.segments.size()) {
        record.segments.emplace_back();
        record.segments.back().file = split.segments[record.segments.size() - 1].file;
      }
    }
    return end_record(number, std::move(record));
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
    SplitRecord record = begin_record(number);
    const bool certain = input_.stream.corrupt != OnCorrupt::kSkip;
    record.certain = certain;
    const auto end_part = [&](SegmentOutcome outcome) {
      record.segments.push_back(std::move(outcome));
      news.push_back(end_record(number, std::move(record)));
      if (news.size() == parts.size()) return;
      record = begin_record(++number);
      record.certain = certain;
    };
    reader_.read_whole(
        parts, [&](DecodedBlock& block) { return take(number, record, block); }, end_part, pause);
    return news;
  }

  SplitRecord begin_record(std::int64_t number) {
    drop(number);
    if (options_.checkpoint != nullptr) options_.checkpoint->begin(number);
    SplitRecord record(make_state(input_, program_));
    const std::size_t segments =
        std::max<std::size_t>(1, input_.splits[static_cast<std::size_t>(number)].segments.size());
    record.kept.resize(segments);
    record.filtered.resize(segments);
    record.rejected.resize(segments);
    for (const auto& [step, bases] : guess_.row_bases) {
      record.state.next_row[static_cast<std::size_t>(step)] = bases[static_cast<std::size_t>(number)];
    }
    return record;
  }

  SplitNews end_record(std::int64_t number, SplitRecord record) {
    auto clock = Clock::now();
    for (auto& sink : sinks_) sink->end_part(number);
    add_seconds(seconds_.encode, clock);  // the rest of the part
    for (const auto& [step, bases] : guess_.row_bases) {
      record.state.next_row[static_cast<std::size_t>(step)] -= bases[static_cast<std::size_t>(number)];
    }
    SplitNews news = summary_of(record);
    record.state.block.reset();
    if (options_.checkpoint != nullptr) options_.checkpoint->end(number, record, rejects_);
    records_.emplace(number, std::move(record));
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
    take(0, record, block);
  }

  bool take(std::int64_t number, SplitRecord& record, DecodedBlock& block) {
    auto clock = Clock::now();
    Batch& batch = block.result.batch;
    const std::size_t segment = static_cast<std::size_t>(block.segment);
    if (input_.replays) {
      const Split& split = input_.splits[static_cast<std::size_t>(number)];
      keep_rejected(input_.rejected[static_cast<std::size_t>(split.segments[segment].file)], block.result);
    }
    merge_tallies(record.patterns, block.result.patterns);
    limit_.cut(block.result);
    note_columns(record, block);
    if (!block.result.rejects.empty()) rejects_.put(number, block.result.rejects);
    const std::int64_t rows = batch.num_rows;
    if (note_unknown(record, batch, guess_, input_.nulls)) poison(record);
    add_source_columns(input_, line_base(number, segment), batch);
    align_columns(batch, guess_.input);
    record.state.block = block.block;
    std::size_t record_rejects = 0;
    const auto off_records = [&](const Batch& reached) {
      record_rejects = record.state.rejects.size();
      const auto rejects = static_cast<std::int64_t>(record.state.rejects.size());
      record.kept[segment] += reached.num_rows;
      record.rejected[segment] += rejects;
      record.filtered[segment] += rows - reached.num_rows - rejects;
      record.rejected_rows -= rejects;
    };
    run_steps(
        number, record, batch, off_records, [&](Batch& out) { attach_origin(options_.origin, number, out); }, clock);
    put_rejects(number, record, record_rejects);
    add_seconds(seconds_.steps, clock);
    return !limit_.reached();
  }

  std::int64_t line_base(std::int64_t split, std::size_t segment) const {
    return guess_.line_bases.empty() ? 0 : guess_.line_bases[static_cast<std::size_t>(split)][segment];
  }

  void poison_on_misfits(SplitRecord& record) {
    if (record.poisoned) return;
    for (const std::int64_t misfits : record.state.misfits) {
      if (misfits > 0) poison(record);
    }
  }

  /// Once a value does not fit its guess, what would be written is useless: go on for the evidence only. That holds for
  /// the other splits only if this reading counts.
  void poison(SplitRecord& record) {
    record.poisoned = true;
    poisoned_ |= record.certain;
  }

  void drop(std::int64_t number) {
    if (records_.erase(number) == 0) return;
    for (auto& sink : sinks_) sink->drop_part(number);
    rejects_.drop(number);
  }

  void forget_what_others_own(const std::vector<std::int32_t>& owners) {
    std::vector<std::int64_t> mine;
    for (const auto& [number, record] : records_) mine.push_back(number);
    for (const std::int64_t number : mine) {
      if (owners[static_cast<std::size_t>(number)] != comm_.rank()) drop(number);
    }
  }

  const TableInput& input_;
  Program& program_;
  const Guess& guess_;
  const Comm& comm_;
  std::vector<std::unique_ptr<Sink>>& sinks_;
  RejectStage& rejects_;
  PassOptions options_;
  RecordLimit limit_;
  std::unique_ptr<TextFeeds> feeds_;
  SplitReader reader_;
  std::map<std::int64_t, SplitRecord> records_;
  bool poisoned_ = false;
  DropNotes dropped_;
};

Pass::Pass(const TableInput& input, Program& program, const Guess& guess, const Comm& comm,
           std::vector<std::unique_ptr<Sink>>& sinks, RejectStage& rejects, const PassOptions& options)
    : work_(std::make_unique<Work>(input, program, guess, comm, sinks, rejects, options)) {}
Pass::~Pass() = default;

PassResult Pass::run() { return work_->run(); }

StageSeconds Pass::seconds() const {
  StageSeconds seconds = work_->seconds_;
  seconds.read = work_->reader().read_seconds();
  seconds.decode = work_->reader().decode_seconds();
  return seconds;
}

}  // namespace evclean
