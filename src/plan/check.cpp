// SPDX-License-Identifier: Apache-2.0
// evclean check: everything that can be known without reading the data, all problems at once.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <algorithm>
#include <filesystem>
#include <set>

#include "evclean/engine.hpp"
#include "evclean/pattern.hpp"
#include "evclean/s3.hpp"
#include "local_table.hpp"
#include "table_order.hpp"

namespace evclean {
namespace {

namespace fs = std::filesystem;

/// Takes "job.yml:12:7: " off a message that has its place in front.
JobProblem located(const Job& job, const Error& error, JobPlace otherwise) {
  const std::string text = error.what();
  const auto in_file = [&](const std::string& path) -> std::optional<JobProblem> {
    const std::string prefix = path + ":";
    int line = 0, column = 0, read = 0;
    if (!text.starts_with(prefix)) return std::nullopt;
    if (std::sscanf(text.c_str() + prefix.size(), "%d:%d: %n", &line, &column, &read) < 2 || read == 0)
      return std::nullopt;
    return JobProblem{{line, column}, text.substr(prefix.size() + static_cast<std::size_t>(read))};
  };
  if (auto own = in_file(job.path)) return *std::move(own);
  for (const auto& piece : job.pieces) {
    if (auto found = in_file(piece->path)) {
      found->place.piece = piece.get();
      return *std::move(found);
    }
  }
  return {otherwise, text};
}

template <typename Body>
bool note_problem(const Job& job, JobPlace place, std::vector<JobProblem>& problems, Body&& body) {
  try {
    body();
    return true;
  } catch (const Error& error) {
    problems.push_back(located(job, error, place));
    return false;
  }
}

void check_output(const Job& job, const OutputSpec& output, std::vector<JobProblem>& problems) {
  note_problem(job, output.place, problems, [&] {
    for (const std::string& file : output_files(output)) {
      if (is_s3_path(file)) {
        const std::string problem = S3Client::of(output.s3.value_or(S3Settings{}))->write_problem(S3Url::parse(file));
        if (!problem.empty()) fail_user("output '{}': cannot be written: {}", file, problem);
        break;  // its other files are written by the same means
      }
      fs::path folder = fs::absolute(fs::path(file)).parent_path();
      while (!fs::exists(folder) && folder.has_relative_path()) folder = folder.parent_path();
      if (!fs::is_directory(folder)) fail_user("output '{}': '{}' is not a folder", file, folder.string());
      std::string trial = (folder / ".evclean-check-XXXXXX").string();
      if (mkdtemp(trial.data()) == nullptr) {
        fail_user("output '{}': cannot write into '{}': {}", file, folder.string(), std::strerror(errno));
      }
      rmdir(trial.c_str());
    }
  });
}

/// A step without its patterns and with each of them alone, so that neither an unknown column nor a bad pattern hides
/// what else is bad; else the step itself.
std::vector<StepSpec> variants(const StepSpec& step) {
  const auto* parse = std::get_if<ParseStep>(&step.body);
  if (parse == nullptr) return {step};
  std::vector<StepSpec> alone = {step};
  std::get<ParseStep>(alone.front().body).patterns.clear();
  for (const Text& pattern : parse->patterns) {
    StepSpec one = step;
    std::get<ParseStep>(one.body).patterns = {pattern};
    alone.push_back(std::move(one));
  }
  return alone;
}

/// The patterns of format: regex; the place of each is its own.
bool check_patterns(const Job& job, const InputSpec& spec, std::vector<JobProblem>& problems) {
  bool fine = true;
  for (std::size_t i = 0; i < spec.format.patterns.size(); ++i) {
    FormatSpec one = spec.format;
    one.patterns = {spec.format.patterns[i]};
    const JobPlace place = i < spec.pattern_places.size() ? spec.pattern_places[i] : spec.format_place;
    fine &= note_problem(job, place, problems, [&] { make_decoder(one, "regex"); });
  }
  return fine;
}

constexpr std::int64_t kCheckedRecords = 200;

/// Checks tables over their first records: enough to know columns and types.
class TableChecker {
 public:
  TableChecker(const Job& job, std::vector<JobProblem>& problems)
      : job_(job),
        problems_(problems),
        tables_(
            job, [this](const TableSpec& spec) { return rows_of(spec); }, true, true) {}

  void check(const TableSpec& spec) {
    if (reads_itself(spec)) return;
    if (spec.sql) {
      note_problem(job_, spec.place, problems_, [&] { tables_.run_query_table(spec); });
      return;
    }
    if (!spec.input && !spec.rows) return;
    check_records_of(spec.input ? mended(spec) : spec);
  }

 private:
  /// What else is wrong with the tables it reads, its query and its steps say.
  bool reads_itself(const TableSpec& spec) {
    try {
      order_tables(job_, {spec.name});
    } catch (const CircleError& error) {
      problems_.push_back(located(job_, error, spec.place));
      return true;
    } catch (const Error&) {
    }
    return false;
  }

  /// Without what is wrong and noted, so that it does not hide what stands behind it.
  TableSpec mended(TableSpec spec) {
    InputSpec& input = *spec.input;
    FormatSpec& format = input.format;
    if (!format.multiline_start.empty() &&
        !note_problem(job_, input.multiline_place, problems_, [&] { const Pattern start(format.multiline_start); }))
      format.multiline_start.clear();
    if (!note_problem(job_, input.timezone_place, problems_, [&] { TimeZone::named(format.timezone); }))
      format.timezone = "UTC";
    return spec;
  }

  void check_records_of(const TableSpec& spec) {
    const JobPlace place = spec.input ? spec.input->place : spec.place;
    if (!is_readable(spec)) return check_paths(spec, place);
    LocalRows rows;
    if (!note_problem(job_, place, problems_, [&] { rows.input = open_table(job_, spec); }))
      return check_each_path(spec, place);
    if (!note_problem(job_, spec.input ? spec.input->format_place : place, problems_, [&] { read(rows); })) return;
    const std::size_t before = problems_.size();
    check_steps(spec, rows);
    if (problems_.size() == before && !rows.columns.empty()) check_output_columns(spec, rows);
  }

  static void read(LocalRows& rows) {
    const TableInput& input = rows.input;
    if (!input.is_inline() && input.files.empty()) return;
    rows.batches = first_batches(input, kCheckedRecords, rows.columns, nullptr);
    for (Batch& batch : rows.batches) align_columns(batch, rows.columns);
  }

  LocalRows rows_of(const TableSpec& spec) const {
    LocalRows rows;
    rows.input = open_table(job_, spec);
    read(rows);
    return rows;
  }

  bool is_readable(const TableSpec& spec) {
    if (!spec.input) return true;
    bool readable = true;
    for (const std::string& format : spec.input->format.formats) {
      if (format == "auto" || format == "regex") continue;
      readable &=
          note_problem(job_, spec.input->format_place, problems_, [&] { make_decoder(spec.input->format, format); });
      if (!readable) break;  // of a list, each gives what is wrong with any of them
    }
    return check_patterns(job_, *spec.input, problems_) && readable;
  }

  /// One path that is not there does not hide the next.
  void check_each_path(const TableSpec& spec, JobPlace place) {
    if (!spec.input || spec.input->paths.size() < 2) return;
    for (const Text& path : spec.input->paths) {
      TableSpec alone = spec;
      alone.input->paths = {path};
      check_paths(alone, place);
    }
  }

  /// The paths can be looked at though the format is wrong.
  void check_paths(const TableSpec& spec, JobPlace place) {
    TableSpec as_lines = spec;
    as_lines.input->format = FormatSpec();
    as_lines.input->format.formats = {"lines"};
    note_problem(job_, place, problems_, [&] { open_table(job_, as_lines); });
  }

  /// Every step on its own as far as it goes: the steps before it are taken as they are, so that one mistake does not
  /// hide the next.
  void check_steps(const TableSpec& spec, const LocalRows& rows) {
    TableSpec partial = spec;
    partial.steps.clear();
    for (const StepSpec& step : spec.steps) {
      // Lengths are a matter of all the data, not of its first rows.
      if (std::holds_alternative<AlignStep>(step.body) || joins_nothing(step)) continue;
      const std::size_t before = problems_.size();
      for (const StepSpec& variant : variants(step)) {
        partial.steps.push_back(variant);
        std::vector<JobProblem> found;
        note_problem(job_, step.place, found, [&] { tables_.run(partial, rows); });
        partial.steps.pop_back();
        const auto known = [&](const JobProblem& other) { return !found.empty() && other.message == found[0].message; };
        if (std::none_of(problems_.begin() + static_cast<std::ptrdiff_t>(before), problems_.end(), known))
          problems_.insert(problems_.end(), found.begin(), found.end());
      }
      if (problems_.size() == before) partial.steps.push_back(step);
    }
  }

  /// A join with a table that is not there, which the reading of the job has named.
  bool joins_nothing(const StepSpec& step) const {
    const auto* join = std::get_if<JoinStep>(&step.body);
    return join != nullptr && std::none_of(job_.tables.begin(), job_.tables.end(),
                                           [&](const TableSpec& table) { return table.name == join->table.value; });
  }

  /// Columns that outputs name, against those that the steps leave.
  void check_output_columns(const TableSpec& spec, const LocalRows& rows) {
    for (const OutputSpec& output : job_.outputs) {
      const bool partitions = !output.partition_by.empty();
      if (output.table != spec.name || (!partitions && output.warehouse == Warehouse::kNone && !output.matrix))
        continue;
      note_problem(job_, partitions ? output.partition_by.front().place : output.place, problems_, [&] {
        const LocalResult result = tables_.run(spec, rows);
        check_columns(output, result.fields, result.encoded ? &*result.encoded : nullptr);
      });
    }
  }

  const Job& job_;
  std::vector<JobProblem>& problems_;
  LocalTables tables_;
};

/// Tables to be checked: those of the job, and those of files it uses as far as something reads them.
std::vector<const TableSpec*> tables_to_check(const Job& job) {
  std::set<std::string> used;
  for (const TableSpec& table : job.tables) {
    const bool written = std::any_of(job.outputs.begin(), job.outputs.end(),
                                     [&](const OutputSpec& output) { return output.table == table.name; });
    if (table.place.piece && !written) continue;
    try {
      for (const TableSpec* read : order_tables(job, {table.name}).tables) used.insert(read->name);
    } catch (const Error&) {  // it is said when the table is checked
    }
    used.insert(table.name);
  }
  std::vector<const TableSpec*> tables;
  for (const TableSpec& table : job.tables) {
    if (used.count(table.name) > 0) tables.push_back(&table);
  }
  return tables;
}

/// An input is named once, where the first table reads it, however many read it or build on those that do.
void name_inputs_once(std::vector<JobProblem>& problems) {
  std::set<std::string> named;
  std::erase_if(problems, [&](const JobProblem& problem) {
    return problem.message.starts_with("input '") && !named.insert(problem.message).second;
  });
}

}  // namespace

std::vector<JobProblem> check_job(const Job& job) {
  std::vector<JobProblem> problems;
  TableChecker tables(job, problems);
  for (const TableSpec* table : tables_to_check(job)) tables.check(*table);
  name_inputs_once(problems);
  for (const OutputSpec& output : job.outputs) check_output(job, output, problems);
  return problems;
}

}  // namespace evclean
