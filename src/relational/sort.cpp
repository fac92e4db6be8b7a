// SPDX-License-Identifier: Apache-2.0
// Sorting: rows with their row numbers go to the range of their key, each range is sorted where it is. With a small
// limit each rank first finds its own best rows, so that few rows travel.
#include <arrow/api.h>

#include <algorithm>

#include "batch_rows.hpp"
#include "best_rows.hpp"
#include "evclean/record_batch.hpp"
#include "key_ranges.hpp"
#include "ordered_writer.hpp"
#include "row_ranges.hpp"
#include "stopwatch.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kLeastRangeBytes = 256 << 10, kMostRangeBytes = 48 << 20;
constexpr std::int64_t kResultRows = 1 << 16;
constexpr std::int64_t kFewRows = 1 << 20;  ///< a limit up to this many looks for the best rows first
constexpr std::size_t kMostSamples = 65536;

class Sorting {
 public:
  Sorting(const Dataset& data, const std::vector<SortKey>& keys, const Workspace& workspace, OperatorReport& report,
          std::int64_t limit)
      : data_(data),
        workspace_(workspace),
        report_(report),
        limit_(limit),
        fields_(with_row_number(data.fields())),
        codec_(key_columns(data.fields(), keys)),
        sample_(std::max<std::size_t>(256, kMostSamples / static_cast<unsigned>(workspace.comm.size()))),
        range_bytes_(std::clamp(workspace.budget->bytes() / 12, kLeastRangeBytes, kMostRangeBytes)),
        queued_(fields_, workspace.budget, workspace.scratch_dir),
        staged_(fields_, workspace.budget, workspace.scratch_dir) {}

  DatasetPtr run() {
    report_.how = "sorted in ranges";
    if (limit_ >= 0 && limit_ <= kFewRows) {
      report_.how = fmt::format("the first {} rows of each rank, then sorted", limit_);
      workspace_.comm.agree([&] { queue_best(); });
    }
    workspace_.comm.agree([&] { sample(); });
    move_to_ranges();
    return write();
  }

 private:
  static Fields with_row_number(Fields fields) {
    fields.push_back({"row number", ValueType::kInt64});
    return fields;
  }
  /// The row number is the last key: the order is complete, and so stable.
  static std::vector<KeyColumn> key_columns(const Fields& fields, const std::vector<SortKey>& keys) {
    std::vector<KeyColumn> columns;
    for (const SortKey& key : keys) {
      columns.push_back(
          {key.column, fields[static_cast<std::size_t>(key.column)].type, key.descending, key.nulls_first});
    }
    columns.push_back({static_cast<int>(fields.size()), ValueType::kInt64});
    return columns;
  }

  /// Gives the rows to be sorted, with their row numbers, batch by batch.
  class Source {
   public:
    explicit Source(Sorting& sorting)
        : sorting_(sorting), cursor_(sorting.data_, sorting.workspace_), best_(sorting.queued_.parts()) {}
    bool next(Batch& batch) {
      if (sorting_.use_best_) return next_best(batch);
      std::int64_t row_number = 0;
      if (!cursor_.next(batch, row_number)) return false;
      batch.names.push_back("row number");
      batch.columns.push_back(counting_column(row_number, batch.num_rows));
      return true;
    }

   private:
    bool next_best(Batch& batch) {
      if (next_best_ == best_.size()) return false;
      sorting_.queued_.visit(best_[next_best_++], [&](Batch rows) { batch = std::move(rows); });
      return true;
    }
    Sorting& sorting_;
    BatchCursor cursor_;
    std::vector<std::int64_t> best_;
    std::size_t next_best_ = 0;
  };

  void queue_best() {
    BestRows best(codec_, static_cast<std::size_t>(limit_));
    Source source(*this);
    Batch batch;
    while (source.next(batch)) best.add(std::move(batch));
    use_best_ = true;
    std::int64_t part = 0;
    for (const Batch& rows : best.take()) queued_.append(part++, rows);
  }

  void sample() {
    Source source(*this);
    Batch batch;
    while (source.next(batch)) {
      bytes_ += bytes_of(batch);
      sample_rows(batch, codec_, sample_);
    }
  }

  std::size_t ranges_wanted() const {
    const std::int64_t bytes = workspace_.comm.sum(bytes_);
    const std::int64_t ranks = workspace_.comm.size();
    if (bytes <= kLeastRangeBytes) return 1;
    const std::int64_t wanted = std::min((bytes + range_bytes_ - 1) / range_bytes_, kMostRanges);
    return static_cast<std::size_t>((wanted + ranks - 1) / ranks * ranks);
  }

  void move_to_ranges() {
    const KeyRanges ranges = KeyRanges::agree(workspace_.comm, {&sample_}, ranges_wanted());
    const int ranks = workspace_.comm.size();
    Source source(*this);
    const auto produce = [&](Shipper& shipper) {
      Batch batch;
      if (!Gathering().pull([&](Batch& next) { return source.next(next); }, batch)) return false;
      split_rows(batch, codec_, ranges, [&](std::size_t range, std::span<const std::int32_t> rows) {
        shipper.put(ranges.owner(range, ranks), static_cast<std::int64_t>(range), batch, rows);
      });
      return true;
    };
    const ExchangeCounts counts = exchange(workspace_, fields_, produce,
                                           [&](int, std::int64_t range, Batch rows) { staged_.append(range, rows); });
    report_.bytes_sent += counts.bytes_sent;
    for (const std::int64_t part : queued_.parts()) queued_.drop(part);
  }

  DatasetPtr write() {
    std::int64_t mine = 0;
    for (const std::int64_t range : staged_.parts()) mine += staged_.rows(range);
    OrderedWriter writer(data_.fields(), workspace_, mine, limit_);
    workspace_.comm.agree([&] {
      for (const std::int64_t range : staged_.parts()) {
        if (writer.rows_left() > 0) write_range(staged_, range, 0, writer);
        staged_.drop(range);
      }
    });
    report_.spilled_bytes += queued_.spilled_bytes() + staged_.spilled_bytes();
    return writer.close(report_);
  }

  void write_range(const BatchStage& stage, std::int64_t range, int depth, OrderedWriter& writer) {
    workspace_.pause();
    std::int64_t bytes = 0;
    stage.visit(range, [&](Batch batch) { bytes += bytes_of(batch); });
    if (bytes > 3 * range_bytes_ && depth < kDeepest) return write_finer(stage, range, bytes, depth, writer);
    const Batch rows = concatenate_batches(stage.read(range));
    KeyRows keys;
    codec_.encode(rows, 0, rows.num_rows, keys);
    std::vector<KeyRef> refs(keys.rows);
    for (std::size_t i = 0; i < keys.rows; ++i) {
      refs[i] = {0, keys.key(i), static_cast<std::uint32_t>(keys.size(i)), static_cast<std::uint32_t>(i)};
    }
    sort_keys(refs);
    Batch wanted = rows;
    wanted.erase(static_cast<int>(wanted.columns.size()) - 1);
    for (std::size_t begin = 0; begin < refs.size() && writer.rows_left() > 0; begin += kResultRows) {
      std::vector<std::int32_t> order;
      const std::size_t end = std::min(refs.size(), begin + static_cast<std::size_t>(kResultRows));
      for (std::size_t i = begin; i < end; ++i) order.push_back(static_cast<std::int32_t>(refs[i].index));
      writer.add(gather_rows(wanted, order));
    }
  }

  /// A range that turned out too large is cut again by its own sample.
  void write_finer(const BatchStage& stage, std::int64_t range, std::int64_t bytes, int depth, OrderedWriter& writer) {
    KeySample sample(kMostSamples / 16);
    stage.visit(range, [&](Batch batch) { sample_rows(batch, codec_, sample); });
    const auto finer = KeyRanges::cut(sample.keys(), static_cast<std::size_t>(bytes / range_bytes_ + 1));
    BatchStage parts(fields_, workspace_.budget, workspace_.scratch_dir);
    stage.visit(range, [&](Batch batch) {
      split_rows(batch, codec_, finer, [&](std::size_t part, std::span<const std::int32_t> rows) {
        parts.append(static_cast<std::int64_t>(part), gather_rows(batch, {rows.begin(), rows.end()}));
      });
    });
    for (const std::int64_t part : parts.parts()) {
      if (writer.rows_left() > 0) write_range(parts, part, depth + 1, writer);
      parts.drop(part);
    }
    report_.spilled_bytes += parts.spilled_bytes();
  }

  const Dataset& data_;
  const Workspace& workspace_;
  OperatorReport& report_;
  std::int64_t limit_;
  Fields fields_;  ///< the table's and the row number
  KeyCodec codec_;
  KeySample sample_;
  std::int64_t range_bytes_;
  BatchStage queued_;  ///< the best rows, when they were looked for
  BatchStage staged_;  ///< by range
  bool use_best_ = false;
  std::int64_t bytes_ = 0;  ///< of all rows on this rank
};

}  // namespace

DatasetPtr sort(const Dataset& data, const std::vector<SortKey>& keys, const Workspace& workspace,
                OperatorReport& report, std::int64_t limit) {
  const Stopwatch stopwatch(report);
  report.rows_in = data.rows();
  return Sorting(data, keys, workspace, report, limit).run();
}

}  // namespace evclean
