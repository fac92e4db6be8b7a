// SPDX-License-Identifier: Apache-2.0
#include "table_run.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <chrono>

#include "evclean/arrow_status.hpp"
#include "evclean/interrupt.hpp"
#include "evclean/suggest.hpp"
#include "guess.hpp"

namespace evclean {
namespace {

/// A guess that is still wrong after so many passes would be a bug: each pass settles at least one more step.
constexpr int kMaxExtraPasses = 8;

class ProgressMonitor final : public Monitor {
 public:
  explicit ProgressMonitor(Progress* progress) : progress_(progress) {}
  void advance(std::int64_t stored_bytes, std::int64_t records) override {
    if (progress_ != nullptr) progress_->advance(stored_bytes, records);
  }

 private:
  Progress* progress_;
};

/// Whether line numbers are asked for and not known yet: one pass counts them. A file that is one segment needs none.
bool lines_wanted(const TableInput& input, const Guess& guess) {
  if (!input.spec->input || !input.spec->input->source || !guess.line_bases.empty()) return false;
  for (const Split& split : input.splits) {
    for (const SplitSegment& segment : split.segments) {
      if (segment.begin > 0) return true;
    }
  }
  return false;
}

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

}  // namespace

TableRun::TableRun(const Job& job, const TableSpec& spec, const RunOptions& options, const Resources& resources,
                   const Comm& comm, Progress* progress)
    : job_(job), spec_(spec), options_(options), resources_(resources), comm_(comm), progress_(progress) {}

TableRun::~TableRun() = default;

void TableRun::open_sinks(const Fields& fields) {
  const auto wanted = std::count_if(job_.outputs.begin(), job_.outputs.end(),
                                    [&](const OutputSpec& o) { return o.table == spec_.name; });
  SinkOptions options;
  options.memory_bytes = resources_.memory_bytes / 2 / std::max<std::int64_t>(1, wanted);
  options.scratch_dir = resources_.scratch;
  options.digests = false;  // after publishing, when a report asks for them
  outputs_ = std::make_unique<Publisher>(comm_);
  for (const OutputSpec& output : job_.outputs) {
    if (output.table == spec_.name) sinks_.push_back(make_sink(output, fields, comm_, *outputs_, options));
  }
}

bool TableRun::schema_changed(const PassResult& result, Guess& guess) const {
  if (spec_.rows) return false;
  std::vector<InputColumn> columns = result.columns;
  if (columns.empty() && !guess.input.empty()) columns = guess.input;  // nothing was read
  const auto same = [](const InputColumn& a, const InputColumn& b) {
    return a.name == b.name && a.fixed == b.fixed && a.type == b.type;
  };
  if (std::equal(columns.begin(), columns.end(), guess.input.begin(), guess.input.end(), same)) return false;
  guess.input = std::move(columns);
  for (const auto& [key, evidence] : result.unknown) guess.types[key] = evclean::settle(evidence);
  guess.row_bases.clear();
  return true;
}

bool TableRun::rows_counted(const Program& program, const PassResult& result, Guess& guess) const {
  if (!program.counts_rows) return false;
  const auto& counts = result.row_counts.at(program.stop_step);
  std::vector<std::int64_t> bases;
  std::int64_t before = 0;
  for (const std::int64_t count : counts) {
    bases.push_back(before);
    before += count;
  }
  guess.row_bases[program.stop_step] = std::move(bases);
  return true;
}

/// One pass under the guess. The result is final when the guess turns out right; otherwise the guess has been
/// corrected.
std::optional<PassResult> TableRun::one_pass(const TableInput& input, Guess& guess, std::optional<Error>& last_error) {
  program_ = compile(input, guess, [&](int slot) { return shown_text_value(input, evidence_, slot); });
  // Without any record there is no column: those that steps name are missing, and the table is empty.
  while (program_.error && !program_.unknown.empty() && no_records_) {
    guess.input.push_back({program_.unknown, false, ValueType::kString});
    program_ = compile(input, guess);
  }
  if (program_.error && (program_.error_is_final || (last_error && !fresh_types_))) throw *program_.error;
  last_error = program_.error;
  sinks_.clear();
  outputs_.reset();
  rejects_ = std::make_unique<RejectStage>(resources_.memory_bytes / 16, resources_.scratch);
  if (program_.complete && !lines_wanted(input, guess)) open_sinks(program_.fields);
  ProgressMonitor monitor(progress_);
  PassOptions options;
  options.record_limit = options_.limit;
  options.monitor = comm_.is_root() ? &monitor : nullptr;
  if (progress_ != nullptr)
    progress_->begin(passes_ == 0 ? spec_.name : fmt::format("{} (pass {})", spec_.name, passes_ + 1),
                     input.stored_bytes());
  ++passes_;
  Pass pass(input, program_, guess, comm_, sinks_, *rejects_, options);
  PassResult result = pass.run();
  seconds_ = pass.seconds();
  evidence_ = result.evidence;
  no_records_ = result.columns.empty() && !input.closed && !input.is_inline();
  if (result.over_budget) return result;
  const bool changed = schema_changed(result, guess);
  const bool right = !changed && correct(input, program_, result.evidence, guess);
  fresh_types_ = !right;
  if (right && lines_wanted(input, guess)) {
    guess.line_bases = result.line_bases;
    return std::nullopt;
  }
  if (!right || rows_counted(program_, result, guess) || program_.error) return std::nullopt;
  EVCLEAN_CHECK(result.misfits == 0, "{} values do not fit types that were settled", result.misfits);
  return result;
}

PassResult TableRun::settle(const TableInput& input) {
  Guess guess = first_guess(input, comm_);
  no_records_ = input.splits.empty() && !input.closed;
  std::optional<Error> last_error;
  fresh_types_ = true;
  const int most = 2 * static_cast<int>(spec_.steps.size()) + kMaxExtraPasses;
  while (passes_ < most) {
    if (auto result = one_pass(input, guess, last_error)) {
      guess_ = std::move(guess);
      return std::move(*result);
    }
  }
  fail_bug("types did not settle in {} passes", passes_);
}

void TableRun::judge_budget(const PassResult& result, TableReport& report) const {
  if (!spec_.input) return;
  const RejectBudget& budget = spec_.input->rejects;
  const std::int64_t records = report.ledger.lines - report.ledger.blank;
  if (budget.count) {
    report.budget = fmt::format("{}", *budget.count);
    report.over_budget = result.rejected + result.rejected_rows > *budget.count;
  } else if (budget.share) {
    report.budget = fmt::format("{:g}%", *budget.share * 100);
    report.over_budget = static_cast<double>(result.rejected) > *budget.share * static_cast<double>(records);
    // Rows behind explode are judged as a share of the rows there.
    const auto off = static_cast<std::size_t>(first_step_off_records(spec_.steps));
    const std::int64_t rows = off < spec_.steps.size() ? std::max(result.rows_in[off], result.rows_out[off]) : 0;
    report.over_budget |= static_cast<double>(result.rejected_rows) > *budget.share * static_cast<double>(rows);
  }
}

/// Rejects of this rank's splits, with their lines settled, into the reject file; the first three into the report.
void TableRun::stage_rejects(const TableInput& input, const PassResult& result, Sink* sink, TableReport& report) const {
  for (const std::int64_t split : rejects_->splits()) {
    std::vector<Reject> rejects = rejects_->read(split);
    for (Reject& reject : rejects) {
      const auto& bases = result.line_bases[static_cast<std::size_t>(split)];
      if (!bases.empty()) reject.line += bases[static_cast<std::size_t>(reject.segment)];
      reject.line += 1;
    }
    std::stable_sort(rejects.begin(), rejects.end(), [](const Reject& a, const Reject& b) {
      return std::tie(a.segment, a.byte_offset, a.line) < std::tie(b.segment, b.byte_offset, b.line);
    });
    for (std::size_t i = 0; i < std::min<std::size_t>(3, rejects.size()); ++i)
      report.first_rejects.push_back(rejects[i]);
    if (sink != nullptr) {
      sink->write(split, reject_batch(input, rejects));
      sink->end_part(split);
    }
  }
}

void TableRun::write_rejects(const TableInput& input, const PassResult& result, TableReport& report) {
  std::unique_ptr<Sink> sink;
  if (spec_.input && !spec_.input->rejects.path.empty()) {
    OutputSpec spec;
    spec.path = spec_.input->rejects.path;
    spec.format = OutputFormat::kJsonLines;
    spec.overwrite = true;
    SinkOptions options;
    options.memory_bytes = resources_.memory_bytes / 16;
    options.scratch_dir = resources_.scratch;
    reject_file_ = std::make_unique<Publisher>(comm_);
    sink = make_sink(spec, reject_fields(), comm_, *reject_file_, options);
    report.rejects_path = spec.path;
  }
  comm_.agree([&] { stage_rejects(input, result, sink.get(), report); });
  if (sink) sink->close();
  gather_first_rejects(report);
}

TableReport TableRun::run() {
  const TableInput input = open_table(job_, spec_, comm_);
  const PassResult result = settle(input);
  TableReport report;
  fill_report(input, result, report);
  judge_budget(result, report);
  comm_.agree([&] {
    for (const FileLedger& file : report.files) {
      const LedgerCounts& n = file.counts;
      EVCLEAN_CHECK(n.balances(),
                    "the ledger of {} does not balance: {} lines, {} kept + {} filtered + {} rejected + {} blank",
                    file.file, n.lines, n.kept, n.filtered, n.rejected, n.blank);
    }
  });
  write_rejects(input, result, report);
  report.over_budget |= result.over_budget;
  if (!report.over_budget) {
    const auto begin = std::chrono::steady_clock::now();
    for (auto& sink : sinks_) {
      comm_.agree(throw_if_interrupted);
      for (WrittenFile& file : sink->close()) files_.push_back(std::move(file));
      for (const std::string& note : sink->notes()) report.notes.push_back(note);
    }
    report.write_seconds = comm_.max(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  sinks_.clear();
  return report;
}

}  // namespace evclean
