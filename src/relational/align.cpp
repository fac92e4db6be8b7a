// SPDX-License-Identifier: Apache-2.0
// Two tables side by side by row number. Where the right side's parts are not the left's, its rows travel to the left
// part that has their numbers.

#include "batch_rows.hpp"
#include "evclean/record_batch.hpp"
#include "evclean/relational.hpp"
#include "right_marks.hpp"
#include "row_cursor.hpp"
#include "stopwatch.hpp"

namespace evclean {
namespace {

bool parts_agree(const Dataset& left, const Dataset& right) {
  const auto same = [](const Dataset::Part& a, const Dataset::Part& b) {
    return a.owner == b.owner && a.rows == b.rows;
  };
  return std::equal(left.parts().begin(), left.parts().end(), right.parts().begin(), right.parts().end(), same);
}

/// Right rows of a left part, one batch after the other.
using NextBatch = std::function<Batch()>;

/// Appends a part: batches of both sides end where they like, so pieces as long as both go are cut.
void zip_part(const Dataset& left, std::int64_t part, const NextBatch& next_right, const Workspace& workspace,
              Dataset& result) {
  Batch right;
  std::int64_t used = 0;
  for (std::int64_t i = 0; i < left.batches(part); ++i) {
    workspace.pause();
    const Batch batch = left.batch(part, i);
    for (std::int64_t at = 0; at < batch.num_rows;) {
      if (used == right.num_rows) {
        right = next_right();
        used = 0;
      }
      const std::int64_t count = std::min(batch.num_rows - at, right.num_rows - used);
      Batch both = slice_batch(batch, at, count);
      for (Column& column : slice_batch(right, used, count).columns) both.columns.push_back(std::move(column));
      for (std::size_t c = both.names.size(); c < both.columns.size(); ++c)
        both.names.push_back(result.fields()[c].name);
      result.append(part, both);
      at += count;
      used += count;
    }
  }
}

void zip_in_place(const Dataset& left, const Dataset& right, const Workspace& workspace, Dataset& result) {
  workspace.comm.agree([&] {
    for (const std::int64_t part : left.mine()) {
      std::int64_t next = 0;
      zip_part(
          left, part, [&] { return right.batch(part, next++); }, workspace, result);
    }
  });
}

/// Sends right rows to the homes of their numbers. Tag: left part * right parts + right part, so that a left part's
/// rows come in order whatever ranks they come from.
ExchangeCounts send_home(const Dataset& left, const Dataset& right, const Workspace& workspace, BatchStage& staged) {
  RowCursor cursor(right);
  const auto right_parts = static_cast<std::int64_t>(right.parts().size());
  const auto produce = [&](Shipper& ship) {
    if (cursor.done()) return false;
    const std::int64_t right_part = cursor.part(), first = cursor.first_row();
    const Batch batch = cursor.take();
    for (std::int64_t at = 0; at < batch.num_rows;) {
      const auto left_part = static_cast<std::size_t>(part_of_row(left, first + at));
      const Dataset::Part& home = left.parts()[left_part];
      const std::int64_t count = std::min(batch.num_rows - at, home.first_row + home.rows - first - at);
      ship.put(home.owner, static_cast<std::int64_t>(left_part) * right_parts + right_part,
               slice_batch(batch, at, count));
      at += count;
    }
    return !cursor.done();
  };
  return exchange(workspace, right.fields(), produce,
                  [&](int, std::int64_t tag, const Batch& rows) { staged.append(tag, rows); });
}

void zip_sent(const Dataset& left, const Dataset& right, const Workspace& workspace, BatchStage& staged,
              Dataset& result) {
  workspace.comm.agree([&] {
    const auto right_parts = static_cast<std::int64_t>(right.parts().size());
    for (const std::int64_t part : left.mine()) {
      std::int64_t tag = part * right_parts, next = 0;
      const auto next_right = [&] {
        for (; next == staged.batches(tag); ++tag) next = 0;
        return staged.batch(tag, next++);
      };
      zip_part(left, part, next_right, workspace, result);
    }
  });
}

}  // namespace

Fields aligned_fields(const Fields& left, const Fields& right) {
  Fields both = left;
  for (const Field& field : right) {
    std::string name = field.name;
    if (find_field(left, name) >= 0) {
      while (find_field(both, name) >= 0 || find_field(right, name) >= 0) name += "_right";
    }
    both.push_back({name, field.type});
  }
  return both;
}

DatasetPtr align(const Dataset& left, const Dataset& right, const std::string& right_name, const Workspace& workspace,
                 OperatorReport& report) {
  const Stopwatch stopwatch(report);
  if (left.rows() != right.rows()) {
    fail_user("this table has {} rows and {} has {}: rows stand side by side by number, so both need as many",
              left.rows(), right_name, right.rows());
  }
  auto result = std::make_shared<Dataset>(aligned_fields(left.fields(), right.fields()), workspace);
  ExchangeCounts counts;
  std::int64_t spilled_bytes = 0;
  if (parts_agree(left, right)) {
    report.how = "in place";
    zip_in_place(left, right, workspace, *result);
  } else {
    report.how = "right rows travel";
    BatchStage staged(right.fields(), workspace.budget, workspace.scratch_dir);
    counts = send_home(left, right, workspace, staged);
    zip_sent(left, right, workspace, staged, *result);
    spilled_bytes = staged.spilled_bytes();
  }
  result->finish();
  const auto sums = workspace.comm.sum({counts.bytes_sent, spilled_bytes + result->spilled_bytes()});
  if (report.name.empty()) report.name = "align " + right_name;
  report.rows_in = left.rows();
  report.rows_right = right.rows();
  report.rows_out = result->rows();
  report.bytes_sent = sums[0];
  report.spilled_bytes = sums[1];
  return result;
}

}  // namespace evclean
