// SPDX-License-Identifier: Apache-2.0
// evclean check: everything that can be known without reading the data, all problems at once.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <algorithm>
#include <filesystem>
#include <set>

#include "check_steps.hpp"
#include "evclean/engine.hpp"
#include "evclean/path_problem.hpp"
#include "evclean/pattern.hpp"
#include "evclean/s3.hpp"
#include "evclean/suggest.hpp"
#include "resources.hpp"
#include "table_order.hpp"

namespace evclean {
namespace {

namespace fs = std::filesystem;

template <typename Body>
bool note_problem(const Job& job, JobPlace place, std::vector<JobProblem>& problems, Body&& body) {
  try {
    body();
    return true;
  } catch (const Error& error) {
    problems.push_back(located_problem(job, error, place));
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
      std::error_code unknown;
      while (!fs::exists(folder, unknown) && folder.has_relative_path()) folder = folder.parent_path();
      if (!fs::is_directory(folder, unknown)) fail_user("output '{}': '{}' is not a folder", file, folder.string());
      if (fs::is_directory(file, unknown)) fail_user("output '{}' is a folder (a file name is needed here)", file);
      if (const std::string problem = file_name_problem(file); !problem.empty())
        fail_user("output '{}': {}", file, problem);
      std::string trial = (folder / ".evclean-check-XXXXXX").string();
      if (mkdtemp(trial.data()) == nullptr) {
        fail_user("output '{}': cannot write into '{}': {}", file, folder.string(), std::strerror(errno));
      }
      rmdir(trial.c_str());
    }
  });
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
  TableChecker(const Job& job, std::vector<JobProblem>& problems, std::vector<std::string>& notes)
      : job_(job),
        problems_(problems),
        notes_(notes),
        tables_(
            job, [this](const TableSpec& spec) { return rows_of(spec); }, true, true) {}

  void check(const TableSpec& spec) {
    if (reads_itself(spec)) return;
    if (spec.sql) {
      check_query(spec);
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
      problems_.push_back(located_problem(job_, error, spec.place));
      return true;
    } catch (const Error&) {
    }
    return false;
  }

  void check_query(const TableSpec& spec) {
    const TableSpec query = with_steps(spec, 0, 0);
    if (!note_problem(job_, spec.place, problems_, [&] { tables_.run_query_table(query); })) return;
    check_steps(spec, [&](const TableSpec& partial) { return tables_.run_query_table(partial).fields; });
  }

  void check_steps(const TableSpec& spec, std::function<Fields(const TableSpec&)> run,
                   UnknownColumn unknown = UnknownColumn::kMistake) {
    const auto right = [&](const std::string& name) { return tables_.other(name); };
    StepChecker checker(job_, problems_, std::move(run), right, unknown);
    checker.check(spec);
    for (const JobProblem& column : checker.unknown_columns()) note_unknown(column);
  }

  void note_unknown(const JobProblem& column) {
    const std::string note =
        fmt::format("{}: {}: so it seems from what check reads of the input; run reads all of it",
                    column.place.in(job_.path), column.message.substr(0, column.message.find('\n')));
    if (std::find(notes_.begin(), notes_.end(), note) == notes_.end()) notes_.push_back(note);
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
    if (!is_readable(spec)) {
      check_paths(spec, place);
      TableSpec readable = spec;
      readable.input->format = FormatSpec();
      readable.input->format.formats = {"json"};  // as good as any: no column is known
      return check_steps_alone(readable);
    }
    LocalRows rows;
    if (!note_problem(job_, place, problems_, [&] { rows.input = open_table(job_, spec); })) {
      check_each_path(spec, place);
      return check_steps_alone(spec);
    }
    UnknownColumn unknown = UnknownColumn::kMistake;
    if (!note_problem(job_, spec.input ? spec.input->format_place : place, problems_, [&] { unknown = read(rows); }))
      return check_steps_alone(spec);
    const std::size_t before = problems_.size();
    check_steps_over(spec, rows, unknown);
    if (problems_.size() == before && !rows.columns.empty()) check_output_columns(spec, rows);
  }

  void check_steps_over(const TableSpec& spec, LocalRows& rows, UnknownColumn unknown) {
    std::vector<Error> forgiven;
    rows.forgiven = &forgiven;
    const auto run = [&](const TableSpec& partial) {
      forgiven.clear();
      const Fields fields = tables_.run(partial, rows).fields;
      if (unknown != UnknownColumn::kNote) return fields;
      for (const Error& error : forgiven) note_unknown(located_problem(job_, error, spec.place));
      return fields;
    };
    check_steps(spec, run, unknown);
    rows.forgiven = nullptr;
  }

  /// Steps of a table whose input cannot be read: what is wrong with them whatever its columns are.
  void check_steps_alone(const TableSpec& spec) {
    if (!spec.input) return;
    TableSpec none = spec;
    none.input->paths.clear();
    try {
      LocalRows rows;
      rows.input = open_table(job_, none);
      check_steps_over(none, rows, read(rows));
    } catch (const Error&) {  // it is said of the input
    }
  }

  static UnknownColumn read(LocalRows& rows) {
    const TableInput& input = rows.input;
    rows.batches = first_batches(input, kCheckedRecords, rows.columns, nullptr);
    const bool all_known = find_more_columns(input, rows.columns);
    for (Batch& batch : rows.batches) align_columns(batch, rows.columns);
    const bool none = rows.columns.empty() && !input.is_inline();
    rows.lenient = none || !all_known;
    return none ? UnknownColumn::kMissing : all_known ? UnknownColumn::kMistake : UnknownColumn::kNote;
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
  std::vector<std::string>& notes_;
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

/// An input is named once, where the first table reads it, and so is any mistake, however many tables read one that has
/// it.
void name_once(std::vector<JobProblem>& problems) {
  std::set<std::string> named;
  std::erase_if(problems, [&](const JobProblem& problem) {
    const bool input = problem.message.starts_with("input '");
    return !named.insert(input ? problem.message : problem.place.in("") + problem.message).second;
  });
}

/// Whether a message calls functions unknown, and only these.
bool blames_only(const std::string& message, const std::vector<std::string>& functions) {
  static constexpr std::string_view kUnknown = "unknown function ";
  bool any = false;
  for (std::size_t at = message.find(kUnknown); at != std::string::npos; at = message.find(kUnknown, at + 1)) {
    const std::size_t begin = at + kUnknown.size();
    const std::string name = message.substr(begin, message.find_first_of(" ;:\n", begin) - begin);
    if (std::find(functions.begin(), functions.end(), name) == functions.end()) return false;
    any = true;
  }
  return any;
}

/// Without the functions that are wrong, which are named in `problems`.
Job with_good_functions(Job job, std::vector<JobProblem>& problems, std::vector<std::string>& bad) {
  problems = function_problems(job);
  for (const MacroProblem& problem : check_macros(job.functions)) {
    job.functions.erase(problem.signature);
    bad.push_back(problem.signature.substr(0, problem.signature.find('(')));
  }
  return job;
}

}  // namespace

std::vector<JobProblem> function_problems(const Job& job) {
  std::vector<JobProblem> problems;
  for (const MacroProblem& problem : check_macros(job.functions)) {
    const auto found = job.function_places.find(problem.signature);
    const FunctionPlaces places = found == job.function_places.end() ? FunctionPlaces{} : found->second;
    if (!problem.in_body) {
      problems.push_back({places.head, problem.message});
      continue;
    }
    const std::string& body = job.functions.at(problem.signature);
    problems.push_back({places.body, fmt::format("functions: {}: {}", problem.signature, problem.message)});
    if (problem.position != std::string::npos) problems.back().message += "\n" + caret(body, problem.position);
  }
  return problems;
}

std::vector<JobProblem> check_job(const Job& given, std::vector<std::string>& notes) {
  std::vector<JobProblem> problems;
  std::vector<std::string> bad;
  const Job job = with_good_functions(given, problems, bad);
  TableChecker tables(job, problems, notes);
  for (const TableSpec* table : tables_to_check(job)) tables.check(*table);
  // What calls a function that is wrong has no mistake of its own.
  std::erase_if(problems, [&](const JobProblem& problem) { return blames_only(problem.message, bad); });
  name_once(problems);
  if (!job.resources.scratch.empty()) {
    const std::string problem = scratch_problem(job.resources.scratch);
    if (!problem.empty()) problems.push_back({job.resources.scratch_place, problem});
  }
  for (const OutputSpec& output : job.outputs) check_output(job, output, problems);
  return problems;
}

}  // namespace evclean
