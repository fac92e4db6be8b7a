// SPDX-License-Identifier: Apache-2.0
// Commands about a job that read little or no data: check, preview, test; and the lists.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "commands.hpp"
#include "evclean/engine.hpp"
#include "evclean/expression.hpp"
#include "evclean/path_problem.hpp"
#include "evclean/suggest.hpp"
#include "standard_streams.hpp"

namespace evclean::cli {
namespace {

int check_s3_command(const CommandLine& command, const Comm& comm) {
  const auto job = read_job(command, comm, false);
  if (!job) return static_cast<int>(ExitCode::kUser);
  S3Access access;
  comm.agree([&] {
    if (!comm.is_root()) return;
    access = check_s3(*job);
    speak(stdout, access.table);
  });
  return comm.max(std::int64_t{!access.allowed}) > 0 ? static_cast<int>(ExitCode::kSystem) : 0;
}

/// A type that the reading of the job has refused at that place is refused by its step too.
bool is_said_of_type(const JobProblem& problem, const std::vector<JobProblem>& said) {
  if (!problem.message.starts_with("cast: ") && !problem.message.starts_with("types: ")) return false;
  return std::any_of(said.begin(), said.end(),
                     [&](const JobProblem& other) { return other.place.in("") == problem.place.in(""); });
}

}  // namespace

int check_command(const CommandLine& command, const Comm& comm) {
  if (command.s3) return check_s3_command(command, comm);
  std::vector<JobProblem> problems;
  comm.agree([&] {
    if (!comm.is_root()) return;
    ParsedJob parsed = parse_job_here(command);
    problems = std::move(parsed.problems);
    // What could be read is checked too, so that all mistakes show at once.
    std::vector<JobProblem> deeper;
    std::vector<std::string> notes;
    try {
      deeper = check_job(parsed.job, notes);
    } catch (const std::exception&) {
      if (problems.empty()) throw;
    }
    std::erase_if(deeper, [&](const JobProblem& problem) { return is_said_of_type(problem, problems); });
    problems.insert(problems.end(), deeper.begin(), deeper.end());
    if (!problems.empty()) speak(stderr, show_problems(command.job, problems));
    for (const std::string& note : notes) speak(stdout, fmt::format("note: {}\n", note));
    for (const OutputSpec& output : parsed.job.outputs) {
      if (!output.overwrite && file_name_problem(output.path).empty() && access(output.path.c_str(), F_OK) == 0) {
        speak(stdout, fmt::format("note: {} exists already: run replaces it only with --overwrite\n", output.path));
      }
    }
    for (const std::string& note : idle_key_notes(parsed.job)) speak(stdout, fmt::format("note: {}\n", note));
    if (problems.empty()) speak(stdout, fmt::format("{}: no mistakes found\n", command.job));
  });
  return comm.max(static_cast<std::int64_t>(problems.size())) > 0 ? static_cast<int>(ExitCode::kUser) : 0;
}

int preview_command(const CommandLine& command, const Comm& comm) {
  const auto job = read_job(command, comm, false);
  if (!job) return static_cast<int>(ExitCode::kUser);
  comm.agree([&] {
    if (comm.is_root()) speak(stdout, preview_job(*job, command.rows));
  });
  return 0;
}

int explain_command(const CommandLine& command, const Comm& comm) {
  const auto job = read_job(command, comm, true);
  if (!job) return static_cast<int>(ExitCode::kUser);
  comm.agree([&] {
    if (comm.is_root()) speak(stdout, explain_job(*job, comm.size()));
  });
  return 0;
}

int test_command(const CommandLine& command, const Comm& comm) {
  const auto job = read_job(command, comm, false);
  if (!job) return static_cast<int>(ExitCode::kUser);
  std::int64_t failed = 0;
  comm.agree([&] {
    if (!comm.is_root()) return;
    if (job->tests.empty()) fail_user("{} has no tests: add a list `tests:` with name, input and expect", command.job);
    std::int64_t passed = 0;
    for (const JobTestResult& result : run_job_tests(*job)) {
      (result.passed ? passed : failed) += 1;
      speak(stdout,
            fmt::format("{} {}\n{}", result.passed ? "ok  " : "FAIL", printable(result.name), result.difference));
    }
    fmt::print("{} passed, {} failed\n", passed, failed);
  });
  return comm.max(failed) > 0 ? static_cast<int>(ExitCode::kOverBudget) : 0;
}

int init_command(const CommandLine& command, const Comm& comm) {
  comm.agree([&] {
    if (comm.is_root()) speak(stdout, init_job(command.names, command.encoding));
  });
  return 0;
}

int functions_command(const CommandLine& command, const Comm& comm) {
  if (!comm.is_root()) return 0;
  std::vector<std::vector<std::string>> rows;
  std::vector<FunctionInfo> infos = known_functions();
  for (FunctionInfo info : known_aggregates()) {
    info.about = fmt::format("(group, sql) {}", info.about);
    infos.push_back(std::move(info));
  }
  for (const FunctionInfo& info : infos) {
    const auto names_it = [&](const std::string& name) {
      return info.signature.rfind(name + "(", 0) == 0 || info.signature == name;
    };
    if (!command.names.empty() && std::none_of(command.names.begin(), command.names.end(), names_it)) continue;
    rows.push_back({info.signature, info.about, info.example});
  }
  if (rows.empty()) {
    std::vector<std::string> known;
    for (const FunctionInfo& info : infos) known.push_back(info.signature.substr(0, info.signature.find('(')));
    fail_user("no function '{}'{}", command.names[0], did_you_mean(command.names[0], known));
  }
  std::fputs(text_table({"function", "", "example"}, rows, 100).c_str(), stdout);
  return 0;
}

int formats_command(const CommandLine& command, const Comm& comm) {
  if (!comm.is_root()) return 0;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> known;
  std::string details;
  for (const FormatInfo& info : known_formats()) {
    known.push_back(info.name);
    rows.push_back({info.name, info.about, info.example});
    if (std::find(command.names.begin(), command.names.end(), info.name) == command.names.end()) continue;
    details += fmt::format("{}: {}\nexample: {}\n", info.name, info.about, info.example);
    std::vector<std::vector<std::string>> columns;
    for (const InputColumn& column : info.columns)
      columns.push_back({column.name, column.fixed ? std::string(type_name(column.type)) : "inferred"});
    details += text_table({"column", "type"}, columns);
  }
  for (const std::string& name : command.names) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      fail_user("no format '{}'{}", name, did_you_mean(name, known));
  }
  std::fputs(command.names.empty() ? text_table({"format", "", "example"}, rows, 100).c_str() : details.c_str(),
             stdout);
  return 0;
}

}  // namespace evclean::cli
