// SPDX-License-Identifier: Apache-2.0
#include "local_groups.hpp"

#include <numeric>

#include "batch_rows.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kTrialRows = 50'000;     ///< before the table is judged
constexpr std::size_t kLeastTrialGroups = 4096;  ///< a smaller table always pays
constexpr double kTooManyGroups = 0.6;           ///< of the rows: the table does not reduce
constexpr double kTooFewHits = 0.03;             ///< of the rows: looking them up does not pay

}  // namespace

LocalGroups::LocalGroups(const Fields& fields, const GroupSpec& spec, const KeyCodec& codec, const Workspace& workspace,
                         ItemSort& partials)
    : workspace_(workspace),
      partials_(partials),
      table_(codec),
      states_(fields, spec.aggregates),
      single_(fields, spec.aggregates),
      claim_(workspace.budget) {
  if (spec.keys.empty() && workspace.comm.is_root()) {  // the one row of an empty table
    states_.resize(table_.find_or_add(std::string_view("\0\0\0\0\0\0\0\0", 8)) + 1);
  }
}

void LocalGroups::add(const Batch& batch, std::int64_t row_number) {
  workspace_.pause();
  each_chunk(batch,
             [&](std::int64_t first, std::int64_t count) { add_chunk(batch, first, count, row_number + first); });
}

void LocalGroups::add_chunk(const Batch& batch, std::int64_t first, std::int64_t count, std::int64_t row_number) {
  table_.encode(batch, first, count, keys_);
  Chunk chunk{batch, first, count, row_number};
  switch (mode_) {
    case Mode::kLearns:
      table_.find_or_add(keys_, groups_);
      states_.resize(table_.size());
      break;
    case Mode::kKnows:
      table_.find(keys_, groups_);
      chunk.some_have_none = true;
      break;
    case Mode::kPasses:
      groups_.assign(static_cast<std::size_t>(count), GroupTable::kNone);
      break;
  }
  chunk.groups = groups_.data();
  if (mode_ != Mode::kPasses) states_.add(chunk);
  if (mode_ != Mode::kLearns) pass(chunk);
  reconsider(count);
  watch_memory();
}

/// Rows without a group leave one by one, as groups of one row.
void LocalGroups::pass(const Chunk& chunk) {
  passing_.assign(static_cast<std::size_t>(chunk.count), GroupTable::kNone);
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < passing_.size(); ++i) {
    if (groups_[i] == GroupTable::kNone) passing_[i] = count++;
  }
  hits_ += chunk.count - count;
  if (count == 0) return;
  single_.resize(count);
  single_.add({chunk.batch, chunk.first, chunk.count, chunk.row_number, passing_.data(), count < chunk.count});
  for (std::size_t i = 0; i < passing_.size(); ++i) {
    if (passing_[i] == GroupTable::kNone) continue;
    state_bytes_.clear();
    single_.write(passing_[i], state_bytes_);
    partials_.add(keys_.view(i), state_bytes_);
  }
  single_.clear();
}

void LocalGroups::reconsider(std::int64_t rows) {
  rows_ += rows;
  if (rows_ < kTrialRows || mode_ == Mode::kPasses) return;
  if (mode_ == Mode::kLearns) {
    const bool reduces = static_cast<double>(table_.size()) < kTooManyGroups * static_cast<double>(rows_);
    if (reduces || table_.size() < kLeastTrialGroups) return;
    mode_ = Mode::kKnows;
  } else if (static_cast<double>(hits_) < kTooFewHits * static_cast<double>(rows_)) {
    mode_ = Mode::kPasses;
    flush();
  }
  rows_ = hits_ = 0;
}

void LocalGroups::watch_memory() {
  if (!claim_.grow_to(table_.memory_bytes() + states_.memory_bytes())) flush();
}

void LocalGroups::add_distinct(std::size_t aggregate, std::string_view key, std::int64_t values) {
  const std::uint32_t group = table_.find_or_add(key);
  states_.resize(table_.size());
  states_.add_distinct(aggregate, group, values);
  watch_memory();
}

void LocalGroups::flush() {
  for (std::size_t g = 0; g < table_.size(); ++g) {
    state_bytes_.clear();
    states_.write(static_cast<std::uint32_t>(g), state_bytes_);
    partials_.add(table_.key(g), state_bytes_);
  }
  table_.clear();
  states_.clear();
  claim_.release();
}

}  // namespace evclean
