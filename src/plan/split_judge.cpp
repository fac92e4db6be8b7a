// SPDX-License-Identifier: Apache-2.0
#include "split_judge.hpp"

#include <algorithm>
#include <utility>

#include "wire.hpp"

namespace evclean {

std::string TicketNews::pack() const {
  Packer out;
  out.put(failed).put(whole);
  for (const SplitNews& news : splits) {
    out.put(news.certain).put(news.records).put(news.rejected).put(static_cast<std::int64_t>(news.segments.size()));
    for (const SegmentOutcome& segment : news.segments) {
      out.put(segment.file).put(segment.first).put(segment.end).put(segment.text_end);
      out.put(segment.skipped)
          .put(segment.damage.damaged)
          .put(segment.rejected)
          .text(segment.state_before)
          .text(segment.state_behind);
    }
  }
  return out.take();
}

TicketNews TicketNews::unpack(const std::string& bytes) {
  Unpacker in(bytes);
  TicketNews ticket;
  ticket.failed = in.get<bool>();
  ticket.whole = in.get<bool>();
  while (!in.empty()) {
    SplitNews& news = ticket.splits.emplace_back();
    news.certain = in.get<bool>();
    news.records = in.get<std::int64_t>();
    news.rejected = in.get<std::int64_t>();
    news.segments.resize(static_cast<std::size_t>(in.get<std::int64_t>()));
    for (SegmentOutcome& segment : news.segments) {
      segment.file = in.get<std::int32_t>();
      segment.first = in.get<std::int64_t>();
      segment.end = in.get<std::int64_t>();
      segment.text_end = in.get<std::int64_t>();
      segment.skipped = in.get<bool>();
      segment.damage.damaged = in.get<bool>();
      segment.rejected = in.get<std::int64_t>();
      segment.state_before = in.text();
      segment.state_behind = in.text();
    }
  }
  return ticket;
}

std::vector<RestoredSplit> gather_restored(const Comm& comm, const std::map<std::int64_t, SplitNews>& mine) {
  Packer out;
  for (const auto& [number, news] : mine) out.put(number).text(TicketNews{false, false, {news}}.pack());
  std::vector<RestoredSplit> all;
  int rank = 0;
  for (const std::string& packed : comm.all_gather(out.bytes())) {
    for (Unpacker in(packed); !in.empty();) {
      const auto number = in.get<std::int64_t>();
      all.push_back({number, rank, TicketNews::unpack(in.text()).splits.at(0)});
    }
    ++rank;
  }
  const auto earlier = [](const RestoredSplit& a, const RestoredSplit& b) { return a.number < b.number; };
  std::sort(all.begin(), all.end(), earlier);
  return all;
}

std::string pack_orders(const ReadOrders& orders) {
  Packer out;
  out.put(static_cast<std::int64_t>(orders.starts.size()));
  for (const auto& [segment, start] : orders.starts) out.put(segment).put(start);
  out.put(static_cast<std::int64_t>(orders.excluded.size()));
  for (const std::int32_t file : orders.excluded) out.put(file);
  out.put(orders.whole).put(orders.feeder).put(orders.next);
  for (const auto& [segment, state] : orders.states) out.put(segment).text(state);
  return out.take();
}

ReadOrders unpack_orders(const std::string& bytes) {
  ReadOrders orders;
  if (bytes.empty()) return orders;
  Unpacker in(bytes);
  for (auto left = in.get<std::int64_t>(); left > 0; --left) {
    const int segment = in.get<int>();
    orders.starts[segment] = in.get<std::int64_t>();
  }
  for (auto left = in.get<std::int64_t>(); left > 0; --left) orders.excluded.insert(in.get<std::int32_t>());
  orders.whole = in.get<bool>();
  orders.feeder = in.get<int>();
  orders.next = in.get<std::int64_t>();
  while (!in.empty()) {
    const int segment = in.get<int>();
    orders.states[segment] = in.text();
  }
  return orders;
}

SplitJudge::SplitJudge(const TableInput& input, TicketDesk& desk, Monitor* monitor, bool alone, bool stops_early)
    : input_(input),
      desk_(desk),
      monitor_(monitor),
      owners_(input.splits.size(), -1),
      news_(input.splits.size()),
      stops_early_(stops_early && input.spec->input.has_value()) {
  for (const Split& split : input.splits) {
    for (int i = 0; i < static_cast<int>(split.segments.size()); ++i) {
      chains_[split.segments[static_cast<std::size_t>(i)].file].segments.emplace_back(split.ordinal, i);
    }
  }
  for (auto& [file, chain] : chains_) {
    has_streams_ = has_streams_ || access(file) == TextAccess::kStream;
    if (!alone || access(file) == TextAccess::kWhole) continue;
    chain.whole = true;
    for (std::size_t part = 1; part < chain.segments.size(); ++part) withdrawn_.insert(chain.segments[part].first);
  }
  reads_afar_ = !has_streams_ && std::any_of(input.files.begin(), input.files.end(),
                                             [](const InputFile& file) { return file.s3 != nullptr; });
}

TextAccess SplitJudge::access(std::int32_t file) const {
  return input_.layouts.empty() ? TextAccess::kWhole : input_.layouts[static_cast<std::size_t>(file)].access;
}

/// What must be read again, then parts of the file that this rank feeds, then files that nobody feeds yet; a rank that
/// would find none of these helps the first feeder. So ranks share a file only when there are fewer files than ranks.
std::size_t SplitJudge::pick(int rank, std::deque<TicketDesk::Ticket>& waiting) {
  if (!withdrawn_.empty()) {
    std::erase_if(waiting, [this](const TicketDesk::Ticket& ticket) {
      return ticket.message.empty() && withdrawn_.count(ticket.number) > 0;
    });
    if (waiting.empty()) return 0;
  }
  std::size_t best = 0;
  int best_class = has_streams_ ? 4 : 0;
  for (std::size_t i = 0; i < waiting.size() && best_class > 0; ++i) {
    int its_class = 2;
    if (!waiting[i].message.empty()) {
      its_class = 0;
    } else if (const Split& split = input_.splits[static_cast<std::size_t>(waiting[i].number)];
               !split.segments.empty() && access(split.segments[0].file) == TextAccess::kStream) {
      const Chain& chain = chains_[split.segments[0].file];
      its_class = chain.feeder == rank ? 1 : chain.feeder >= 0 ? 3 : 2;
    }
    if (its_class >= best_class) continue;
    best = i;
    best_class = its_class;
  }
  std::int64_t next = -1;
  if (reads_afar_ && waiting[best].message.empty()) {
    best = keep_promise(rank, waiting, best);
    next = promise_next(rank, waiting, best);
  }
  give_orders(rank, waiting[best], next);
  return best;
}

/// What is promised lies near the front, in whatever order.
std::size_t SplitJudge::front_of(const std::deque<TicketDesk::Ticket>& waiting) const {
  return std::min(waiting.size(), promised_.size() + 2);
}

/// A rank gets what it was promised, or else, as long as there is some, what nobody was.
std::size_t SplitJudge::keep_promise(int rank, const std::deque<TicketDesk::Ticket>& waiting, std::size_t first) {
  std::size_t chosen = first;
  bool is_free = false;
  for (std::size_t i = 0; i < front_of(waiting); ++i) {
    if (!waiting[i].message.empty()) continue;
    const auto promise = promised_.find(waiting[i].number);
    const bool is_own = promise != promised_.end() && promise->second == rank;
    if (is_own || (promise == promised_.end() && !is_free)) chosen = i;
    if (is_own) break;
    is_free = is_free || promise == promised_.end();
  }
  promised_.erase(waiting[chosen].number);
  return chosen;
}

/// The first ticket behind the one that is handed out that nobody was promised; -1: there is none.
std::int64_t SplitJudge::promise_next(int rank, const std::deque<TicketDesk::Ticket>& waiting, std::size_t given) {
  for (std::size_t i = 0; i < front_of(waiting); ++i) {
    if (i == given || !waiting[i].message.empty()) continue;
    if (!promised_.emplace(waiting[i].number, rank).second) continue;
    return waiting[i].number;
  }
  return -1;
}

void SplitJudge::give_orders(int rank, TicketDesk::Ticket& ticket, std::int64_t next) {
  const Split& split = input_.splits[static_cast<std::size_t>(ticket.number)];
  if (!ticket.message.empty() || split.segments.empty()) return;
  Chain& chain = chains_[split.segments[0].file];
  ReadOrders orders;
  orders.whole = chain.whole;
  if (!chain.whole && access(split.segments[0].file) == TextAccess::kStream) {
    if (chain.feeder < 0) chain.feeder = rank;
    orders.feeder = chain.feeder;
  }
  orders.next = next;
  if (orders.whole || orders.feeder >= 0 || next >= 0) ticket.message = pack_orders(orders);
}

void SplitJudge::restore(const std::vector<RestoredSplit>& splits) {
  for (const RestoredSplit& restored : splits) {
    withdrawn_.insert(restored.number);
    // Parts of a compressed file are there all together: they are checked like parts that were read one by one.
    const auto& segments = input_.splits[static_cast<std::size_t>(restored.number)].segments;
    if (!segments.empty() && access(segments[0].file) != TextAccess::kWhole) chains_[segments[0].file].whole = false;
  }
  for (const RestoredSplit& restored : splits) {
    const auto& segments = input_.splits[static_cast<std::size_t>(restored.number)].segments;
    if (withdrawn_.count(restored.number) == 0 || (!segments.empty() && chains_[segments[0].file].whole)) continue;
    if (!take_news(restored.rank, restored.number, restored.news)) continue;
    for (const auto& segment : segments) check(segment.file);
  }
  keep_budget();
}

void SplitJudge::done(int rank, const TicketDesk::Done& done) {
  TicketNews ticket = TicketNews::unpack(done.message);
  if (ticket.failed) {
    desk_.stop();
    return;
  }
  bool usable = true;
  std::int64_t number = done.ticket;
  for (SplitNews& news : ticket.splits) {
    const Split& split = input_.splits[static_cast<std::size_t>(number)];
    const bool stale =
        !split.segments.empty() && chains_[split.segments[0].file].whole && !ticket.whole && !news.segments[0].skipped;
    if (!stale) usable = take_news(rank, number, std::move(news)) && usable;
    ++number;
  }
  if (!usable) return;
  for (std::int64_t split = done.ticket; split < number; ++split) {
    if (!news_[static_cast<std::size_t>(split)]) continue;
    for (const auto& segment : input_.splits[static_cast<std::size_t>(split)].segments) check(segment.file);
  }
  keep_budget();
}

/// Keeps what is said of a split. False: a file in it is to be read in another way.
bool SplitJudge::take_news(int rank, std::int64_t split, SplitNews news) {
  owners_[static_cast<std::size_t>(split)] = rank;
  if (monitor_ != nullptr) monitor_->advance(input_.splits[static_cast<std::size_t>(split)].size_bytes, news.records);
  news_[static_cast<std::size_t>(split)] = std::move(news);
  const SplitNews& kept = *news_[static_cast<std::size_t>(split)];
  for (const SegmentOutcome& segment : kept.segments) {
    if (excluded_.count(segment.file) > 0 ? !segment.skipped : segment.damage.damaged) {
      const bool in_parts = access(std::max(segment.file, 0)) != TextAccess::kWhole && !chains_[segment.file].whole;
      if (in_parts) {
        read_whole(segment.file);
        return false;
      }
      if (input_.stream.corrupt == OnCorrupt::kSkip) {
        leave_out(segment.file);
        return false;
      }
    }
  }
  return true;
}

/// Whether a segment was read from where the one before it ended.
bool SplitJudge::meets(const Chain& chain, const SplitSegment& segment, const SegmentOutcome& outcome) const {
  if (chain.checked == 0 || outcome.skipped || chain.whole) return true;
  if (outcome.first >= 0) return outcome.first == chain.end && outcome.state_before == chain.state;
  if (segment.end >= 0 && chain.end >= segment.end) return true;  // a record covers it
  return chain.at_text_end || (outcome.text_end >= 0 && chain.end >= outcome.text_end);
}

/// The first record of a segment must begin where the last one of the segment before ended.
void SplitJudge::check(std::int32_t file) {
  if (input_.replays) return;  // stretches with gaps between them
  Chain& chain = chains_[file];
  while (chain.checked < chain.segments.size()) {
    const auto [split, index] = chain.segments[chain.checked];
    const auto& news = news_[static_cast<std::size_t>(split)];
    if (!news) return;
    const SegmentOutcome& outcome = news->segments[static_cast<std::size_t>(index)];
    const SplitSegment& segment =
        input_.splits[static_cast<std::size_t>(split)].segments[static_cast<std::size_t>(index)];
    if (!meets(chain, segment, outcome)) {
      if (access(file) == TextAccess::kStream) return read_whole(file);
      orders_[split].starts[index] = chain.end;
      orders_[split].states[index] = chain.state;
      return again(split);
    }
    if (outcome.first >= 0) {
      chain.end = outcome.end;
      chain.state = outcome.state_behind;
    }
    chain.at_text_end = chain.at_text_end || (outcome.text_end >= 0 && chain.end >= outcome.text_end);
    ++chain.checked;
  }
}

/// A compressed file that is not what its headers said, or whose records do not begin where they seemed to: one rank
/// reads it from its begin to its end.
void SplitJudge::read_whole(std::int32_t file) {
  Chain& chain = chains_[file];
  chain.whole = true;
  chain.checked = 0;
  chain.end = 0;
  chain.at_text_end = false;
  for (const auto& [split, index] : chain.segments) {
    withdrawn_.insert(split);
    forget(split);
  }
  ReadOrders orders;
  orders.excluded = excluded_;
  orders.whole = true;
  withdrawn_.erase(chain.segments[0].first);
  desk_.add({chain.segments[0].first, pack_orders(orders)});
}

void SplitJudge::forget(std::int32_t split) {
  news_[static_cast<std::size_t>(split)].reset();
  if (split >= front_) return;
  front_ = rejected_ = of_file_ = 0;
  last_file_ = -1;
}

void SplitJudge::again(std::int32_t split) {
  forget(split);
  orders_[split].excluded = excluded_;
  desk_.add({split, pack_orders(orders_[split])});
}

/// Every split that has read the file reads again without it.
void SplitJudge::leave_out(std::int32_t file) {
  excluded_.insert(file);
  for (const auto& [split, index] : chains_[file].segments) {
    if (news_[static_cast<std::size_t>(split)]) again(split);
  }
}

/// Whether what was read of a split will count, whatever is found in the others.
bool SplitJudge::is_settled(std::int64_t split) {
  const auto& news = news_[static_cast<std::size_t>(split)];
  if (!news) return false;
  if (news->certain) return true;
  const bool may_skip = input_.stream.corrupt == OnCorrupt::kSkip;  // then a file is left out for damage at its end too
  for (int i = 0; i < static_cast<int>(news->segments.size()); ++i) {
    const Chain& chain = chains_[news->segments[static_cast<std::size_t>(i)].file];
    const std::pair<std::int32_t, int> here(static_cast<std::int32_t>(split), i);
    const auto at = std::lower_bound(chain.segments.begin(), chain.segments.end(), here) - chain.segments.begin();
    if (chain.checked <= (may_skip ? chain.segments.size() - 1 : static_cast<std::size_t>(at))) return false;
  }
  return true;
}

/// A budget in records ends the run as soon as it is spent; a share is judged at the end. What counts is where it is
/// spent in the order of the input, which does not depend on who reads what when.
void SplitJudge::keep_budget() {
  const auto splits = static_cast<std::int64_t>(news_.size());
  for (; stops_early_ && break_.split < 0 && front_ < splits && is_settled(front_); ++front_) {
    const RejectBudget& budget = input_.spec->input->rejects;
    const SplitNews& news = *news_[static_cast<std::size_t>(front_)];
    const bool goes_on = !news.segments.empty() && news.segments[0].file == last_file_;
    const BudgetBreak here{front_, rejected_, goes_on ? of_file_ : 0};
    rejected_ += news.rejected;
    bool spent = budget.count && rejected_ > *budget.count;
    for (const SegmentOutcome& segment : news.segments) {
      if (std::exchange(last_file_, segment.file) != segment.file) of_file_ = 0;
      of_file_ += segment.rejected;
      spent |= budget.file_count && of_file_ > *budget.file_count;
    }
    if (!spent) continue;
    break_ = here;
    desk_.stop();
  }
}

void share_judgement(const Comm& comm, std::vector<std::int32_t>& owners, std::set<std::int32_t>& excluded,
                     BudgetBreak& spent) {
  Packer out;
  out.put(spent.split).put(spent.rejected).put(spent.of_file);
  for (const std::int32_t owner : owners) out.put(owner);
  for (const std::int32_t file : excluded) out.put(file);
  const std::string packed = comm.broadcast(out.take());
  Unpacker in(packed);
  spent.split = in.get<std::int64_t>();
  spent.rejected = in.get<std::int64_t>();
  spent.of_file = in.get<std::int64_t>();
  for (std::int32_t& owner : owners) owner = in.get<std::int32_t>();
  excluded.clear();
  while (!in.empty()) excluded.insert(in.get<std::int32_t>());
}

}  // namespace evclean
