// SPDX-License-Identifier: Apache-2.0
// Distinct rows: keys travel, rows stay. Each rank finds the rows whose key it has not seen; of those with one key the
// one with the smallest row number wins, and its home keeps it.
#include <arrow/api.h>

#include <algorithm>
#include <numeric>

#include "batch_rows.hpp"
#include "byte_io.hpp"
#include "first_seen.hpp"
#include "item_sort.hpp"
#include "stopwatch.hpp"

namespace evclean {
namespace {

class Distinct {
 public:
  Distinct(const Dataset& data, const std::vector<int>& columns, const Workspace& workspace, OperatorReport& report)
      : data_(data), workspace_(workspace), report_(report), codec_(data.fields(), columns) {}

  DatasetPtr run() {
    if (workspace_.comm.size() == 1) {
      if (DatasetPtr result = keep_at_once()) return result;
    }
    report_.how = "keys exchanged, rows stay";
    BatchStage winners({{"row", ValueType::kInt64}}, workspace_.budget, workspace_.scratch_dir);
    find_winners(winners);
    return keep(winners);
  }

 private:
  /// With one rank and enough memory the first sight decides; null when memory did not last.
  DatasetPtr keep_at_once() {
    report_.how = "one table";
    auto result = std::make_shared<Dataset>(data_.fields(), workspace_);
    FirstSeen seen(codec_, workspace_);
    BatchCursor cursor(data_, workspace_);
    Batch batch;
    std::int64_t row_number = 0, part = 0;
    while (cursor.next(batch, row_number, &part)) {
      const std::vector<std::int32_t> rows = fresh_rows(seen, batch);
      if (!seen.exact()) return nullptr;
      if (!rows.empty()) result->append(part, kept(std::move(batch), rows));
    }
    return finish(std::move(result));
  }

  static std::vector<std::int32_t> fresh_rows(FirstSeen& seen, const Batch& batch) {
    std::vector<std::int32_t> rows;
    each_chunk(batch, [&](std::int64_t first, std::int64_t count) {
      for (const std::int32_t row : seen.look(batch, first, count)) {
        rows.push_back(static_cast<std::int32_t>(first) + row);
      }
    });
    return rows;
  }

  static Batch kept(Batch batch, const std::vector<std::int32_t>& rows) {
    return static_cast<std::int64_t>(rows.size()) == batch.num_rows ? std::move(batch) : gather_rows(batch, rows);
  }

  void find_winners(BatchStage& winners) {
    ItemSort items(workspace_);
    workspace_.comm.agree([&] { collect(items); });
    items.exchange(report_);
    BatchStage found(winners.fields(), workspace_.budget, workspace_.scratch_dir);  // by part, where their key is
    workspace_.comm.agree(
        [&] { items.visit([&](std::int64_t, const std::vector<KeyRef>& sorted) { choose(sorted, found); }); });
    send_home(found, winners);
    report_.spilled_bytes += items.spilled_bytes() + found.spilled_bytes() + winners.spilled_bytes();
  }

  void collect(ItemSort& items) {
    FirstSeen seen(codec_, workspace_);
    BatchCursor cursor(data_, workspace_);
    Batch batch;
    std::int64_t row_number = 0;
    std::string payload;
    while (cursor.next(batch, row_number)) {
      each_chunk(batch, [&](std::int64_t first, std::int64_t count) {
        for (const std::int32_t row : seen.look(batch, first, count)) {
          payload.clear();
          put_raw(payload, row_number + first + row);
          items.add(seen.keys().view(static_cast<std::size_t>(row)), payload);
        }
      });
    }
  }

  void choose(const std::vector<KeyRef>& items, BatchStage& found) const {
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto row = ByteReader{items[i].key + items[i].size}.raw<std::int64_t>();
      if (i > 0 && compare_keys(items[i - 1].view(), items[i].view()) == 0) {
        rows.back() = std::min(rows.back(), row);
      } else {
        rows.push_back(row);
      }
    }
    std::sort(rows.begin(), rows.end());
    for (std::size_t i = 0; i < rows.size();) {
      const std::int64_t part = part_of_row(data_, rows[i]);
      const Dataset::Part& home = data_.parts()[static_cast<std::size_t>(part)];
      std::vector<std::int64_t> of_part;
      for (; i < rows.size() && rows[i] < home.first_row + home.rows; ++i) of_part.push_back(rows[i]);
      found.append(part, row_batch(of_part));
    }
  }

  static Batch row_batch(const std::vector<std::int64_t>& rows) {
    Batch batch;
    batch.num_rows = static_cast<std::int64_t>(rows.size());
    batch.put("row", int_column(rows));
    return batch;
  }

  void send_home(BatchStage& found, BatchStage& winners) {
    const std::vector<std::int64_t> parts = found.parts();
    std::size_t next = 0;
    const auto produce = [&](Shipper& shipper) {
      if (next == parts.size()) return false;
      const std::int64_t part = parts[next++];
      const int home = data_.parts()[static_cast<std::size_t>(part)].owner;
      found.visit(part, [&](Batch rows) { shipper.put(home, part, rows); });
      found.drop(part);
      return true;
    };
    const ExchangeCounts counts = exchange(workspace_, found.fields(), produce,
                                           [&](int, std::int64_t part, Batch rows) { winners.append(part, rows); });
    report_.bytes_sent += counts.bytes_sent;
  }

  DatasetPtr keep(const BatchStage& winners) {
    auto result = std::make_shared<Dataset>(data_.fields(), workspace_);
    workspace_.comm.agree([&] {
      for (const std::int64_t part : winners.parts()) keep_part(winners, part, *result);
    });
    return finish(std::move(result));
  }

  void keep_part(const BatchStage& winners, std::int64_t part, Dataset& result) const {
    workspace_.pause();
    std::vector<std::int64_t> rows;
    winners.visit(part, [&](Batch batch) {
      const std::int64_t* values = ints_of(batch, 0);
      rows.insert(rows.end(), values, values + batch.num_rows);
    });
    std::sort(rows.begin(), rows.end());
    std::int64_t row_number = data_.parts()[static_cast<std::size_t>(part)].first_row;
    auto next = rows.begin();
    data_.visit(part, [&](Batch batch) {
      std::vector<std::int32_t> wanted;
      for (; next != rows.end() && *next < row_number + batch.num_rows; ++next) {
        wanted.push_back(static_cast<std::int32_t>(*next - row_number));
      }
      row_number += batch.num_rows;
      if (!wanted.empty()) result.append(part, kept(std::move(batch), wanted));
    });
  }

  DatasetPtr finish(std::shared_ptr<Dataset> result) {
    result->finish();
    report_.spilled_bytes += result->spilled_bytes();
    report_.rows_out = result->rows();
    return result;
  }

  const Dataset& data_;
  const Workspace& workspace_;
  OperatorReport& report_;
  KeyCodec codec_;
};

}  // namespace

DatasetPtr distinct(const Dataset& data, const std::vector<int>& columns, const Workspace& workspace,
                    OperatorReport& report) {
  const Stopwatch stopwatch(report);
  report.rows_in = data.rows();
  std::vector<int> all(data.fields().size());
  std::iota(all.begin(), all.end(), 0);
  return Distinct(data, columns.empty() ? all : columns, workspace, report).run();
}

}  // namespace evclean
