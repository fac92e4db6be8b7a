// SPDX-License-Identifier: Apache-2.0
// evclean check: everything that can be known without reading the data, all problems at once.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <filesystem>

#include "evclean/engine.hpp"
#include "guess.hpp"

namespace evclean {
namespace {

namespace fs = std::filesystem;

/// Takes "job.yml:12:7: " off a message that has its place in front.
JobProblem located(const Job& job, const Error& error, JobPlace otherwise) {
  std::string text = error.what();
  const std::string prefix = job.path + ":";
  if (text.rfind(prefix, 0) != 0) return {otherwise, text};
  int line = 0, column = 0, read = 0;
  if (std::sscanf(text.c_str() + prefix.size(), "%d:%d: %n", &line, &column, &read) < 2 || read == 0)
    return {otherwise, text};
  return {{line, column}, text.substr(prefix.size() + static_cast<std::size_t>(read))};
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

/// Every step on its own as far as it goes: the steps before it are taken as they are, so that one mistake does not
/// hide the next.
void check_steps(const Job& job, const TableSpec& spec, const TableInput& input,
                 const std::vector<InputColumn>& columns, std::vector<JobProblem>& problems) {
  TableSpec partial = spec;
  partial.steps.clear();
  for (const StepSpec& step : spec.steps) {
    partial.steps.push_back(step);
    TableInput shortened = input;
    shortened.spec = &partial;
    Stepwise stepwise;
    stepwise.guess.input = columns;
    std::vector<InputColumn> read = columns;
    if (input.is_inline()) {
      stepwise.batches = first_batches(input, 1, read, nullptr);
    } else if (!input.files.empty()) {
      stepwise.batches = first_batches(input, 200, read, nullptr);
    }
    const bool fine = note_problem(job, step.place, problems, [&] { stepwise.run(shortened, true); });
    if (!fine) partial.steps.pop_back();
  }
}

void check_table(const Job& job, const TableSpec& spec, std::vector<JobProblem>& problems) {
  if (!spec.input && !spec.rows) return;
  TableInput input;
  const JobPlace place = spec.input ? spec.input->place : spec.place;
  bool readable = true;
  if (spec.input) {
    for (const std::string& format : spec.input->format.formats) {
      if (format == "auto") continue;
      readable &=
          note_problem(job, spec.input->format_place, problems, [&] { make_decoder(spec.input->format, format); });
    }
  }
  if (!note_problem(job, place, problems, [&] { input = open_table(job, spec); }) || !readable) return;
  std::vector<InputColumn> columns;
  if (!note_problem(job, spec.input ? spec.input->format_place : place, problems,
                    [&] { first_batches(input, 200, columns, nullptr); }))
    return;
  check_steps(job, spec, input, columns, problems);
}

}  // namespace

std::vector<JobProblem> check_job(const Job& job) {
  std::vector<JobProblem> problems;
  for (const TableSpec& table : job.tables) check_table(job, table, problems);
  for (const OutputSpec& output : job.outputs) check_output(job, output, problems);
  return problems;
}

}  // namespace evclean
