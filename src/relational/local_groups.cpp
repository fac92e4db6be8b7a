// SPDX-License-Identifier: Apache-2.0
#include "local_groups.hpp"

#include "batch_rows.hpp"
#include "row_ranges.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kWindowRows = 50'000;     ///< between looks at whether the table pays
constexpr std::size_t kLeastTrialGroups = 4096;  ///< a smaller table always pays
constexpr double kTooManyGroups = 0.6;           ///< of the rows: the table does not reduce
constexpr double kTooFewHits = 0.03;             ///< of the rows: looking them up does not pay
constexpr std::size_t kGroupSamples = 8192;
constexpr std::int64_t kMostPlaces = 1 << 18;    ///< of keys in an array: they stay in the caches
constexpr std::int64_t kLeastRowsPerPlace = 16;  ///< fewer seldom know all keys of a chunk

std::size_t most_places(const Workspace& workspace, std::int64_t rows) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(rows / kLeastRowsPerPlace, 0, std::min(kMostPlaces, workspace.budget->bytes() / 256)));
}

}  // namespace

LocalGroups::LocalGroups(const GroupInput& input, const KeyCodec& codec, const Workspace& workspace, std::int64_t rows)
    : input_(input),
      codec_(codec),
      workspace_(workspace),
      partials_(workspace),
      rows_(std::make_unique<BatchStage>(input.fields(), workspace.budget, workspace.scratch_dir)),
      row_sample_(kGroupSamples),
      table_(codec),
      states_(input.fields(), input.spec().aggregates),
      dense_(input.fields(), input.spec().keys, most_places(workspace, rows)),
      claim_(workspace.budget),
      rows_expected_(rows) {
  if (input.spec().keys.empty() && workspace.comm.is_root()) {  // the one row of an empty table
    states_.resize(table_.find_or_add(std::string_view("\0\0\0\0\0\0\0\0", 8)) + 1);
  }
}

void LocalGroups::add(const Batch& batch, std::int64_t row_number) {
  workspace_.pause();
  const Batch needed = input_.project(batch, row_number);
  if (mode_ == Mode::kPasses) return pass(needed);
  missed_.clear();
  each_chunk(needed,
             [&](std::int64_t first, std::int64_t count) { add_chunk(needed, first, count, row_number + first); });
  if (!missed_.empty()) pass(gather_rows(needed, missed_));
}

void LocalGroups::add_chunk(const Batch& batch, std::int64_t first, std::int64_t count, std::int64_t row_number) {
  Chunk chunk{batch, first, count, row_number};
  if (mode_ == Mode::kLearns) {
    if (!dense_.find(batch, first, count, groups_)) {
      table_.encode(batch, first, count, keys_);
      table_.find_or_add(keys_, groups_);
      dense_.learn(groups_);
      states_.resize(table_.size());
    }
  } else {
    table_.encode(batch, first, count, keys_);
    table_.find(keys_, groups_);
    chunk.some_have_none = true;
    const std::size_t missed = missed_.size();
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (groups_[i] == GroupTable::kNone)
        missed_.push_back(static_cast<std::int32_t>(first + static_cast<std::int64_t>(i)));
    }
    window_hits_ += count - static_cast<std::int64_t>(missed_.size() - missed);
  }
  chunk.groups = groups_.data();
  states_.add(chunk);
  reconsider(count);
  watch_memory();
}

void LocalGroups::pass(const Batch& rows) {
  sample_rows(rows, codec_, row_sample_);
  row_bytes_ += bytes_of(rows);
  rows_->append(static_cast<std::int64_t>(passed_.size()), rows);
  passed_.push_back(rows.num_rows);
}

/// Of the last rows some share had new keys. Were all keys as frequent, there would be groups / (1 - share) of them;
/// when that is most of the rows that will come, a table of them saves nothing.
void LocalGroups::reconsider(std::int64_t rows) {
  rows_seen_ += rows;
  window_rows_ += rows;
  if (window_rows_ < kWindowRows || mode_ == Mode::kPasses) return;
  const auto window = static_cast<double>(window_rows_);
  if (mode_ == Mode::kLearns) {
    const auto groups = static_cast<double>(table_.size());
    const double known = 1 - (groups - static_cast<double>(window_groups_)) / window;
    const auto expected = static_cast<double>(std::max(rows_expected_, rows_seen_));
    if (table_.size() >= kLeastTrialGroups && groups > kTooManyGroups * expected * known) mode_ = Mode::kKnows;
  } else if (static_cast<double>(window_hits_) < kTooFewHits * window) {
    mode_ = Mode::kPasses;
  }
  window_rows_ = window_hits_ = 0;
  window_groups_ = table_.size();
}

void LocalGroups::watch_memory() {
  if (!claim_.grow_to(table_.memory_bytes() + dense_.memory_bytes() + states_.memory_bytes())) flush();
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
  dense_.clear();
  states_.clear();
  claim_.release();
  window_groups_ = 0;
}

}  // namespace evclean
