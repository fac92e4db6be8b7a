// SPDX-License-Identifier: Apache-2.0
// evclean explain: the plan of a job, with sizes estimated from the first records of each table.
#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "evclean/engine.hpp"
#include "evclean/function.hpp"
#include "local_table.hpp"
#include "lookup_op.hpp"
#include "resources.hpp"
#include "table_order.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kSampledRecords = 2000;

std::string sized(double bytes) { return functions::human_bytes(std::llround(bytes)); }

std::string rounded(double count) {
  if (count >= 1e9) return fmt::format("{:.1f} billion", count / 1e9);
  if (count >= 1e6) return fmt::format("{:.1f} million", count / 1e6);
  return count >= 1e4 ? fmt::format("{:.0f} thousand", count / 1e3) : fmt::format("{:.0f}", count);
}

std::int64_t bytes_of(const Batch& batch) {
  std::int64_t bytes = 0;
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    const int column = static_cast<int>(c);
    if (batch.is_raw(column)) {
      for (const Span span : batch.raw(column).spans) bytes += 4 + (span.missing() ? 0 : span.length());
    } else {
      bytes += array_bytes(*batch.array(column));
    }
  }
  return bytes;
}

/// A table as far as its sample tells.
struct Estimate {
  double rows = 0;
  double row_bytes = 0;
  double bytes() const { return rows * row_bytes; }
};

Estimate estimate(const std::vector<Batch>& batches, double scale) {
  std::int64_t rows = 0, bytes = 0;
  for (const Batch& batch : batches) {
    rows += batch.num_rows;
    bytes += bytes_of(batch);
  }
  return {static_cast<double>(rows) * scale, rows == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(rows)};
}

class Explainer {
 public:
  Explainer(const Job& job, const Resources& resources, int ranks)
      : job_(job),
        resources_(resources),
        ranks_(ranks),
        tables_(
            job, [this](const TableSpec& spec) { return sample(spec).rows; }, true) {}

  std::string run() {
    text_ =
        fmt::format("{} rank{}, memory {} a rank ({}), scratch {}\n", ranks_, ranks_ == 1 ? "" : "s",
                    sized(static_cast<double>(resources_.memory_bytes)), resources_.memory_from, resources_.scratch);
    std::vector<std::string> wanted = written_tables(job_);
    const TableOrder order = order_tables(job_, wanted);
    for (const TableSpec* table : order.tables) explain(*table, order);
    return std::move(text_);
  }

 private:
  struct Sample {
    LocalRows rows;
    double scale = 1;  ///< records in all, of one in the sample
  };

  Sample sample(const TableSpec& spec) const {
    Sample taken;
    TableInput& input = taken.rows.input;
    input = open_table(job_, spec);
    taken.rows.lenient = true;
    if (!input.is_inline() && input.files.empty()) return taken;
    taken.rows.batches = first_batches(input, kSampledRecords, taken.rows.columns, nullptr);
    for (Batch& batch : taken.rows.batches) align_columns(batch, taken.rows.columns);
    std::int64_t rows = 0, read = 0, stored = 0;
    for (const Batch& batch : taken.rows.batches) {
      rows += batch.num_rows;
      for (const RecordRef& record : batch.records) read += record.length + 1;
    }
    // Later objects may have keys that the first ones lack.
    taken.rows.lenient = rows == 0 || (input.format == "json" && rows >= kSampledRecords);
    for (const InputFile& file : input.files)
      stored += file.splittable ? file.size_bytes : file.size_bytes * kTextPerStoredByte;
    if (!input.is_inline() && read > 0)
      taken.scale = std::max(1.0, static_cast<double>(stored) / static_cast<double>(read));
    return taken;
  }

  void line(const std::string& what) { text_ += fmt::format("  {}\n", what); }

  void explain(const TableSpec& spec, const TableOrder& order) {
    text_ += fmt::format("\n== {} ==\n", spec.name);
    try {
      if (spec.sql) {
        explain_query(spec);
      } else {
        explain_input(spec);
      }
    } catch (const Error& error) {
      line(fmt::format("cannot be planned: {}", error.what()));
      throw;
    }
    const auto readers = order.readers.find(spec.name);
    if (readers != order.readers.end()) {
      std::set<std::string> names;
      for (const TableSpec* reader : readers->second) names.insert(reader->name);
      line(fmt::format("kept for {} ({}; what exceeds half the memory goes to scratch)", fmt::join(names, ", "),
                       sized(known_[spec.name].bytes())));
    }
    for (const OutputSpec& output : job_.outputs) {
      if (output.table == spec.name) explain_output(output);
    }
  }

  void explain_query(const TableSpec& spec) {
    line("sql:");
    indented(tables_.explain(spec, *spec.sql));
    const LocalResult result = tables_.run_query_table(spec);
    finish(spec, result.batches, result.fields, 1);
  }

  void explain_input(const TableSpec& spec) {
    const Sample taken = sample(spec);
    const TableInput& input = taken.rows.input;
    if (input.is_inline()) {
      line(fmt::format("{} rows written in the job", spec.rows->size()));
    } else {
      const double bytes = static_cast<double>(input.stored_bytes());
      line(fmt::format(
          "reads {} file{} ({}), {} in {} split{} of about {}: {} a rank, dealt as ranks become free",
          input.files.size(), input.files.size() == 1 ? "" : "s", input.format, sized(bytes), input.splits.size(),
          input.splits.size() == 1 ? "" : "s", sized(static_cast<double>(job_.resources.chunk_bytes)),
          (input.splits.size() + static_cast<std::size_t>(ranks_) - 1) / static_cast<std::size_t>(ranks_)));
      line(fmt::format("about {} records", rounded(estimate(taken.rows.batches, taken.scale).rows)));
    }
    explain_steps(spec, taken);
  }

  void explain_steps(const TableSpec& spec, const Sample& taken) {
    const std::size_t steps = spec.steps.size();
    LocalResult before;
    for (std::size_t from = 0, at = 0; from <= steps; from = at + 1) {
      at = next_table_step(spec, from, steps);
      before = tables_.run(spec, taken.rows, static_cast<int>(at));
      const Estimate left = estimate(before.batches, taken.scale);
      if (at > from) explain_pipeline(spec, from, at, left);
      if (at < steps) explain_table_step(spec, at, left, before);
    }
    finish(spec, before.batches, before.fields, taken.scale);
  }

  void finish(const TableSpec& spec, const std::vector<Batch>& batches, const Fields& fields, double scale) {
    known_[spec.name] = estimate(batches, scale);
    std::string columns;
    for (const Field& field : fields)
      columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", field.name, type_name(field.type));
    line(fmt::format("columns (types as the first records have them): {}", columns));
  }

  /// Steps that need no other row run while reading, on the rank that reads.
  void explain_pipeline(const TableSpec& spec, std::size_t from, std::size_t to, const Estimate& after) {
    std::vector<std::string> names;
    bool rows_known = false;
    for (std::size_t s = from; s < to; ++s) {
      std::string name = spec.steps[s].name;
      if (std::holds_alternative<FilterStep>(spec.steps[s].body) && s == from && from == 0)
        name += " (pushed into reading: the rest of a dropped row is not built)";
      if (numbers_rows(spec.steps[s])) rows_known = true;
      names.push_back(std::move(name));
    }
    line(fmt::format("step{} {}{}: {}; where the rows are, nothing is exchanged; about {} rows, {} left",
                     to - from == 1 ? "" : "s", from + 1, to - from == 1 ? "" : fmt::format("-{}", to),
                     fmt::join(names, ", "), rounded(after.rows), sized(after.bytes())));
    if (rows_known) line("  (row numbers need the rows before each split: a pass counts them first)");
  }

  void explain_table_step(const TableSpec& spec, std::size_t at, const Estimate& left, const LocalResult& before) {
    const StepSpec& step = spec.steps[at];
    const std::string head = fmt::format("step {}: {}", at + 1, step.name);
    if (const auto* join = std::get_if<JoinStep>(&step.body)) return explain_join(head, *join, left);
    if (const auto* align = std::get_if<AlignStep>(&step.body)) {
      return line(fmt::format("{} {}: rows of {} travel to the rank that has their number, unless they are there", head,
                              align->table.value, align->table.value));
    }
    if (const auto* query = std::get_if<SqlStep>(&step.body)) {
      line(head + ":");
      return indented(tables_.explain(spec, query->query, &before));
    }
    if (std::holds_alternative<GroupStep>(step.body)) {
      return line(
          fmt::format("{}: each rank groups its own rows, groups travel to the rank of their key's hash "
                      "(at most {}), then are sorted by the keys",
                      head, sized(left.bytes())));
    }
    if (const auto* encode = std::get_if<EncodeStep>(&step.body)) return explain_encode(head, *encode, left);
    const bool sorts = std::holds_alternative<SortStep>(step.body);
    line(fmt::format("{}: {} (about {}); what exceeds the memory goes to scratch", head,
                     sorts ? "rows travel to ranks by sampled ranges of the keys and are merged there"
                           : "keys travel to the rank of their hash, rows stay",
                     sized(left.bytes())));
  }

  void explain_encode(const std::string& head, const EncodeStep& step, const Estimate& left) {
    if (step.fitted) {
      line(fmt::format("{}: applies the mapping {}; rows stay (about {})", head, step.fitted->value,
                       sized(left.bytes())));
    } else {
      line(
          fmt::format("{}: each rank groups the categories of its own{} rows and adds up exact sums, which are merged "
                      "over all ranks; every rank gets the mapping, rows stay (about {})",
                      head, step.split ? " training" : "", sized(left.bytes())));
    }
    line("  (the mapping is written beside the outputs)");
  }

  void explain_join(const std::string& head, const JoinStep& join, const Estimate& left) {
    const Estimate right = known_[join.table.value];
    const double share = static_cast<double>(resources_.memory_bytes) / 8;
    const double held = 2 * right.bytes() + right.rows * static_cast<double>(Lookup::kBytesPerRow);
    std::string how;
    if (may_look_up(join) && right.rows > 0 && held <= static_cast<double>(lookup_limit(resources_.memory_bytes))) {
      how = fmt::format("broadcast: all of {} goes to every rank, rows look their key up while they pass",
                        join.table.value);
    } else if (join.strategy != "auto") {
      how = fmt::format("{} (asked for)", join.strategy == "broadcast" ? "broadcast" : join.strategy + " travel");
    } else if (right.bytes() <= share && right.bytes() * ranks_ <= left.rows * 150 + 1e6) {
      how = fmt::format("broadcast: all of {} goes to every rank, rows stay", join.table.value);
    } else {
      how = fmt::format(
          "keys travel: {} and the keys of about {} rows go to the rank of the key's hash, the matching "
          "columns come back",
          join.table.value, rounded(left.rows));
    }
    line(fmt::format("{} {} ({}, about {} rows, {}): {}", head, join.table.value, join.how, rounded(right.rows),
                     sized(right.bytes()), how));
    if (join.strategy == "auto") line("  (decided at run time from true counts)");
  }

  void explain_output(const OutputSpec& output) {
    line(fmt::format("writes {}: encoded on the rank that has the rows, written by all ranks, renamed at the end",
                     output.path));
  }

  void indented(const std::string& lines) {
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', at), lines.size());
      line("  " + lines.substr(at, end - at));
      at = end + 1;
    }
  }

  const Job& job_;
  const Resources& resources_;
  int ranks_;
  LocalTables tables_;
  std::map<std::string, Estimate> known_;
  std::string text_;
};

}  // namespace

std::string explain_job(const Job& job, int ranks) {
  const Resources resources = find_resources(job.resources, Comm::self());
  return Explainer(job, resources, ranks).run();
}

}  // namespace evclean
