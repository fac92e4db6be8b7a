// SPDX-License-Identifier: Apache-2.0
#include "split_steps.hpp"

#include <arrow/array.h>

#include "checkpoint.hpp"
#include "evclean/interrupt.hpp"

namespace evclean {
namespace {

void add_seconds(double& to, std::chrono::steady_clock::time_point& since) {
  const auto now = std::chrono::steady_clock::now();
  to += std::chrono::duration<double>(now - since).count();
  since = now;
}

}  // namespace

SplitSteps::SplitSteps(const TableInput& input, Program& program, const Guess& guess,
                       std::vector<std::unique_ptr<Sink>>& sinks, RejectStage& rejects, const PassOptions& options)
    : input_(input),
      program_(program),
      guess_(guess),
      sinks_(sinks),
      rejects_(rejects),
      origin_(options.origin),
      checkpoint_(options.checkpoint),
      limit_(options.record_limit) {}

SplitRecord SplitSteps::begin(std::int64_t number) {
  drop(number);
  if (checkpoint_ != nullptr) checkpoint_->begin(number);
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

bool SplitSteps::take(std::int64_t number, SplitRecord& record, DecodedBlock& block) {
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
  keep_own_columns(input_, batch);
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
      number, record, batch, off_records, [&](Batch& out) { attach_origin(origin_, number, out); }, clock);
  put_rejects(number, record, record_rejects, true);
  add_seconds(seconds_.steps, clock);
  return !limit_.reached();
}

void SplitSteps::take_rows(std::int64_t number, SplitRecord& record, Batch& batch) {
  auto clock = Clock::now();
  const std::int64_t rows = batch.num_rows;
  const std::int64_t first_row = batch.origin.byte_offset;
  const RowOrigins origins(batch, input_.origin_columns);
  align_columns(batch, guess_.input);
  record.state.block = std::make_shared<TextBlock>();
  run_steps(
      number, record, batch, [&](const Batch& reached) { dropped_.note(reached, rows, origins, record, rejects_); },
      [&](Batch& out) { origins.attach(out); }, clock);
  for (Reject& reject : record.state.rejects) reject.line = reject.byte_offset += first_row;
  put_rejects(0, record, 0, false);
  add_seconds(seconds_.steps, clock);
}

/// The way of a batch through the steps into the sinks. `attach` puts the origins behind its columns, if later steps
/// ask for them.
template <typename OffRecords, typename Attach>
void SplitSteps::run_steps(std::int64_t number, SplitRecord& record, Batch& batch, OffRecords&& off_records,
                           Attach&& attach, Clock::time_point& clock) {
  run_ops(program_.ops, input_.spec->steps, batch, record.state, off_records, [&](Batch& out) {
    if (program_.complete) count_missing(out, record.missing);
    if (origin_.columns() > 0) attach(out);
    poison_on_misfits(record);
    add_seconds(seconds_.steps, clock);
    if (!poisoned_ && !record.poisoned) {
      for (auto& sink : sinks_) sink->write(number, out);
      if (checkpoint_ != nullptr && !sinks_.empty()) checkpoint_->put(out);
    }
    add_seconds(seconds_.encode, clock);
  });
  poison_on_misfits(record);
}

/// Stages the rejects of steps; those from `first_row` on are of rows that are not their whole record, but what explode
/// could not read of records.
void SplitSteps::put_rejects(std::int64_t split, SplitRecord& record, std::size_t first_row, bool of_records) {
  std::vector<Reject>& rejects = record.state.rejects;
  record.rejected_rows += static_cast<std::int64_t>(rejects.size());
  for (std::size_t r = first_row; r < rejects.size(); ++r) {
    if (!of_records || rejects[r].detail.empty()) rejects[r].detail = kRowOfARecord;
  }
  rejects_.put(split, rejects);
  rejects.clear();
}

SplitNews SplitSteps::end(std::int64_t number, SplitRecord record) {
  auto clock = Clock::now();
  for (auto& sink : sinks_) sink->end_part(number);
  add_seconds(seconds_.encode, clock);  // the rest of the part
  for (const auto& [step, bases] : guess_.row_bases) {
    record.state.next_row[static_cast<std::size_t>(step)] -= bases[static_cast<std::size_t>(number)];
  }
  SplitNews news = summary_of(record);
  record.state.block.reset();
  if (checkpoint_ != nullptr) checkpoint_->end(number, record, rejects_);
  records_.emplace(number, std::move(record));
  return news;
}

bool SplitSteps::restore(std::int64_t number) {
  throw_if_interrupted();
  SplitRecord record(make_state(input_, program_));
  const auto take_batch = [&](Batch& batch) {
    for (auto& sink : sinks_) sink->write(number, batch);
  };
  const bool whole = checkpoint_->load(number, take_batch, record, rejects_);
  for (auto& sink : sinks_) sink->end_part(number);
  poisoned_ |= record.poisoned && record.certain;
  records_.emplace(number, std::move(record));
  if (!whole) drop(number);
  return whole;
}

void SplitSteps::drop(std::int64_t number) {
  if (records_.erase(number) == 0) return;
  for (auto& sink : sinks_) sink->drop_part(number);
  rejects_.drop(number);
}

void SplitSteps::forget_what_others_own(const std::vector<std::int32_t>& owners, int rank) {
  std::vector<std::int64_t> mine;
  for (const auto& [number, record] : records_) mine.push_back(number);
  for (const std::int64_t number : mine) {
    if (owners[static_cast<std::size_t>(number)] != rank) drop(number);
  }
}

std::int64_t SplitSteps::line_base(std::int64_t split, std::size_t segment) const {
  return guess_.line_bases.empty() ? 0 : guess_.line_bases[static_cast<std::size_t>(split)][segment];
}

void SplitSteps::poison_on_misfits(SplitRecord& record) {
  if (record.poisoned) return;
  for (const std::int64_t misfits : record.state.misfits) {
    if (misfits > 0) poison(record);
  }
}

/// Once a value does not fit its guess, what would be written is useless: go on for the evidence only. That holds for
/// the other splits only if this reading counts.
void SplitSteps::poison(SplitRecord& record) {
  record.poisoned = true;
  poisoned_ |= record.certain;
}

}  // namespace evclean
