// SPDX-License-Identifier: Apache-2.0
#include "segment_run.hpp"

#include <algorithm>

#include "evclean/hash.hpp"
#include "guess.hpp"
#include "wire.hpp"

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
  if (input.dataset || !input.spec->input || !input.spec->input->source || !guess.line_bases.empty()) return false;
  for (const Split& split : input.splits) {
    for (const SplitSegment& segment : split.segments) {
      if (segment.begin > 0) return true;
    }
  }
  return false;
}

/// Whether a budget in records is spent.
bool is_over(const RejectBudget& budget, const PassResult& pass) {
  const auto is_file_over = [&](const FileLedger& file) { return file.counts.rejected > *budget.file_count; };
  return (budget.count && pass.rejected + pass.rejected_rows > *budget.count) ||
         (budget.file_count && std::any_of(pass.files.begin(), pass.files.end(), is_file_over));
}

}  // namespace

SegmentRun::SegmentRun(const TableInput& input, SegmentPlan& plan, const Resources& resources, const Comm& comm,
                       Progress* progress)
    : input_(input), plan_(plan), resources_(resources), comm_(comm), progress_(progress) {}

bool SegmentRun::schema_changed(const PassResult& result, Guess& guess) const {
  if (input_.dataset || input_.is_inline()) return false;
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

bool SegmentRun::rows_counted(const PassResult& result, Guess& guess) const {
  if (!program_.counts_rows) return false;
  std::vector<std::int64_t> bases;
  std::int64_t before = 0;
  for (const std::int64_t count : result.row_counts.at(program_.stop_step)) {
    bases.push_back(before);
    before += count;
  }
  guess.row_bases[program_.stop_step] = std::move(bases);
  return true;
}

void SegmentRun::begin_progress() const {
  if (progress_ == nullptr) return;
  const std::string& name = plan_.spec.name;
  progress_->begin(passes_ == 0 ? name : fmt::format("{} (pass {})", name, passes_ + 1), input_.stored_bytes());
}

/// Compiles the steps and, behind them, the choice of the columns that are wanted.
Program SegmentRun::compile_wanted(const Guess& guess) {
  const auto sample = [&](int slot) { return shown_text_value(input_, evidence_, slot); };
  Program program = compile(input_, guess, sample);
  if (!plan_.wanted || !program.complete) return program;
  const auto wanted = plan_.wanted(program.fields);
  if (!wanted) return program;
  const std::vector<StepSpec> more = narrowing_steps(*wanted, program.fields, program.open);
  if (more.empty()) return program;
  std::vector<StepSpec>& steps = plan_.spec.steps;
  const std::size_t own = steps.size();
  steps.insert(steps.end(), more.begin(), more.end());
  Program narrow = compile(input_, guess, sample);
  steps.resize(own);
  return narrow;
}

/// Where this pass keeps its readings, by all that they depend on beside the files and what was read before.
std::unique_ptr<PassCheckpoint> SegmentRun::checkpoint_for(const Guess& guess) const {
  const bool whole = plan_.record_limit < 0 && !is_cut_ && !input_.replays && !input_.dataset && !input_.is_inline();
  if (plan_.checkpoint == nullptr || !whole) return nullptr;
  Packer out;
  out.text(plan_.spec.name).put(plan_.spec.steps.size()).text(guess_bytes(guess)).put(program_.complete);
  for (const auto& [step, lookup] : input_.lookups) out.put(step);
  Fields fields = program_.fields;
  for (const Field& field : origin_fields(plan_.origin)) fields.push_back(field);
  for (const Field& field : fields) out.text(field.name).put(field.type);
  return std::make_unique<PassCheckpoint>(*plan_.checkpoint, input_, hash_bytes(out.bytes()), fields);
}

/// A column that a step or an output names, and that is not there; empty: none.
std::string SegmentRun::lacking_column() const {
  if (program_.error) return program_.unknown;
  const auto lacks = [&](const std::string& name) { return find_field(program_.fields, name) < 0; };
  const auto found = std::find_if(plan_.named.begin(), plan_.named.end(), lacks);
  return program_.complete && found != plan_.named.end() ? *found : std::string();
}

/// Without any record, and a head that names columns, those under types: are known. To a table that reads this one it
/// may have any column, since none was written down.
bool SegmentRun::admit_declared(Guess& guess) const {
  if (!plan_.declared || !input_.spec->input || input_.dataset || !guess.input.empty()) return false;
  bool any = false;
  for (const NamedText& type : input_.spec->input->types) {
    if (!guess.admit_column(type.name)) continue;
    guess.empty.insert({-1, type.name});
    any = guess.no_records = true;
  }
  return any;
}

/// One pass under the guess. The result is final when the guess turns out right; otherwise the guess has been
/// corrected.
std::optional<PassResult> SegmentRun::one_pass(Guess& guess, std::optional<Error>& last_error) {
  if (no_records_) admit_declared(guess);
  program_ = compile_wanted(guess);
  // Without any record there is no column: those that steps and outputs name are missing, and the table (or the one it
  // met) is empty.
  std::string lacking = lacking_column();
  while (no_records_ && !lacking.empty() && guess.admit_column(lacking)) {
    guess.empty.insert({-1, lacking});
    guess.no_records = true;
    program_ = compile_wanted(guess);
    lacking = lacking_column();
  }
  if (program_.error && (program_.error_is_final || (last_error && !fresh_types_))) throw *program_.error;
  last_error = program_.error;
  sinks_.clear();
  rejects_ = std::make_unique<RejectStage>(resources_.memory_bytes / 16, resources_.scratch);
  plan_.renames = program_.renames;
  // A column that an output names may be in a later record: outputs are opened when all have been read.
  const bool may_come = !program_.error && !lacking.empty() && !input_.closed && passes_ == 0;
  if (program_.complete && !is_cut_ && !may_come && !lines_wanted(input_, guess)) sinks_ = plan_.open(program_.fields);
  ProgressMonitor monitor(progress_);
  PassOptions options;
  options.record_limit = plan_.record_limit;
  options.monitor = comm_.is_root() ? &monitor : nullptr;
  options.feed_bytes = std::min(options.feed_bytes, resources_.memory_bytes / 4);
  options.origin = plan_.origin;
  const std::unique_ptr<PassCheckpoint> checkpoint = checkpoint_for(guess);
  options.checkpoint = checkpoint.get();
  options.stops_early = stops_early_;
  begin_progress();
  ++passes_;
  Pass pass(input_, program_, guess, comm_, sinks_, *rejects_, options);
  PassResult result = pass.run();
  seconds_ = pass.seconds();
  restored_ += result.restored;
  evidence_ = result.evidence;
  no_records_ = result.columns.empty() && !input_.closed && !input_.is_inline();
  if (result.cut) return result;
  if (no_records_ && admit_declared(guess)) return std::nullopt;
  const bool changed = schema_changed(result, guess);
  const bool right = !changed && correct(input_, program_, result.evidence, guess);
  fresh_types_ = !right;
  if (right && lines_wanted(input_, guess)) {
    guess.line_bases = result.line_bases;
    return std::nullopt;
  }
  if (!right || rows_counted(result, guess) || program_.error || may_come) return std::nullopt;
  EVCLEAN_CHECK(result.misfits == 0, "{} values do not fit types that were settled", result.misfits);
  return result;
}

/// A budget in records that is spent while types are still guessed says little: rows that a wrong guess let through may
/// be among the rejects. So the input up to that record is run as if it were all, and the rejects are counted there.
/// Where it is not spent after all, or where what is behind is needed (dates that later values decide), it is judged at
/// the end.
SegmentResult SegmentRun::run_or_stop() {
  SegmentResult result = run_passes();
  if (!result.pass.cut) return result;
  stops_early_ = false;
  if (auto spent = run_up_to(*result.pass.cut)) return *std::move(spent);
  return run_passes();
}

/// What comes first in the input counts: a budget in records that is spent, or what does not allow the job. With
/// several ranks the latter may be met before all in front of it has been read.
SegmentResult SegmentRun::run() {
  try {
    return run_or_stop();
  } catch (const ReadError& error) {
    if (error.code() != ExitCode::kUser) throw;
    if (auto spent = spent_before(error.split())) return *std::move(spent);
    throw;
  }
}

/// The run over the splits before that one, or before an earlier one with an error; nothing: no budget is spent there.
std::optional<SegmentResult> SegmentRun::spent_before(std::int64_t split) {
  if (input_.dataset || !input_.spec->input) return std::nullopt;
  const RejectBudget& budget = input_.spec->input->rejects;
  if (!budget.count && !budget.file_count) return std::nullopt;
  std::vector<Split> splits = input_.splits;
  std::optional<SegmentResult> result;
  for (bool again = true; again && split > 0 && !result;) {
    again = false;
    input_.splits.resize(static_cast<std::size_t>(split));
    is_cut_ = true;
    stops_early_ = true;
    try {
      result = run_or_stop();
    } catch (const ReadError& error) {
      if (error.code() != ExitCode::kUser) throw;
      again = error.split() < split;
      split = error.split();
    } catch (const Error& error) {
      if (error.code() != ExitCode::kUser) throw;
    }
  }
  input_.splits = std::move(splits);
  is_cut_ = false;
  if (result && !result->pass.over_budget) result.reset();
  return result;
}

/// The run over the input up to a record; nothing: its budget is not spent there.
std::optional<SegmentResult> SegmentRun::run_up_to(const ReadCut& cut) {
  std::vector<Split> splits = input_.splits;
  input_.splits.resize(static_cast<std::size_t>(cut.split) + 1);
  std::vector<SplitSegment>& segments = input_.splits.back().segments;
  segments.resize(static_cast<std::size_t>(cut.segment) + 1);
  segments.back().last = cut.byte_offset;
  const bool was_cut = std::exchange(is_cut_, true);
  std::optional<SegmentResult> result;
  try {
    result = run_passes();
    result->pass.over_budget = is_over(input_.spec->input->rejects, result->pass);
    if (!result->pass.over_budget) result.reset();
  } catch (const Error& error) {
    if (error.code() != ExitCode::kUser) throw;
  }
  input_.splits = std::move(splits);
  is_cut_ = was_cut;
  return result;
}

SegmentResult SegmentRun::run_passes() {
  Guess guess = first_guess(input_, comm_);
  no_records_ = (input_.splits.empty() || input_.dataset) && !input_.closed;
  std::optional<Error> last_error;
  fresh_types_ = true;
  const int most = passes_ + 2 * static_cast<int>(plan_.spec.steps.size()) + kMaxExtraPasses;
  while (passes_ < most) {
    auto result = one_pass(guess, last_error);
    if (!result) continue;
    return {std::move(*result), std::move(program_), std::move(guess), seconds_, passes_, restored_, std::move(sinks_)};
  }
  fail_bug("types did not settle in {} passes", passes_);
}

}  // namespace evclean
