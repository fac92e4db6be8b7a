// SPDX-License-Identifier: Apache-2.0
// A join in four steps: right rows go to the owners of their hashes, left keys (or rows) follow, owners answer to the
// left rows' homes, and there each left part meets its answers. Left rows that a filter of the right keys does not know
// stay at home; so do those of hot keys, whose right rows are everywhere.
#include <algorithm>

#include "batch_rows.hpp"
#include "home_join.hpp"
#include "hot_keys.hpp"
#include "key_filter.hpp"
#include "owner_join.hpp"
#include "row_cursor.hpp"
#include "row_piles.hpp"
#include "row_ranges.hpp"
#include "stage_writer.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kHotTag = -1;
constexpr int kMostGroupBits = 6;
constexpr int kMostPiles = 64;  ///< measured: with more, piles of rows are too small
constexpr std::int64_t kPileRows = 1024;
constexpr std::int64_t kPullBytes = 8 << 20;
constexpr std::int64_t kNearRows = 1 << 15;  ///< of a group's right side: what a join needs of them stays in the caches

class TravelJoin {
 public:
  TravelJoin(JoinRun& run, bool whole_rows)
      : run_(run),
        layout_(run.plan, whole_rows, run.take ? &run.taken_left : nullptr),
        ranks_(run.comm().size()),
        right_(stage(layout_.right_fields)),
        left_(stage(layout_.left_fields)),
        answers_(stage(layout_.answer_fields)) {}

  void join() {
    const double right_bytes = width_of(run_.right_widths, layout_.right_columns) + 8;
    const double left_bytes = width_of(run_.left_widths, layout_.left_columns) + 8;
    choose_groups(right_bytes);
    choose_filter(left_bytes);
    right_writer_.emplace(*right_, run_.waiting_rows(run_.right_widths, layout_.right_columns));
    hot_ = HotKeys::find(run_);
    send_right();
    if (hot_.any()) settle_hot(right_bytes);
    run_.comm().agree([&] { right_writer_->finish(); });
    if (filter_) filter_->unite(run_.comm());
    answers_writer_.emplace(*answers_, run_.waiting_rows(run_.right_widths, layout_.right_columns));
    send_left();
    if (run_.take != nullptr) {
      give();
    } else {
      answer();
      run_.comm().agree([&] {
        answers_writer_->finish();
        finish_parts();
      });
    }
    for (const auto* staged : {right_.get(), left_.get(), answers_.get(), hot_rows_.get()}) {
      if (staged != nullptr) run_.spilled_bytes += staged->spilled_bytes();
    }
  }

 private:
  std::shared_ptr<BatchStage> stage(const Fields& fields) const {
    return std::make_shared<BatchStage>(fields, run_.workspace.budget, run_.workspace.scratch_dir);
  }

  /// As many groups as it takes for one's right side to fit, by what a sample says; and so many that a group's table
  /// stays near, while there are not too many piles to be dealt.
  void choose_groups(double right_bytes) {
    while (ranks_ << (layout_.group_bits + 1) <= kMostPiles &&
           run_.right.rows() >> layout_.group_bits > kNearRows * ranks_) {
      ++layout_.group_bits;
    }
    const double all = (right_bytes + KeyTable::kBytesPerRow) * static_cast<double>(run_.right.rows()) / ranks_;
    while (layout_.group_bits < kMostGroupBits &&
           all * 1.5 > static_cast<double>(run_.memory_bytes) * layout_.groups()) {
      ++layout_.group_bits;
    }
  }

  /// A filter costs its bytes on every rank, and saves the way of what cannot match.
  void choose_filter(double left_bytes) {
    const std::int64_t bytes = KeyFilter::bytes_for(run_.right.rows());
    const double travels = left_bytes * static_cast<double>(run_.left.rows()) / ranks_;
    if (bytes <= run_.memory_bytes / 4 && static_cast<double>(bytes) < travels / 4) filter_.emplace(run_.right.rows());
  }

  /// Deals rows into piles, one a destination (rank * groups + group).
  RowPiles piles(std::size_t rows) const {
    return {static_cast<std::size_t>(ranks_) * static_cast<std::size_t>(layout_.groups()), rows};
  }
  std::size_t destination(std::uint64_t hash) const {
    const auto rank = static_cast<std::size_t>(owner_of(partition_of(hash), ranks_));
    return rank * static_cast<std::size_t>(layout_.groups()) + static_cast<std::size_t>(layout_.group_of(hash));
  }
  void ship(Shipper& shipper, const Batch& batch, RowPiles& piles) const {
    const auto groups = static_cast<std::size_t>(layout_.groups());
    piles.each([&](std::size_t i, std::span<const std::int32_t> rows) {
      shipper.put(static_cast<int>(i / groups), static_cast<std::int64_t>(i % groups), batch, rows);
    });
  }

  /// Some columns of the next rows of a part: of so many that the piles they are dealt into are worth a letter's block.
  template <typename Look>
  Batch pull(RowCursor& cursor, const std::vector<int>& columns, Look&& look) const {
    const std::int64_t part = cursor.part();
    const std::int64_t enough = kPileRows * ranks_ * layout_.groups();
    std::vector<Batch> together;
    std::int64_t rows = 0, bytes = 0;
    while (!cursor.done() && cursor.part() == part && (together.empty() || (rows < enough && bytes < kPullBytes))) {
      const std::int64_t first = cursor.first_row();
      const Batch whole = cursor.take();
      look(whole);
      together.push_back(layout_.taken ? project(whole, columns) : with_row_numbers(whole, columns, first));
      rows += whole.num_rows;
      bytes += bytes_of(together.back());
    }
    return concatenate_batches(together);
  }

  void keep_right(std::int64_t group, const Batch& rows) {
    if (group == kHotTag) {
      hot_right_.push_back(rows);
      return;
    }
    right_writer_->append(group, rows);
    if (!filter_) return;
    const auto hashes = hash_rows(rows, layout_.right_keys);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (i + KeyFilter::kAhead < hashes.size()) filter_->prefetch(hashes[i + KeyFilter::kAhead]);
      filter_->add(hashes[i]);
    }
  }

  void send_right() {
    RowCursor cursor(run_.right, run_.drains_right);
    if (hot_.any()) hot_rows_ = stage(layout_.right_fields);
    const auto produce = [&](Shipper& shipper) {
      if (cursor.done()) return false;
      const auto look = [&](const Batch& whole) { run_.none.count_right(whole); };
      Batch batch = pull(cursor, layout_.right_columns, look);
      const auto hashes = hash_rows(batch, layout_.right_keys);
      const auto null = rows_with_null(batch, layout_.right_keys);
      RowPiles dealt = piles(hashes.size());
      std::vector<std::int32_t> hot;
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        if (!null.empty() && null[i]) continue;
        if (hot_.any() && hot_.has(hashes[i])) {
          hot_.count_right(hashes[i]);
          hot.push_back(static_cast<std::int32_t>(i));
        } else {
          dealt.put(i, destination(hashes[i]));
        }
      }
      ship(shipper, batch, dealt);
      batch.keep(hot);
      if (!hot.empty()) hot_rows_->append(0, batch);
      return !cursor.done();
    };
    run_.bytes_sent +=
        exchange(run_.workspace, layout_.right_fields, produce, [&](int, std::int64_t group, const Batch& rows) {
          keep_right(group, rows);
        }).bytes_sent;
  }

  /// Right rows of hot keys go everywhere, unless they are too many: then to their owners after all.
  void settle_hot(double right_bytes) {
    const double bytes_a_row = right_bytes + KeyTable::kBytesPerRow;
    hot_.keep_small(static_cast<std::int64_t>(static_cast<double>(run_.memory_bytes) / 4 / bytes_a_row), run_.comm());
    std::int64_t next = 0;
    const auto produce = [&](Shipper& shipper) {
      if (next == hot_rows_->batches(0)) return false;
      const Batch batch = hot_rows_->batch(0, next++);
      const auto hashes = hash_rows(batch, layout_.right_keys);
      RowPiles dealt = piles(hashes.size());
      std::vector<std::int32_t> everywhere;
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        if (hot_.has(hashes[i])) {
          everywhere.push_back(static_cast<std::int32_t>(i));
        } else {
          dealt.put(i, destination(hashes[i]));
        }
      }
      ship(shipper, batch, dealt);
      for (int rank = 0; rank < ranks_; ++rank) shipper.put(rank, kHotTag, batch, everywhere);
      return next < hot_rows_->batches(0);
    };
    run_.bytes_sent +=
        exchange(run_.workspace, layout_.right_fields, produce, [&](int, std::int64_t group, const Batch& rows) {
          keep_right(group, rows);
        }).bytes_sent;
  }

  void send_left() {
    std::optional<Matcher> hot;
    run_.comm().agree([&] {
      if (hot_.any()) hot.emplace(run_.plan, layout_, std::move(hot_right_));
    });
    StageWriter left_writer(*left_, run_.waiting_rows(run_.left_widths, layout_.left_columns));
    RowCursor cursor(run_.left, run_.drains_left);
    const auto produce = [&](Shipper& shipper) {
      if (cursor.done()) return false;
      const std::int64_t part = cursor.part();
      const auto look = [&](const Batch& whole) { run_.none.count_left(whole); };
      Batch batch = pull(cursor, layout_.left_columns, look);
      std::vector<std::int32_t> stay;
      RowPiles dealt = deal_left(batch, stay);
      ship(shipper, batch, dealt);
      if (stay.empty()) return !cursor.done();
      batch.keep(stay);
      hot->match(batch, [&](const Batch& rows) {
        if (run_.take != nullptr) return (*run_.take)(rows);
        answers_writer_->append(part, rows);
      });
      return !cursor.done();
    };
    run_.bytes_sent +=
        exchange(run_.workspace, layout_.left_fields, produce, [&](int source, std::int64_t group, const Batch& rows) {
          left_writer.append(group * ranks_ + source, rows);
        }).bytes_sent;
    run_.comm().agree([&] { left_writer.finish(); });
  }

  /// Where left rows go; those of hot keys stay, those that cannot match go nowhere.
  RowPiles deal_left(const Batch& batch, std::vector<std::int32_t>& stay) const {
    const auto hashes = hash_rows(batch, layout_.left_keys);
    const auto null = rows_with_null(batch, layout_.left_keys);
    RowPiles dealt = piles(hashes.size());
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (filter_ && i + KeyFilter::kAhead < hashes.size()) filter_->prefetch(hashes[i + KeyFilter::kAhead]);
      if (!null.empty() && null[i]) continue;
      if (hot_.any() && hot_.has(hashes[i])) {
        stay.push_back(static_cast<std::int32_t>(i));
      } else {
        dealt.put_if(!filter_ || filter_->may_have(hashes[i]), i, destination(hashes[i]));
      }
    }
    return dealt;
  }

  /// Rows go where they are taken, from where they met.
  void give() {
    OwnerJoin owner(run_, layout_, right_, left_);
    run_.comm().agree([&] {
      while (owner.step(*run_.take)) run_.workspace.pause();
    });
    run_.spilled_bytes += owner.spilled_bytes();
  }

  void answer() {
    OwnerJoin owner(run_, layout_, right_, left_);
    run_.bytes_sent +=
        exchange(
            run_.workspace, layout_.answer_fields, [&](Shipper& shipper) { return owner.produce(shipper); },
            [&](int, std::int64_t part, const Batch& rows) { answers_writer_->append(part, rows); })
            .bytes_sent;
    run_.spilled_bytes += owner.spilled_bytes();
  }

  void finish_parts() {
    HomeJoin home(run_, layout_, *answers_);
    for (const std::int64_t part : run_.left.mine()) {
      home.join_part(part);
      answers_->drop(part);
    }
  }

  JoinRun& run_;
  TravelLayout layout_;
  int ranks_;
  std::shared_ptr<BatchStage> right_, left_, answers_;
  std::shared_ptr<BatchStage> hot_rows_;  ///< right rows of keys that may be hot
  std::vector<Batch> hot_right_;          ///< right rows of hot keys, of all ranks
  std::optional<StageWriter> right_writer_, answers_writer_;
  std::optional<KeyFilter> filter_;
  HotKeys hot_;
};

}  // namespace

void join_by_travel(JoinRun& run, bool whole_rows) { TravelJoin(run, whole_rows).join(); }

}  // namespace evclean
