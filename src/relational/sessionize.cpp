// SPDX-License-Identifier: Apache-2.0
// Sessions: key, time and row number of every event are sorted over all ranks, so that a key with very many events is
// spread like any other. Sessions found there are numbered at the home of their first row, in row order; numbers go
// back to where the events were sorted, and from there home.
#include <arrow/api.h>

#include <algorithm>

#include "batch_rows.hpp"
#include "evclean/arrow_status.hpp"
#include "event_times.hpp"
#include "int_rows.hpp"
#include "item_sort.hpp"
#include "key_bits.hpp"
#include "key_codec.hpp"
#include "session_scan.hpp"
#include "stopwatch.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kBlockPieces = 1 << 15;  ///< pieces whose numbers are looked at together
constexpr std::size_t kBatchRows = 1 << 14;

const Fields kPieceFields = {{"row", ValueType::kInt64}, {"piece", ValueType::kInt64}};
const Fields kAskedFields = {{"row", ValueType::kInt64}, {"piece", ValueType::kInt64}, {"rank", ValueType::kInt64}};
const Fields kNumberFields = {{"piece", ValueType::kInt64}, {"session", ValueType::kInt64}};
const Fields kEventFields = {{"row", ValueType::kInt64}, {"piece", ValueType::kInt64}, {"seq", ValueType::kInt64}};
const Fields kResultFields = {{"row", ValueType::kInt64}, {"session", ValueType::kInt64}, {"seq", ValueType::kInt64}};

void check_spec(const Fields& fields, const SessionSpec& spec) {
  const Field& time = fields[static_cast<std::size_t>(spec.time)];
  if (time.type == ValueType::kString || time.type == ValueType::kBool) {
    fail_user("sessionize: {} is a {} column, not a time: cast it to timestamp first", time.name, type_name(time.type));
  }
  if (spec.gap_us <= 0) fail_user("sessionize: the gap must be longer than nothing");
  for (const char* name : {"session_id", "session_seq"}) {
    if (find_field(fields, name) >= 0) {
      fail_user("sessionize: the table has a column {} already: drop or rename it first", name);
    }
  }
}

class Sessionizing {
 public:
  Sessionizing(const Dataset& data, const SessionSpec& spec, const Workspace& workspace, OperatorReport& report)
      : data_(data),
        spec_(spec),
        workspace_(workspace),
        report_(report),
        codec_(data.fields(), spec.by),
        scan_(spec.gap_us),
        events_(kEventFields, workspace.budget, workspace.scratch_dir),
        pieces_(kPieceFields, workspace.budget, workspace.scratch_dir) {}

  DatasetPtr run() {
    report_.how = "events sorted by key and time over all ranks, numbers travel home";
    sort_events();
    const SessionScan::Stitched stitched = scan_.stitch(workspace_.comm);
    BatchStage asked(kAskedFields, workspace_.budget, workspace_.scratch_dir);  // by part
    ask(stitched, asked);
    BatchStage numbers(kNumberFields, workspace_.budget, workspace_.scratch_dir);  // by block of pieces
    answer(asked, numbers);
    BatchStage results(kResultFields, workspace_.budget, workspace_.scratch_dir);  // by part
    send_home(stitched, numbers, results);
    report_.spilled_bytes += events_.spilled_bytes() + pieces_.spilled_bytes() + asked.spilled_bytes() +
                             numbers.spilled_bytes() + results.spilled_bytes();
    return put_together(results);
  }

 private:
  // ---- events, sorted ----
  void sort_events() {
    ItemSort items(workspace_);
    std::int64_t left_out = 0;
    workspace_.comm.agree([&] { left_out = collect(items); });
    items.exchange(report_);
    workspace_.comm.agree([&] { scan(items); });
    report_.spilled_bytes += items.spilled_bytes();
    left_out = workspace_.comm.sum(left_out);
    if (left_out > 0) {
      report_.notes.push_back(fmt::format("{} rows without key or time belong to no session", left_out));
    }
  }

  /// Gives the rows that have no key or time.
  std::int64_t collect(ItemSort& items) {
    BatchCursor cursor(data_, workspace_);
    Batch batch;
    std::int64_t row_number = 0, left_out = 0;
    KeyRows keys;
    std::string key;
    while (cursor.next(batch, row_number)) {
      const EventTimes times(batch, spec_.time);
      each_chunk(batch, [&](std::int64_t first, std::int64_t count) {
        codec_.encode(batch, first, count, keys, 8, true);
        for (std::int64_t row = first; row < first + count; ++row) {
          std::int64_t us = 0;
          if (has_null_key(batch, row) || !times.read(row, us)) {
            ++left_out;
            continue;
          }
          key.assign(keys.view(static_cast<std::size_t>(row - first)));
          append_ordered(key, us);
          append_ordered(key, row_number + row);
          items.add(key, {});
        }
      });
    }
    return left_out;
  }

  bool has_null_key(const Batch& batch, std::int64_t row) const {
    return std::any_of(spec_.by.begin(), spec_.by.end(), [&](int column) { return batch.array(column)->IsNull(row); });
  }

  static void append_ordered(std::string& key, std::int64_t value) {
    const std::uint64_t bits = __builtin_bswap64(ordered_bits(value));
    key.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
  static std::int64_t read_ordered(const char* at) {
    std::uint64_t bits;
    std::memcpy(&bits, at, sizeof bits);
    return int_of(__builtin_bswap64(bits));
  }

  void scan(ItemSort& items) {
    IntRows events(kEventFields), pieces(kPieceFields);
    std::int64_t ended_pieces = 0;
    const auto end_piece = [&](std::int64_t least_row) {
      pieces.add({least_row, ended_pieces++});
      if (pieces.rows() == kBatchRows) pieces_.append(piece_batches_++, pieces.take());
    };
    std::int64_t block = 0;
    const auto flush = [&] {
      if (events.rows() == 0) return;
      events_.append(static_cast<std::int64_t>(blocks_.size()), events.take());
      blocks_.push_back(block);
    };
    items.visit([&](std::int64_t, const std::vector<KeyRef>& sorted) {
      for (const KeyRef& item : sorted) {
        const std::string_view key(item.key, item.size - 16);
        const std::int64_t* ended = nullptr;
        const SessionScan::Event event = scan_.next(key, read_ordered(key.end()), read_ordered(key.end() + 8), ended);
        if (ended) end_piece(*ended);
        if (event.piece / kBlockPieces != block || events.rows() == kBatchRows) flush();
        block = event.piece / kBlockPieces;
        events.add({event.row, event.piece, event.seq});
      }
    });
    flush();
    if (scan_.pieces() > 0) end_piece(scan_.last_piece());
    if (pieces.rows() > 0) pieces_.append(piece_batches_++, pieces.take());
  }

  // ---- numbers of sessions ----
  std::int64_t least_row(const SessionScan::Stitched& stitched, std::int64_t piece, std::int64_t own) const {
    if (piece == 0) return stitched.first_least_row;
    return piece == scan_.pieces() - 1 ? stitched.last_least_row : own;
  }

  /// Asks the home of each session's first row for the session's number.
  void ask(const SessionScan::Stitched& stitched, BatchStage& asked) {
    std::int64_t next = 0;
    const auto produce = [&](Shipper& shipper) {
      if (next == piece_batches_) return false;
      pieces_.visit(next, [&](Batch batch) {
        const std::int64_t *rows = ints_of(batch, 0), *pieces = ints_of(batch, 1);
        IntRows wanted(kPieceFields);
        for (std::int64_t i = 0; i < batch.num_rows; ++i) {
          wanted.add({least_row(stitched, pieces[i], rows[i]), pieces[i]});
        }
        ship_by_part(wanted.take(), shipper);
      });
      pieces_.drop(next++);
      return true;
    };
    count(exchange(workspace_, kPieceFields, produce, [&](int source, std::int64_t part, Batch rows) {
      rows.put("rank", int_column(std::vector<std::int64_t>(static_cast<std::size_t>(rows.num_rows), source)));
      asked.append(part, rows);
    }));
  }

  /// Sends rows (numbers in column 0) to their homes, a batch a part.
  void ship_by_part(const Batch& batch, Shipper& shipper) const {
    const std::int64_t* rows = ints_of(batch, 0);
    std::vector<std::int32_t> order(static_cast<std::size_t>(batch.num_rows));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
    std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return rows[a] < rows[b]; });
    for (std::size_t i = 0; i < order.size();) {
      const std::int64_t part = part_of_row(data_, rows[order[i]]);
      const Dataset::Part& home = data_.parts()[static_cast<std::size_t>(part)];
      const std::size_t begin = i;
      while (i < order.size() && rows[order[i]] < home.first_row + home.rows) ++i;
      shipper.put(home.owner, part, batch, std::span(order).subspan(begin, i - begin));
    }
  }

  static std::vector<std::int64_t> first_rows(const BatchStage& asked, std::int64_t part) {
    std::vector<std::int64_t> rows;
    asked.visit(part,
                [&](Batch batch) { rows.insert(rows.end(), ints_of(batch, 0), ints_of(batch, 0) + batch.num_rows); });
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
  }

  /// Sessions are numbered from 1 in the order of their first rows, over all parts.
  void answer(BatchStage& asked, BatchStage& numbers) {
    std::vector<std::int64_t> counts(data_.parts().size(), 0);
    workspace_.comm.agree([&] {
      for (const std::int64_t part : asked.parts()) {
        counts[static_cast<std::size_t>(part)] = static_cast<std::int64_t>(first_rows(asked, part).size());
      }
    });
    counts = workspace_.comm.sum(std::move(counts));
    std::int64_t sum = 1;
    for (std::int64_t& count : counts) sum += std::exchange(count, sum);
    const std::vector<std::int64_t> parts = asked.parts();
    std::size_t next = 0;
    const auto produce = [&](Shipper& shipper) {
      if (next == parts.size()) return false;
      const std::int64_t part = parts[next++];
      const std::vector<std::int64_t> rows = first_rows(asked, part);
      const std::int64_t first = counts[static_cast<std::size_t>(part)];
      asked.visit(part, [&](Batch batch) { answer_batch(batch, rows, first, shipper); });
      asked.drop(part);
      return true;
    };
    count(exchange(workspace_, kNumberFields, produce,
                   [&](int, std::int64_t block, Batch rows) { numbers.append(block, rows); }));
  }

  /// Rows asked together came from one rank, pieces ascending in blocks.
  static void answer_batch(const Batch& batch, const std::vector<std::int64_t>& rows, std::int64_t first,
                           Shipper& shipper) {
    const std::int64_t* asked = ints_of(batch, 0);
    const std::int64_t* pieces = ints_of(batch, 1);
    const int rank = static_cast<int>(ints_of(batch, 2)[0]);
    std::map<std::int64_t, IntRows> answers;
    for (std::int64_t i = 0; i < batch.num_rows; ++i) {
      const auto place = std::lower_bound(rows.begin(), rows.end(), asked[i]) - rows.begin();
      answers.try_emplace(pieces[i] / kBlockPieces, kNumberFields).first->second.add({pieces[i], first + place});
    }
    for (auto& [block, answer] : answers) shipper.put(rank, block, answer.take());
  }

  // ---- back home ----
  void send_home(const SessionScan::Stitched& stitched, BatchStage& numbers, BatchStage& results) {
    std::size_t next = 0;
    std::vector<std::int64_t> sessions;  // of the pieces of one block
    const auto produce = [&](Shipper& shipper) {
      if (next == blocks_.size()) return false;
      const std::int64_t block = blocks_[next];
      if (next == 0 || blocks_[next - 1] != block) sessions = read_numbers(numbers, block);
      const auto batch = static_cast<std::int64_t>(next++);
      events_.visit(batch,
                    [&](Batch events) { ship_by_part(with_sessions(stitched, events, sessions, block), shipper); });
      events_.drop(batch);
      return true;
    };
    count(exchange(workspace_, kResultFields, produce,
                   [&](int, std::int64_t part, Batch rows) { results.append(part, rows); }));
  }

  static std::vector<std::int64_t> read_numbers(BatchStage& numbers, std::int64_t block) {
    std::vector<std::int64_t> sessions(kBlockPieces, 0);
    numbers.visit(block, [&](Batch batch) {
      for (std::int64_t i = 0; i < batch.num_rows; ++i) {
        sessions[static_cast<std::size_t>(ints_of(batch, 0)[i] - block * kBlockPieces)] = ints_of(batch, 1)[i];
      }
    });
    numbers.drop(block);
    return sessions;
  }

  static Batch with_sessions(const SessionScan::Stitched& stitched, const Batch& events,
                             const std::vector<std::int64_t>& sessions, std::int64_t block) {
    const std::int64_t *rows = ints_of(events, 0), *pieces = ints_of(events, 1), *seqs = ints_of(events, 2);
    IntRows results(kResultFields);
    for (std::int64_t i = 0; i < events.num_rows; ++i) {
      const std::int64_t session = sessions[static_cast<std::size_t>(pieces[i] - block * kBlockPieces)];
      EVCLEAN_CHECK(session > 0, "a session without a number");
      results.add({rows[i], session, seqs[i] + (pieces[i] == 0 ? stitched.seq_before : 0)});
    }
    return results.take();
  }

  DatasetPtr put_together(BatchStage& results) {
    Fields fields = data_.fields();
    fields.push_back({"session_id", ValueType::kInt64});
    fields.push_back({"session_seq", ValueType::kInt64});
    auto result = std::make_shared<Dataset>(fields, workspace_);
    workspace_.comm.agree([&] {
      for (const std::int64_t part : data_.mine()) {
        workspace_.pause();
        append_part(part, results, *result);
        results.drop(part);
      }
    });
    result->finish();
    report_.spilled_bytes += result->spilled_bytes();
    report_.rows_out = result->rows();
    return result;
  }

  void append_part(std::int64_t part, const BatchStage& results, Dataset& result) const {
    const Dataset::Part& home = data_.parts()[static_cast<std::size_t>(part)];
    std::vector<std::int64_t> sessions(static_cast<std::size_t>(home.rows), 0), seqs = sessions;  // 0: none
    results.visit(part, [&](Batch batch) {
      for (std::int64_t i = 0; i < batch.num_rows; ++i) {
        const auto row = static_cast<std::size_t>(ints_of(batch, 0)[i] - home.first_row);
        sessions[row] = ints_of(batch, 1)[i];
        seqs[row] = ints_of(batch, 2)[i];
      }
    });
    std::size_t at = 0;
    data_.visit(part, [&](Batch batch) {
      const auto rows = static_cast<std::size_t>(batch.num_rows);
      batch.put("session_id", zeros_missing(sessions.data() + at, rows));
      batch.put("session_seq", zeros_missing(seqs.data() + at, rows));
      at += rows;
      result.append(part, batch);
    });
  }

  static Column zeros_missing(const std::int64_t* values, std::size_t rows) {
    arrow::Int64Builder builder;
    check_arrow(builder.Reserve(static_cast<std::int64_t>(rows)), "numbering sessions");
    for (std::size_t i = 0; i < rows; ++i) {
      if (values[i] == 0) {
        builder.UnsafeAppendNull();
      } else {
        builder.UnsafeAppend(values[i]);
      }
    }
    return take_arrow(builder.Finish(), "numbering sessions");
  }

  void count(const ExchangeCounts& counts) { report_.bytes_sent += counts.bytes_sent; }

  const Dataset& data_;
  const SessionSpec& spec_;
  const Workspace& workspace_;
  OperatorReport& report_;
  KeyCodec codec_;
  SessionScan scan_;
  BatchStage events_;                 ///< scanned, in order, batch by batch
  std::vector<std::int64_t> blocks_;  ///< of pieces, of each batch of events
  BatchStage pieces_;                 ///< smallest row of each piece, in order, batch by batch
  std::int64_t piece_batches_ = 0;
};

}  // namespace

DatasetPtr sessionize(const Dataset& data, const SessionSpec& spec, const Workspace& workspace,
                      OperatorReport& report) {
  const Stopwatch stopwatch(report);
  report.rows_in = data.rows();
  check_spec(data.fields(), spec);
  return Sessionizing(data, spec, workspace, report).run();
}

}  // namespace evclean
