// SPDX-License-Identifier: Apache-2.0
#include "owner_join.hpp"

#include <algorithm>

#include "batch_rows.hpp"
#include "evclean/record_batch.hpp"
#include "row_cursor.hpp"
#include "stage_writer.hpp"

namespace evclean {
namespace {

/// Rows of a batch by a split of their hashes.
std::vector<std::vector<std::int32_t>> split_rows(const std::vector<std::uint64_t>& hashes, const TravelLayout& layout,
                                                  int depth) {
  std::vector<std::vector<std::int32_t>> rows(std::size_t{1} << TravelLayout::kSplitBits);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    rows[static_cast<std::size_t>(layout.split_of(hashes[i], depth))].push_back(static_cast<std::int32_t>(i));
  }
  return rows;
}

}  // namespace

OwnerJoin::OwnerJoin(const JoinRun& run, const TravelLayout& layout, std::shared_ptr<BatchStage> right,
                     std::shared_ptr<BatchStage> left)
    : run_(run), layout_(layout), ranks_(run.comm().size()) {
  for (int group = layout.groups(); group-- > 0;) todo_.push_back({right, left, group, 0, false});
}

std::int64_t OwnerJoin::left_rows(const Bucket& bucket) const {
  std::int64_t rows = 0;
  for (int source = 0; source < ranks_; ++source) rows += bucket.left->rows(bucket.number * ranks_ + source);
  return rows;
}

bool OwnerJoin::fits(const Bucket& bucket) const {
  return bucket.right->bytes(bucket.number) + bucket.right->rows(bucket.number) * KeyTable::kBytesPerRow <=
         run_.memory_bytes;
}

void OwnerJoin::end_bucket() {
  now_->right->drop(now_->number);
  for (int source = 0; source < ranks_; ++source) now_->left->drop(now_->number * ranks_ + source);
  now_.reset();
}

/// Splits a bucket into sixteen by the next bits of the hash.
void OwnerJoin::split(const Bucket& bucket) {
  const auto stage = [&](const Fields& fields) {
    return std::make_shared<BatchStage>(fields, run_.workspace.budget, run_.workspace.scratch_dir);
  };
  const auto right = stage(layout_.right_fields), left = stage(layout_.left_fields);
  StageWriter right_writer(*right, run_.waiting_rows(run_.right_widths, layout_.right_columns));
  StageWriter left_writer(*left, run_.waiting_rows(run_.left_widths, layout_.left_columns));
  std::uint64_t least = UINT64_MAX, most = 0;
  const auto move = [&](BatchStage& from, std::int64_t part, StageWriter& to, const std::vector<int>& keys,
                        const std::function<std::int64_t(std::int64_t)>& number) {
    for (std::int64_t i = 0; i < from.batches(part); ++i) {
      run_.workspace.pause();
      const Batch batch = from.batch(part, i);
      const auto hashes = hash_rows(batch, keys);
      if (&to == &right_writer) {
        for (const std::uint64_t hash : hashes) least = std::min(least, hash), most = std::max(most, hash);
      }
      const auto rows = split_rows(hashes, layout_, bucket.depth);
      for (std::size_t split = 0; split < rows.size(); ++split) {
        if (rows[split].empty()) continue;
        Batch some = batch;
        some.keep(rows[split]);
        to.append(number(static_cast<std::int64_t>(split)), some);
      }
    }
    from.drop(part);
  };
  move(*bucket.right, bucket.number, right_writer, layout_.right_keys, [](std::int64_t split) { return split; });
  for (int source = 0; source < ranks_; ++source) {
    move(*bucket.left, bucket.number * ranks_ + source, left_writer, layout_.left_keys,
         [&](std::int64_t split) { return split * ranks_ + source; });
  }
  right_writer.finish();
  left_writer.finish();
  spilled_bytes_ += right->spilled_bytes() + left->spilled_bytes();
  for (std::int64_t number = 1 << TravelLayout::kSplitBits; number-- > 0;) {
    todo_.push_back({right, left, number, bucket.depth + 1, least == most});
  }
}

void OwnerJoin::begin_next() {
  now_ = std::move(todo_.back());
  todo_.pop_back();
  if (now_->right->rows(now_->number) == 0 || left_rows(*now_) == 0) return end_bucket();
  if (!fits(*now_) && !now_->single && now_->depth < layout_.splits()) {
    split(*now_);
    now_.reset();
    return;
  }
  next_right_ = 0;
  load_block();
}

/// Takes as many right batches as fit; at least one.
void OwnerJoin::load_block() {
  std::vector<Batch> batches;
  std::int64_t bytes = 0;
  const std::int64_t count = now_->right->batches(now_->number);
  const std::int64_t bytes_a_row =
      KeyTable::kBytesPerRow + now_->right->bytes(now_->number) / now_->right->rows(now_->number);
  for (; next_right_ < count && (batches.empty() || bytes < run_.memory_bytes); ++next_right_) {
    batches.push_back(now_->right->batch(now_->number, next_right_));
    bytes += batches.back().num_rows * bytes_a_row;
  }
  matcher_ = std::make_unique<Matcher>(run_.plan, layout_, std::move(batches));
  source_ = 0;
  next_left_ = 0;
}

/// Cuts an answer by left part: its rows are in their order.
void OwnerJoin::send_home(Shipper& ship, const Batch& answer) const {
  const auto numbers = row_numbers(answer, 0);
  for (std::size_t at = 0; at < numbers.size();) {
    const std::size_t part = part_of_row(run_.left, numbers[at]);
    const Dataset::Part& home = run_.left.parts()[part];
    const auto end = static_cast<std::size_t>(
        std::lower_bound(numbers.begin() + static_cast<std::ptrdiff_t>(at), numbers.end(), home.first_row + home.rows) -
        numbers.begin());
    const bool whole = end - at == numbers.size();
    ship.put(source_, static_cast<std::int64_t>(part),
             whole ? answer : slice_batch(answer, static_cast<std::int64_t>(at), static_cast<std::int64_t>(end - at)));
    at = end;
  }
}

bool OwnerJoin::step(const std::function<void(const Batch&)>& answer) {
  while (!matcher_) {
    if (todo_.empty()) return false;
    begin_next();
  }
  while (source_ < ranks_ && next_left_ == now_->left->batches(now_->number * ranks_ + source_)) {
    ++source_;
    next_left_ = 0;
  }
  if (source_ < ranks_) {
    matcher_->match(now_->left->batch(now_->number * ranks_ + source_, next_left_++), answer);
    return true;
  }
  matcher_.reset();
  if (next_right_ < now_->right->batches(now_->number)) {
    load_block();
  } else {
    end_bucket();
  }
  return true;
}

}  // namespace evclean
