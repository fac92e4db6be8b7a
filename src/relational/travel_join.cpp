// SPDX-License-Identifier: Apache-2.0
// A join in four steps: right rows go to the owners of their hashes, left keys (or rows) follow, owners answer to the
// left rows' homes, and there each left part meets its answers. Left rows that a filter of the right keys does not know
// stay at home; so do those of hot keys, whose right rows are everywhere.
#include <algorithm>

#include "home_join.hpp"
#include "hot_keys.hpp"
#include "key_filter.hpp"
#include "owner_join.hpp"
#include "row_cursor.hpp"
#include "stage_writer.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kHotTag = -1;
constexpr int kMostGroupBits = 6;

using Lists = std::vector<std::vector<std::int32_t>>;

class TravelJoin {
 public:
  TravelJoin(JoinRun& run, bool whole_rows)
      : run_(run),
        layout_(run.plan, whole_rows),
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
    answer();
    run_.comm().agree([&] {
      answers_writer_->finish();
      finish_parts();
    });
    for (const auto* staged : {right_.get(), left_.get(), answers_.get(), hot_rows_.get()}) {
      if (staged != nullptr) run_.spilled_bytes += staged->spilled_bytes();
    }
  }

 private:
  std::shared_ptr<BatchStage> stage(const Fields& fields) const {
    return std::make_shared<BatchStage>(fields, run_.workspace.budget, run_.workspace.scratch_dir);
  }

  /// As many groups as it takes for one's right side to fit, by what a sample says.
  void choose_groups(double right_bytes) {
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

  /// Rows by destination (rank * groups + group).
  Lists destinations() const {
    return Lists(static_cast<std::size_t>(ranks_) * static_cast<std::size_t>(layout_.groups()));
  }
  std::size_t destination(std::uint64_t hash) const {
    const auto rank = static_cast<std::size_t>(owner_of(partition_of(hash), ranks_));
    return rank * static_cast<std::size_t>(layout_.groups()) + static_cast<std::size_t>(layout_.group_of(hash));
  }
  void ship(Shipper& shipper, const Batch& batch, const Lists& lists) const {
    for (std::size_t i = 0; i < lists.size(); ++i) {
      if (lists[i].empty()) continue;
      const auto groups = static_cast<std::size_t>(layout_.groups());
      shipper.put(static_cast<int>(i / groups), static_cast<std::int64_t>(i % groups), batch, lists[i]);
    }
  }

  void keep_right(std::int64_t group, const Batch& rows) {
    if (group == kHotTag) {
      hot_right_.push_back(rows);
      return;
    }
    right_writer_->append(group, rows);
    if (!filter_) return;
    for (const std::uint64_t hash : hash_rows(rows, layout_.right_keys)) filter_->add(hash);
  }

  void send_right() {
    RowCursor cursor(run_.right);
    if (hot_.any()) hot_rows_ = stage(layout_.right_fields);
    const auto produce = [&](Shipper& shipper) {
      if (cursor.done()) return false;
      const std::int64_t first = cursor.first_row();
      const Batch whole = cursor.take();
      run_.none.count_right(whole);
      Batch batch = with_row_numbers(whole, layout_.right_columns, first);
      const auto hashes = hash_rows(batch, layout_.right_keys);
      const auto null = rows_with_null(batch, layout_.right_keys);
      Lists lists = destinations();
      std::vector<std::int32_t> hot;
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        if (!null.empty() && null[i]) continue;
        const bool is_hot = hot_.any() && hot_.has(hashes[i]);
        if (is_hot) hot_.count_right(hashes[i]);
        (is_hot ? hot : lists[destination(hashes[i])]).push_back(static_cast<std::int32_t>(i));
      }
      ship(shipper, batch, lists);
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
      Lists lists = destinations();
      std::vector<std::int32_t> everywhere;
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        (hot_.has(hashes[i]) ? everywhere : lists[destination(hashes[i])]).push_back(static_cast<std::int32_t>(i));
      }
      ship(shipper, batch, lists);
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
    RowCursor cursor(run_.left);
    const auto produce = [&](Shipper& shipper) {
      if (cursor.done()) return false;
      const std::int64_t part = cursor.part(), first = cursor.first_row();
      const Batch whole = cursor.take();
      run_.none.count_left(whole);
      Batch batch = with_row_numbers(whole, layout_.left_columns, first);
      std::vector<std::int32_t> stay;
      ship(shipper, batch, left_lists(batch, stay));
      if (stay.empty()) return !cursor.done();
      batch.keep(stay);
      hot->match(batch, [&](const Batch& rows) { answers_writer_->append(part, rows); });
      return !cursor.done();
    };
    run_.bytes_sent +=
        exchange(run_.workspace, layout_.left_fields, produce, [&](int source, std::int64_t group, const Batch& rows) {
          left_writer.append(group * ranks_ + source, rows);
        }).bytes_sent;
    run_.comm().agree([&] { left_writer.finish(); });
  }

  /// Where left rows go; those of hot keys stay, those that cannot match go nowhere.
  Lists left_lists(const Batch& batch, std::vector<std::int32_t>& stay) const {
    const auto hashes = hash_rows(batch, layout_.left_keys);
    const auto null = rows_with_null(batch, layout_.left_keys);
    Lists lists = destinations();
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (!null.empty() && null[i]) continue;
      if (hot_.any() && hot_.has(hashes[i])) {
        stay.push_back(static_cast<std::int32_t>(i));
      } else if (!filter_ || filter_->may_have(hashes[i])) {
        lists[destination(hashes[i])].push_back(static_cast<std::int32_t>(i));
      }
    }
    return lists;
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
