// SPDX-License-Identifier: Apache-2.0
#include "table_run.hpp"

#include <algorithm>
#include <chrono>

#include "dataset_sink.hpp"
#include "evclean/interrupt.hpp"
#include "lookup_op.hpp"
#include "table_join.hpp"

namespace evclean {
namespace {

std::int64_t origin_count(const Fields& fields) {
  return std::count_if(fields.begin(), fields.end(), [](const Field& field) { return is_origin(field.name); });
}

/// Nobody asks for its values: a number is never an ambiguous date, which would end a run that only counts rows.
const std::string& counting_column(const Fields& fields) {
  const auto number = std::find_if(fields.begin(), fields.end(), [](const Field& field) {
    return field.type != ValueType::kString && field.type != ValueType::kDate && field.type != ValueType::kTimestamp;
  });
  return number == fields.end() ? fields[0].name : number->name;
}

}  // namespace

TableRun::TableRun(const TableSpec& spec, const TableSurroundings& around)
    : spec_(spec), around_(around), job_(around.job), comm_(around.comm) {}
TableRun::~TableRun() = default;

/// Gathers the small tables of joins, which rows look up in passing; all of them take a quarter of the memory at most.
void TableRun::gather_lookups() {
  std::int64_t room = around_.resources.memory_bytes / 4;
  for (std::size_t s = 0; s < spec_.steps.size(); ++s) {
    const auto* join_step = std::get_if<JoinStep>(&spec_.steps[s].body);
    if (join_step == nullptr) continue;
    const DatasetPtr right = around_.other(join_step->table.value);
    if (brings_unknown_columns(*join_step, *right)) return;  // they may be the keys of later joins
    auto lookup = gather_lookup(*join_step, *right, around_.workspace,
                                std::min(room, lookup_limit(around_.resources.memory_bytes)));
    if (!lookup) continue;
    room -= lookup->memory_bytes();
    lookups_[s] = std::move(lookup);
  }
}

void TableRun::plan_pieces() {
  const std::size_t steps = spec_.steps.size();
  for (std::size_t begin = 0; begin <= steps; begin = pieces_.back().end + 1) {
    std::size_t end = next_table_step(spec_, begin, steps);
    while (lookups_.count(end) > 0) end = next_table_step(spec_, end + 1, steps);
    pieces_.push_back({begin, end});
  }
  const auto ending = std::find_if(spec_.steps.begin(), spec_.steps.end(), ends_records);
  records_end_ = spec_.sql ? 0 : static_cast<std::size_t>(ending - spec_.steps.begin());
}

/// What rows must carry past the table step at `step`.
OriginPlan TableRun::origin_behind(std::size_t step) const { return step < records_end_ ? origin_ : OriginPlan{}; }

std::vector<std::unique_ptr<Sink>> TableRun::open_outputs(const Fields& fields, std::int64_t memory_bytes,
                                                          const SegmentPlan& plan) {
  const auto mine = [&](const OutputSpec& output) { return output.table == spec_.name; };
  const auto count = std::count_if(job_.outputs.begin(), job_.outputs.end(), mine);
  SinkOptions options;
  options.memory_bytes = memory_bytes / std::max<std::int64_t>(1, count);
  options.scratch_dir = around_.resources.scratch;
  options.digests = false;  // after publishing, when a report asks for them
  options.remote_digests = around_.options.digests;
  options.joint = around_.joint;
  options.renames = renames_;
  add_renames(options.renames, plan.renames);
  if (encoded_) {
    auto encoded = std::make_shared<EncodedTable>(*encoded_);
    encoded->rename(plan.renames);
    options.encoded = std::move(encoded);
  }
  outputs_.reset();
  outputs_ = std::make_unique<Publisher>(comm_);
  std::vector<std::unique_ptr<Sink>> sinks;
  std::vector<OutputSpec> own;
  for (const OutputSpec& output : job_.outputs) {
    if (!mine(output)) continue;
    own.push_back(output);
    sinks.push_back(make_sink(output, fields, comm_, *outputs_, options));
  }
  if (encoded_) sinks.push_back(make_mapping_sink(own, comm_, *outputs_, options));
  return sinks;
}

std::vector<std::unique_ptr<Sink>> TableRun::open_sinks(const Fields& fields, std::size_t piece,
                                                        const SegmentPlan& plan) {
  std::vector<std::unique_ptr<Sink>> sinks;
  const bool last = piece + 1 == pieces_.size();
  if (!last) {
    Fields carried = fields;
    for (const Field& field : origin_fields(origin_behind(pieces_[piece].end))) carried.push_back(field);
    staged_ = std::make_shared<Dataset>(std::move(carried), around_.workspace);
    sinks.push_back(std::make_unique<DatasetSink>(staged_));
    return sinks;
  }
  const bool alone = pieces_.size() == 1 && !around_.keep;
  sinks = open_outputs(fields, around_.resources.memory_bytes / (alone ? 2 : 4), plan);
  if (!around_.keep) return sinks;
  std::vector<int> columns;
  Fields narrow;
  const auto used = around_.wanted_by_others ? around_.wanted_by_others(fields) : std::nullopt;
  for (std::size_t c = 0; c < fields.size(); ++c) {
    if (used && std::find(used->begin(), used->end(), fields[c].name) == used->end()) continue;
    columns.push_back(static_cast<int>(c));
    narrow.push_back(fields[c]);
  }
  kept_data_ = std::make_shared<Dataset>(std::move(narrow), around_.workspace);
  sinks.push_back(std::make_unique<DatasetSink>(kept_data_, std::move(columns)));
  return sinks;
}

/// Columns that anything behind a segment uses; nothing: all.
std::optional<ColumnsBehind> TableRun::wanted(const Fields& fields, std::size_t piece) const {
  const bool last = piece + 1 == pieces_.size();
  const bool written = std::any_of(job_.outputs.begin(), job_.outputs.end(),
                                   [&](const OutputSpec& output) { return output.table == spec_.name; });
  if (last && (written || !around_.keep || !around_.wanted_by_others)) return std::nullopt;
  // What an encode made is taken along, but by a step that makes rows of its own.
  if (!last && encoded_ && !makes_columns(spec_.steps[pieces_[piece].end])) return std::nullopt;
  std::optional<ColumnsBehind> used;
  if (!last) {
    used = columns_behind(job_, spec_, pieces_[piece].end, fields, around_.other);
  } else if (auto names = around_.wanted_by_others(fields)) {
    used = ColumnsBehind{*std::move(names), {}};
  }
  // Rows are counted by a column, so one stays whatever is used.
  if (used && used->carried.empty() && !fields.empty()) used->carried.push_back(counting_column(fields));
  return used;
}

SegmentResult TableRun::run_piece(const TableInput& input, std::size_t piece, TableReport& report) {
  SegmentPlan plan;
  plan.spec = with_steps(spec_, pieces_[piece].begin, pieces_[piece].end);
  // --limit is for a try of the job's own input: the tables it is joined with stay whole.
  const bool own_input = piece == 0 && !input.dataset && &spec_ == job_.tables.data();
  plan.record_limit = own_input ? around_.options.limit : -1;
  plan.checkpoint = around_.checkpoint;
  if (piece + 1 < pieces_.size()) plan.origin = origin_behind(pieces_[piece].end);
  for (const OutputSpec& output : job_.outputs) {
    if (piece + 1 < pieces_.size() || output.table != spec_.name) continue;
    for (const Text& column : output.partition_by) plan.named.push_back(column.value);
  }
  plan.declared = !around_.keep;
  plan.open = [&](const Fields& fields) { return open_sinks(fields, piece, plan); };
  plan.wanted = [&](const Fields& fields) { return wanted(fields, piece); };
  TableInput own = input;
  own.spec = &plan.spec;
  for (const auto& [step, lookup] : lookups_) {
    if (step >= pieces_[piece].begin && step < pieces_[piece].end)
      own.lookups[static_cast<int>(step - pieces_[piece].begin)] = lookup;
  }
  own.reads = [&](int step, const Fields& fields) -> std::optional<std::vector<std::string>> {
    const auto behind =
        columns_behind(job_, spec_, pieces_[piece].begin + static_cast<std::size_t>(step), fields, around_.other);
    return behind ? std::optional(behind->typed()) : std::nullopt;
  };
  SegmentRun run(own, plan, around_.resources, comm_, around_.progress);
  SegmentResult result = run.run();
  if (around_.checkpoint != nullptr && piece == 0) around_.checkpoint->depends_on(own);
  add_renames(renames_, plan.renames);
  if (encoded_) encoded_->rename(plan.renames);
  if (piece == 0 && !input.dataset) {
    nameless_ = result.guess.no_records || (result.program.fields.empty() && result.pass.columns.empty());
    begin_ledger(own, result, report);
    rejects_ = run.take_rejects();
  } else {
    const bool records = piece > 0 && pieces_[piece].begin <= records_end_;
    if (records) note_later_drops(result.pass, report);
    send_rejects_home(*run.take_rejects(), records);
  }
  report.restored_splits += result.restored;
  if (result.restored > 0) {
    report.notes.push_back(fmt::format("--resume: {} of {} splits were read by an earlier run", result.restored,
                                       static_cast<std::size_t>(result.passes) * input.splits.size()));
  }
  note_piece(own, result, piece, report);
  return result;
}

void TableRun::run_table_step_behind(std::size_t piece, TableReport& report) {
  const StepSpec& step = spec_.steps[pieces_[piece].end];
  const std::int64_t rows_before = data_->rows();
  const DatasetPtr before = data_;
  bool opens = false;
  TableStepContext context{job_, spec_.name, around_.workspace, around_.other, queries_, nameless_, &encoded_};
  context.opens = &opens;
  if (around_.progress != nullptr) around_.progress->begin(fmt::format("{}: {}", spec_.name, step.name), 0);
  data_ = run_table_step(step, before, context);
  nameless_ &= !makes_columns(step);
  nameless_ |= opens;
  const bool filters = std::holds_alternative<DistinctStep>(step.body);
  if (filters && pieces_[piece].end < records_end_) note_distinct_drops(*before, *data_, report);
  StepReport& said = report.steps[pieces_[piece].end];
  said.off_records = pieces_[piece].end >= records_end_;
  said.rows_in = rows_before;
  said.rows_out = data_->rows();
  if (filters) said.filtered = rows_before - data_->rows();
  if (!queries_.operators.empty()) said.how = queries_.operators.back().how;
}

void TableRun::close_sinks(SegmentResult& last, TableReport& report) {
  const auto begin = std::chrono::steady_clock::now();
  for (auto& sink : last.sinks) {
    comm_.agree(throw_if_interrupted);
    for (WrittenFile& file : sink->close()) files_.push_back(std::move(file));
    for (const std::string& note : sink->notes()) report.notes.push_back(note);
  }
  report.write_seconds += comm_.max(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  if (kept_data_) note_examples(*kept_data_);
  kept_ = std::move(kept_data_);
}

DatasetPtr TableRun::start_query(TableReport& report) {
  const TableStepContext context{job_, spec_.name, around_.workspace, around_.other, queries_};
  if (around_.progress != nullptr) around_.progress->begin(fmt::format("{}: sql", spec_.name), 0);
  DatasetPtr data = run_table_query(*spec_.sql, context);
  report.format = "sql";
  rejects_ = std::make_unique<RejectStage>(around_.resources.memory_bytes / 16, around_.resources.scratch);
  return data;
}

TableReport TableRun::run() {
  TableReport report;
  report.name = spec_.name;
  for (const StepSpec& step : spec_.steps) report.steps.push_back({step.name, 0, 0, 0, false, {}});
  gather_lookups();
  plan_pieces();
  nulls_ = NullWords::standard();
  if (spec_.sql) {
    data_ = start_query(report);
  } else {
    const bool replays = spec_.name == around_.options.replayed_table;
    input_ = open_table(job_, spec_, comm_, replays ? around_.options.replay : std::string());
    nulls_ = input_.nulls;
    note_input(input_, report);
  }
  for (std::size_t s = pieces_[0].end; s < records_end_; ++s) {
    origin_.split |= drops_rows(spec_.steps[s]) && input_.files.size() > 1;
    origin_.place |= rejects_rows(spec_.steps[s]);
  }
  origin_.split |= origin_.place;
  for (std::size_t piece = 0; piece < pieces_.size(); ++piece) {
    TableInput input = data_ ? open_dataset(job_, spec_, nulls_, data_) : input_;
    if (nameless_) input.closed = false;
    if (data_) input.origin_columns = static_cast<int>(origin_count(data_->fields()));
    data_.reset();
    SegmentResult result = run_piece(input, piece, report);
    input.dataset.reset();
    if (early_stop_ || piece + 1 == pieces_.size()) {
      finish(result, report);
      break;
    }
    for (auto& sink : result.sinks) sink->close();
    note_examples(*staged_);
    data_ = std::move(staged_);
    run_table_step_behind(piece, report);
  }
  return report;
}

/// The ledger first: over the reject budget nothing is written.
void TableRun::finish(SegmentResult& last, TableReport& report) {
  judge_budget(report);
  check_ledger(report);
  write_rejects(report);
  if (!report.over_budget) close_sinks(last, report);
}

}  // namespace evclean
