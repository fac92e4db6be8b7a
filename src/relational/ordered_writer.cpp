// SPDX-License-Identifier: Apache-2.0
#include "ordered_writer.hpp"

#include <algorithm>

#include "evclean/record_batch.hpp"

namespace evclean {
namespace {

std::vector<std::int64_t> running_sums(const Comm& comm, std::int64_t mine) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(comm.size()), 0);
  counts[static_cast<std::size_t>(comm.rank())] = mine;
  counts = comm.sum(std::move(counts));
  std::vector<std::int64_t> sums(1, 0);
  for (const std::int64_t count : counts) sums.push_back(sums.back() + count);
  return sums;
}

}  // namespace

OrderedWriter::OrderedWriter(const Fields& fields, const Workspace& workspace, std::int64_t mine, std::int64_t limit)
    : workspace_(workspace),
      result_(std::make_shared<Dataset>(fields, workspace)),
      pending_(fields, workspace.budget, workspace.scratch_dir),
      firsts_(running_sums(workspace.comm, mine)) {
  if (limit >= 0) {
    for (std::int64_t& first : firsts_) first = std::min(first, limit);
  }
  next_ = firsts_[static_cast<std::size_t>(workspace.comm.rank())];
  end_ = firsts_[static_cast<std::size_t>(workspace.comm.rank()) + 1];
}

/// The rank that has the part's first row.
int OrderedWriter::owner_of_part(std::int64_t part) const {
  const auto after = std::upper_bound(firsts_.begin(), firsts_.end() - 1, part * kPartRows);
  return static_cast<int>(after - firsts_.begin()) - 1;
}

void OrderedWriter::add(const Batch& rows) {
  for (std::int64_t at = 0; at < rows.num_rows && next_ < end_;) {
    const std::int64_t part = next_ / kPartRows;
    const std::int64_t count = std::min({rows.num_rows - at, (part + 1) * kPartRows - next_, end_ - next_});
    const Batch piece = count == rows.num_rows ? rows : slice_batch(rows, at, count);
    if (owner_of_part(part) == workspace_.comm.rank()) {
      result_->append(part, piece);
    } else {
      pending_.append(part, piece);
    }
    at += count;
    next_ += count;
  }
}

DatasetPtr OrderedWriter::close(OperatorReport& report) {
  const Comm& comm = workspace_.comm;
  if (comm.size() > 1 && firsts_.back() > 0) {
    BatchStage arrived(result_->fields(), workspace_.budget, workspace_.scratch_dir);  // by part and rank, in order
    const std::vector<std::int64_t> parts = pending_.parts();
    std::size_t sent = 0;
    const auto produce = [&](Shipper& shipper) {
      if (sent == parts.size()) return false;
      pending_.visit(parts[sent], [&](Batch rows) { shipper.put(owner_of_part(parts[sent]), parts[sent], rows); });
      pending_.drop(parts[sent++]);
      return true;
    };
    const ExchangeCounts counts =
        exchange(workspace_, result_->fields(), produce,
                 [&](int source, std::int64_t part, Batch rows) { arrived.append(part * comm.size() + source, rows); });
    comm.agree([&] {
      for (const std::int64_t piece : arrived.parts()) {
        arrived.visit(piece, [&](Batch rows) { result_->append(piece / comm.size(), rows); });
        arrived.drop(piece);
      }
    });
    report.bytes_sent += counts.bytes_sent;
    report.spilled_bytes += arrived.spilled_bytes();
  }
  result_->finish();
  report.spilled_bytes += pending_.spilled_bytes() + result_->spilled_bytes();
  report.rows_out = result_->rows();
  return result_;
}

DatasetPtr write_in_order(BatchStage& rows, const Workspace& workspace, OperatorReport& report) {
  std::int64_t mine = 0;
  for (const std::int64_t part : rows.parts()) mine += rows.rows(part);
  OrderedWriter writer(rows.fields(), workspace, mine);
  workspace.comm.agree([&] {
    for (const std::int64_t part : rows.parts()) {
      workspace.pause();
      rows.visit(part, [&](Batch batch) { writer.add(batch); });
      rows.drop(part);
    }
  });
  report.spilled_bytes += rows.spilled_bytes();
  return writer.close(report);
}

}  // namespace evclean
