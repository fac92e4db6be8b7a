// SPDX-License-Identifier: Apache-2.0
#include "split_judge.hpp"

#include <utility>

#include "wire.hpp"

namespace evclean {

std::string SplitNews::pack() const {
  Packer out;
  out.put(failed).put(certain).put(records).put(rejected).put(static_cast<std::int64_t>(segments.size()));
  for (const SegmentOutcome& segment : segments) {
    out.put(segment.file).put(segment.first).put(segment.end).put(segment.skipped).put(segment.damage.damaged);
    out.put(segment.rejected);
  }
  return out.take();
}

SplitNews SplitNews::unpack(const std::string& bytes) {
  Unpacker in(bytes);
  SplitNews news;
  news.failed = in.get<bool>();
  news.certain = in.get<bool>();
  news.records = in.get<std::int64_t>();
  news.rejected = in.get<std::int64_t>();
  news.segments.resize(static_cast<std::size_t>(in.get<std::int64_t>()));
  for (SegmentOutcome& segment : news.segments) {
    segment.file = in.get<std::int32_t>();
    segment.first = in.get<std::int64_t>();
    segment.end = in.get<std::int64_t>();
    segment.skipped = in.get<bool>();
    segment.damage.damaged = in.get<bool>();
    segment.rejected = in.get<std::int64_t>();
  }
  return news;
}

std::string pack_orders(const ReadOrders& orders) {
  Packer out;
  out.put(static_cast<std::int64_t>(orders.starts.size()));
  for (const auto& [segment, start] : orders.starts) out.put(segment).put(start);
  out.put(static_cast<std::int64_t>(orders.excluded.size()));
  for (const std::int32_t file : orders.excluded) out.put(file);
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
  return orders;
}

SplitJudge::SplitJudge(const TableInput& input, TicketDesk& desk, Monitor* monitor)
    : input_(input),
      desk_(desk),
      monitor_(monitor),
      owners_(input.splits.size(), -1),
      news_(input.splits.size()),
      counted_(input.splits.size()) {
  for (const Split& split : input.splits) {
    for (int i = 0; i < static_cast<int>(split.segments.size()); ++i) {
      chains_[split.segments[static_cast<std::size_t>(i)].file].segments.emplace_back(split.ordinal, i);
    }
  }
}

void SplitJudge::done(int rank, const TicketDesk::Done& done) {
  SplitNews news = SplitNews::unpack(done.message);
  const auto split = static_cast<std::int32_t>(done.ticket);
  if (news.failed) {
    desk_.stop();
    return;
  }
  owners_[static_cast<std::size_t>(split)] = rank;
  if (monitor_ != nullptr) monitor_->advance(input_.splits[static_cast<std::size_t>(split)].size_bytes, news.records);
  const bool certain = news.certain;
  news_[static_cast<std::size_t>(split)] = std::move(news);
  if (certain) keep_budget(split);
  for (const SegmentOutcome& segment : news_[static_cast<std::size_t>(split)]->segments) {
    const bool must_go = excluded_.count(segment.file) > 0 && !segment.skipped;
    if (must_go || (segment.damage.damaged && input_.stream.corrupt == OnCorrupt::kSkip)) {
      leave_out(segment.file);
      return;
    }
  }
  for (const auto& segment : input_.splits[static_cast<std::size_t>(split)].segments) check(segment.file);
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
    const bool first = chain.checked == 0 || outcome.skipped;
    const bool covered = outcome.first < 0 && segment.end >= 0 && chain.end >= segment.end;
    const bool nothing_left = outcome.first < 0 && segment.end < 0;
    if (first || outcome.first == chain.end || covered || nothing_left) {
      if (outcome.first >= 0) chain.end = outcome.end;
      ++chain.checked;
      if (index + 1 == static_cast<int>(news->segments.size())) keep_budget(split);
      continue;
    }
    orders_[split].starts[index] = chain.end;
    again(split);
    return;
  }
}

void SplitJudge::again(std::int32_t split) {
  news_[static_cast<std::size_t>(split)].reset();
  rejected_ -= std::exchange(counted_[static_cast<std::size_t>(split)], 0);
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

/// A budget in records ends the run as soon as it is spent; a share is judged at the end.
void SplitJudge::keep_budget(std::int32_t split) {
  if (!input_.spec->input) return;
  std::int64_t& counted = counted_[static_cast<std::size_t>(split)];
  const std::int64_t rejected = news_[static_cast<std::size_t>(split)]->rejected;
  rejected_ += rejected - std::exchange(counted, rejected);
  const auto& count = input_.spec->input->rejects.count;
  over_budget_ |= count && rejected_ > *count;
  if (input_.spec->input->rejects.file_count) {
    for (const SegmentOutcome& segment : news_[static_cast<std::size_t>(split)]->segments)
      keep_file_budget(segment.file);
  }
  if (over_budget_) desk_.stop();
}

/// What is known of one file so far.
void SplitJudge::keep_file_budget(std::int32_t file) {
  std::int64_t rejected = 0;
  for (const auto& [split, index] : chains_[file].segments) {
    const auto& news = news_[static_cast<std::size_t>(split)];
    if (news) rejected += news->segments[static_cast<std::size_t>(index)].rejected;
  }
  over_budget_ |= rejected > *input_.spec->input->rejects.file_count;
}

}  // namespace evclean
