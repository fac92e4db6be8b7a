// SPDX-License-Identifier: Apache-2.0
#include "local_table.hpp"

#include <algorithm>
#include <cstdlib>

#include "columns_behind.hpp"
#include "table_order.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kLocalMemory = std::int64_t{512} << 20;

std::string local_scratch() {
  const char* const folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/var/tmp";
}

void take_rejects(LocalResult& result, std::vector<Reject> rejects) {
  result.rejects.insert(result.rejects.end(), std::make_move_iterator(rejects.begin()),
                        std::make_move_iterator(rejects.end()));
}

}  // namespace

std::vector<Batch> batches_of(const Dataset& data) {
  std::vector<Batch> batches;
  for (const std::int64_t part : data.mine()) {
    data.visit(part, [&](Batch batch) { batches.push_back(std::move(batch)); });
  }
  return batches;
}

LocalTables::LocalTables(const Job& job, std::function<LocalRows(const TableSpec&)> load, bool heads, bool forgiving)
    : job_(job),
      load_(std::move(load)),
      heads_(heads),
      forgiving_(forgiving),
      comm_(Comm::self()),
      workspace_{comm_, std::make_shared<MemoryBudget>(kLocalMemory), local_scratch()} {}

DatasetPtr LocalTables::stage(const std::vector<Batch>& batches, const Fields& fields) const {
  auto data = std::make_shared<Dataset>(fields, workspace_);
  for (std::size_t b = 0; b < batches.size(); ++b) data->append(static_cast<std::int64_t>(b), batches[b]);
  data->finish();
  return data;
}

std::string LocalTables::explain(const TableSpec& spec, const Text& query, const LocalResult* here) {
  const DatasetPtr own = here == nullptr ? nullptr : stage(here->batches, here->fields);
  const auto table = [&](const std::string& name) { return own && name == spec.name ? own : other(name); };
  return explain_table_query(query, {job_, spec.name, workspace_, table, report_});
}

DatasetPtr LocalTables::query(const TableSpec& spec) {
  const TableStepContext context{job_, spec.name, workspace_, [this](const std::string& name) { return other(name); },
                                 report_};
  return run_table_query(*spec.sql, context);
}

DatasetPtr LocalTables::other(const std::string& name) {
  const auto made = made_.find(name);
  if (made != made_.end()) return made->second;
  if (std::find(making_.begin(), making_.end(), name) != making_.end())
    fail_user("{}: tables read each other in a circle: {}", job_.path, fmt::join(making_, ", "));
  making_.push_back(name);
  try {
    const LocalResult result = make(table_named(job_, name));
    making_.pop_back();
    return made_[name] = stage(result.batches, result.fields);
  } catch (const Error&) {
    making_.pop_back();
    throw;
  }
}

LocalResult LocalTables::make(const TableSpec& spec) {
  if (spec.sql) return run_query_table(spec, forgiving_);
  LocalRows rows = load_(spec);
  if (!forgiving_) return run(spec, std::move(rows));
  try {
    return run(spec, rows);
  } catch (const Error&) {
    return run(spec, std::move(rows), 0);
  }
}

LocalResult LocalTables::run_query_table(const TableSpec& spec, bool forgiving) {
  const DatasetPtr data = query(spec);
  LocalResult result{batches_of(*data), data->fields(), {}, {}};
  try {
    return run_pieces(spec, data, NullWords::standard(), 0, spec.steps.size(), result);
  } catch (const Error&) {
    if (!forgiving) throw;
  }
  return result;
}

Stepwise LocalTables::run_piece(const TableSpec& spec, std::size_t begin, std::size_t end, LocalRows rows) {
  TableSpec piece = with_steps(spec, begin, end);
  rows.input.spec = &piece;
  const auto run = [&](std::vector<Batch> batches, bool whole, std::vector<Error>* forgiven) {
    Stepwise stepwise;
    stepwise.batches = std::move(batches);
    stepwise.guess.input = rows.columns;
    stepwise.lenient = rows.lenient;
    stepwise.forgiven = forgiven;
    stepwise.whole = whole;
    stepwise.run(rows.input, true);
    return stepwise;
  };
  const auto table = [this](const std::string& name) -> DatasetPtr {
    try {
      return other(name);
    } catch (const Error&) {
      return nullptr;  // the step that wants it will say so
    }
  };
  rows.input.reads = [&](int step, const Fields& fields) -> std::optional<std::vector<std::string>> {
    const auto behind = columns_behind(job_, spec, begin + static_cast<std::size_t>(step), fields, table);
    return behind ? std::optional(behind->typed()) : std::nullopt;
  };
  if (end < spec.steps.size()) {
    const Program tried = run(rows.batches, false, nullptr).program;  // what it forgives the next one says
    const auto behind = columns_behind(job_, spec, end, tried.fields, table);
    if (behind && !behind->carried.empty()) {
      const std::vector<StepSpec> more = narrowing_steps(*behind, tried.fields, tried.open);
      piece.steps.insert(piece.steps.end(), more.begin(), more.end());
    }
  }
  return run(std::move(rows.batches), !heads_, rows.forgiven);
}

LocalResult LocalTables::run(const TableSpec& spec, LocalRows rows, int steps) {
  const std::size_t end = steps < 0 ? spec.steps.size() : static_cast<std::size_t>(steps);
  const std::size_t first = next_table_step(spec, 0, end);
  const NullWords nulls = rows.input.nulls;
  Stepwise stepwise = run_piece(with_steps(spec, 0, end), 0, first, std::move(rows));
  LocalResult result{std::move(stepwise.batches), stepwise.program.fields, std::move(stepwise.rejects), {}};
  if (first == end) return result;
  DatasetPtr data = stage(result.batches, result.fields);
  return run_pieces(spec, std::move(data), nulls, first, end, std::move(result));
}

/// Steps [at, end) over a dataset; the first of them may be one over the whole table.
LocalResult LocalTables::run_pieces(const TableSpec& spec, DatasetPtr data, const NullWords& nulls, std::size_t at,
                                    std::size_t end, LocalResult result) {
  while (at < end) {
    if (is_table_step(spec.steps[at])) {
      bool opens = false;
      TableStepContext context{
          job_,    spec.name,       workspace_,      [this](const std::string& name) { return other(name); },
          report_, result.nameless, &result.encoded, true,
          heads_};
      context.opens = &opens;
      data = run_table_step(spec.steps[at], data, context);
      result.nameless &= !makes_columns(spec.steps[at]);
      result.nameless |= opens;
      result.batches = batches_of(*data);
      result.fields = data->fields();
      ++at;
    }
    const std::size_t next = next_table_step(spec, at, end);
    if (next == at) continue;
    const TableSpec piece = with_steps(spec, at, next);
    LocalRows rows;
    rows.input = open_dataset(job_, piece, nulls, data);
    rows.batches = batches_of(*data);
    rows.columns = dataset_columns(rows.input);
    rows.lenient = result.nameless;
    // What an encode made is taken along whole.
    const TableSpec steps = with_steps(spec, 0, result.encoded ? next : end);
    Stepwise stepwise = run_piece(steps, at, next, std::move(rows));
    if (result.encoded) result.encoded->rename(stepwise.program.renames);
    take_rejects(result, std::move(stepwise.rejects));
    result.batches = std::move(stepwise.batches);
    result.fields = stepwise.program.fields;
    at = next;
    if (at < end) data = stage(result.batches, result.fields);
  }
  return result;
}

}  // namespace evclean
