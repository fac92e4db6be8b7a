// SPDX-License-Identifier: Apache-2.0
// The ledger of a table and its rejects, over all its segments.
#include <arrow/api.h>

#include <algorithm>

#include "evclean/arrow_status.hpp"
#include "reject_wire.hpp"
#include "table_run.hpp"

namespace evclean {
namespace {

const Fields& reject_fields() {
  static const Fields fields = {{"file", ValueType::kString},       {"line", ValueType::kInt64},
                                {"byte_offset", ValueType::kInt64}, {"reason", ValueType::kString},
                                {"detail", ValueType::kString},     {"text", ValueType::kString}};
  return fields;
}

/// Rejects of one split as a batch for the JSON lines sink.
Batch reject_batch(const TableInput& input, const std::vector<Reject>& rejects) {
  arrow::StringBuilder file, reason, detail, text;
  arrow::Int64Builder line, offset;
  const auto shown = [&](const Reject& reject) {
    return reject.file >= 0 && reject.file < static_cast<std::int32_t>(input.files.size())
               ? input.files[static_cast<std::size_t>(reject.file)].shown
               : std::string("rows");
  };
  for (const Reject& reject : rejects) {
    check_arrow(file.Append(shown(reject)), "rejects");
    check_arrow(line.Append(reject.line), "rejects");
    check_arrow(offset.Append(reject.byte_offset), "rejects");
    check_arrow(reason.Append(reject.reason), "rejects");
    check_arrow(reject.detail.empty() ? detail.AppendNull() : detail.Append(reject.detail), "rejects");
    check_arrow(text.Append(reject.text), "rejects");
  }
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(rejects.size());
  for (const Field& field : reject_fields()) batch.names.push_back(field.name);
  for (arrow::ArrayBuilder* builder :
       std::vector<arrow::ArrayBuilder*>{&file, &line, &offset, &reason, &detail, &text}) {
    batch.columns.emplace_back(take_arrow(builder->Finish(), "rejects"));
  }
  return batch;
}

/// Rows of each split segment in a dataset. Collective.
std::map<std::int64_t, std::int64_t> rows_by_segment(const Dataset& data, const Comm& comm) {
  std::map<std::int64_t, std::int64_t> counts;
  const int at = data.find(origin_fields({true, false})[0].name);
  if (at < 0) {
    counts[0] = data.rows();
    return counts;
  }
  for (const std::int64_t part : data.mine()) {
    data.visit(part, [&](const Batch& batch) {
      const auto& ids = static_cast<const arrow::Int64Array&>(*batch.array(at));
      for (std::int64_t row = 0; row < batch.num_rows; ++row) ++counts[ids.Value(row)];
    });
  }
  Packer out;
  for (const auto& [id, rows] : counts) out.put(id).put(rows);
  counts.clear();
  for (const std::string& packed : comm.all_gather(out.bytes())) {
    for (Unpacker in(packed); !in.empty();) {
      const auto id = in.get<std::int64_t>();
      counts[id] += in.get<std::int64_t>();
    }
  }
  return counts;
}

}  // namespace

void TableRun::begin_ledger(const TableInput& input, const SegmentResult& first, TableReport& report) {
  report.files = first.pass.files;
  owners_ = first.pass.owners;
  line_bases_ = first.pass.line_bases;
  early_stop_ = first.pass.over_budget;
  input_columns_ = first.guess.input;
  input_.splits = input.splits;
}

void TableRun::drop_from(std::int64_t id, std::int64_t filtered, std::int64_t rejected, TableReport& report) const {
  std::size_t file = 0;
  const auto split = static_cast<std::size_t>(split_of(id));
  if (split < input_.splits.size()) {
    const auto& segments = input_.splits[split].segments;
    const auto segment = static_cast<std::size_t>(segment_of(id));
    if (segment < segments.size()) file = static_cast<std::size_t>(segments[segment].file);
  }
  if (file >= report.files.size()) return;
  LedgerCounts& counts = report.files[file].counts;
  counts.kept -= filtered + rejected;
  counts.filtered += filtered;
  counts.rejected += rejected;
}

void TableRun::note_later_drops(const PassResult& pass, TableReport& report) {
  for (const auto& [id, rows] : pass.dropped) drop_from(id, rows.filtered, rows.rejected, report);
}

void TableRun::note_distinct_drops(const Dataset& before, const Dataset& after, TableReport& report) {
  const auto left = rows_by_segment(after, comm_);
  for (const auto& [id, rows] : rows_by_segment(before, comm_)) {
    const auto found = left.find(id);
    drop_from(id, rows - (found == left.end() ? 0 : found->second), 0, report);
  }
}

/// Rejects of later steps (`records`: while rows still stand for records) belong to the rank that owns their split, so
/// that each split's stand together.
void TableRun::send_rejects_home(RejectStage& later, bool records) {
  std::vector<Packer> outgoing(static_cast<std::size_t>(comm_.size()));
  for (const std::int64_t split : later.splits()) {
    const auto at = static_cast<std::size_t>(split);
    const std::int32_t owner = at < owners_.size() && owners_[at] >= 0 ? owners_[at] : 0;
    for (const Reject& reject : later.read(split)) {
      Packer& out = outgoing[static_cast<std::size_t>(owner)];
      out.put(split);
      put_reject(out, reject);
    }
  }
  std::vector<std::string> packed;
  for (Packer& out : outgoing) packed.push_back(out.take());
  for (const std::string& arrived : comm_.all_to_all(packed)) {
    for (Unpacker in(arrived); !in.empty();) {
      const auto split = in.get<std::int64_t>();
      Reject reject = get_reject(in);
      if (records && static_cast<std::size_t>(split) < input_.splits.size()) {
        const auto& segments = input_.splits[static_cast<std::size_t>(split)].segments;
        const auto segment = static_cast<std::size_t>(reject.segment);
        if (segment < segments.size()) reject.file = segments[segment].file;
      }
      if (!records) reject.detail = kRowOfARecord;
      rejects_->put(split, {reject});
    }
  }
}

void TableRun::judge_budget(TableReport& report) const {
  for (const FileLedger& file : report.files) report.ledger += file.counts;
  report.over_budget = early_stop_;
  if (early_stop_)
    report.notes.emplace_back("reading ended with the record that spent the reject budget: the ledger ends there too");
  if (!spec_.input) return;
  const RejectBudget& budget = spec_.input->rejects;
  const std::int64_t records = report.ledger.lines - report.ledger.blank;
  if (budget.count) {
    report.budget = fmt::format("{}", *budget.count);
    report.over_budget |= report.ledger.rejected + report.rejected_rows > *budget.count;
  } else if (budget.share) {
    report.budget = fmt::format("{:g}%", *budget.share * 100);
    report.over_budget |= static_cast<double>(report.ledger.rejected) > *budget.share * static_cast<double>(records);
    // Rows behind explode or a join are judged as a share of the rows there.
    std::int64_t rows = 0;
    for (const StepReport& step : report.steps) {
      if (step.off_records) rows = std::max({rows, step.rows_in, step.rows_out});
    }
    report.over_budget |= static_cast<double>(report.rejected_rows) > *budget.share * static_cast<double>(rows);
  }
  judge_files(report);
}

/// `max_per_file`: the first file that is over it, in input order.
void TableRun::judge_files(TableReport& report) const {
  const RejectBudget& budget = spec_.input->rejects;
  for (const FileLedger& file : report.files) {
    const auto rejected = static_cast<double>(file.counts.rejected);
    const auto records = static_cast<double>(file.counts.lines - file.counts.blank);
    const bool over = (budget.file_count && file.counts.rejected > *budget.file_count) ||
                      (budget.file_share && rejected > *budget.file_share * records);
    if (!over) continue;
    report.over_budget = true;
    report.over_file = fmt::format(
        "{} of {} records of {} rejected, {} a file allowed", file.counts.rejected,
        file.counts.lines - file.counts.blank, file.file,
        budget.file_count ? fmt::format("{}", *budget.file_count) : fmt::format("{:g}%", *budget.file_share * 100));
    return;
  }
}

void TableRun::check_ledger(const TableReport& report) const {
  comm_.agree([&] {
    for (const FileLedger& file : report.files) {
      const LedgerCounts& n = file.counts;
      EVCLEAN_CHECK(n.balances(),
                    "the ledger of {} does not balance: {} lines, {} kept + {} filtered + {} rejected + {} blank",
                    file.file, n.lines, n.kept, n.filtered, n.rejected, n.blank);
    }
  });
}

/// Rejects of this rank's splits, with their lines settled, into the reject file; the first three into the report.
void TableRun::stage_rejects(Sink* sink, TableReport& report) const {
  for (const std::int64_t split : rejects_->splits()) {
    std::vector<Reject> rejects = rejects_->read(split);
    for (Reject& reject : rejects) {
      const auto at = static_cast<std::size_t>(split);
      const auto segment = static_cast<std::size_t>(reject.segment);
      if (at < line_bases_.size() && segment < line_bases_[at].size()) reject.line += line_bases_[at][segment];
      reject.line += 1;
    }
    std::stable_sort(rejects.begin(), rejects.end(), [](const Reject& a, const Reject& b) {
      return std::tie(a.segment, a.byte_offset, a.line) < std::tie(b.segment, b.byte_offset, b.line);
    });
    for (std::size_t i = 0; i < std::min<std::size_t>(3, rejects.size()); ++i)
      report.first_rejects.push_back(rejects[i]);
    if (sink != nullptr) {
      sink->write(split, reject_batch(input_, rejects));
      sink->end_part(split);
    }
  }
}

void TableRun::write_rejects(TableReport& report) {
  if (!rejects_) return;
  std::unique_ptr<Sink> sink;
  if (spec_.input && !spec_.input->rejects.path.empty()) {
    OutputSpec spec;
    spec.path = spec_.input->rejects.path;
    spec.format = OutputFormat::kJsonLines;
    spec.overwrite = true;
    spec.s3 = spec_.input->rejects.s3;
    SinkOptions options;
    options.memory_bytes = around_.resources.memory_bytes / 16;
    options.scratch_dir = around_.resources.scratch;
    reject_file_ = std::make_unique<Publisher>(comm_);
    sink = make_sink(spec, reject_fields(), comm_, *reject_file_, options);
    report.rejects_path = spec.path;
  }
  comm_.agree([&] { stage_rejects(sink.get(), report); });
  if (sink) sink->close();
  gather_first_rejects(report);
}

/// The first three rejects over all ranks, in input order.
void TableRun::gather_first_rejects(TableReport& report) const {
  constexpr std::size_t kShownBytes = 400;
  Packer mine;
  for (const Reject& reject : report.first_rejects) put_reject(mine, reject, kShownBytes);
  report.first_rejects.clear();
  for (const std::string& packed : comm_.all_gather(mine.bytes())) {
    for (Unpacker in(packed); !in.empty();) report.first_rejects.push_back(get_reject(in));
  }
  auto& all = report.first_rejects;
  std::stable_sort(all.begin(), all.end(), [](const Reject& a, const Reject& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  if (all.size() > 3) all.resize(3);
}

}  // namespace evclean
