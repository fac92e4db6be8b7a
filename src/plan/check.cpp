// SPDX-License-Identifier: Apache-2.0
// evclean check: everything that can be known without reading the data, all problems at once.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <algorithm>
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

/// The records that the steps are tried on, read once.
struct Sample {
  std::vector<Batch> batches;
  std::vector<InputColumn> columns;
};

Stepwise on(const Sample& sample) {
  Stepwise stepwise;
  stepwise.guess.input = sample.columns;
  stepwise.batches = sample.batches;
  return stepwise;
}

/// A step with each of its patterns alone, so that one bad pattern does not hide the next; else the step itself.
std::vector<StepSpec> variants(const StepSpec& step) {
  const auto* parse = std::get_if<ParseStep>(&step.body);
  if (parse == nullptr || parse->patterns.size() < 2) return {step};
  std::vector<StepSpec> alone;
  for (const Text& pattern : parse->patterns) {
    StepSpec one = step;
    std::get<ParseStep>(one.body).patterns = {pattern};
    alone.push_back(std::move(one));
  }
  return alone;
}

/// Every step on its own as far as it goes: the steps before it are taken as they are, so that one mistake does not
/// hide the next.
void check_steps(const Job& job, const TableSpec& spec, const TableInput& input, const Sample& sample,
                 std::vector<JobProblem>& problems) {
  TableSpec partial = spec;
  partial.steps.clear();
  TableInput shortened = input;
  shortened.spec = &partial;
  for (const StepSpec& step : spec.steps) {
    const std::size_t before = problems.size();
    for (const StepSpec& variant : variants(step)) {
      partial.steps.push_back(variant);
      std::vector<JobProblem> found;
      note_problem(job, step.place, found, [&] { on(sample).run(shortened, true); });
      partial.steps.pop_back();
      const auto known = [&](const JobProblem& other) { return !found.empty() && other.message == found[0].message; };
      if (std::none_of(problems.begin() + static_cast<std::ptrdiff_t>(before), problems.end(), known))
        problems.insert(problems.end(), found.begin(), found.end());
    }
    if (problems.size() == before) partial.steps.push_back(step);
  }
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

void check_table(const Job& job, const TableSpec& spec, std::vector<JobProblem>& problems) {
  if (!spec.input && !spec.rows) return;
  TableInput input;
  const JobPlace place = spec.input ? spec.input->place : spec.place;
  bool readable = true;
  if (spec.input) {
    for (const std::string& format : spec.input->format.formats) {
      if (format == "auto" || format == "regex") continue;
      readable &=
          note_problem(job, spec.input->format_place, problems, [&] { make_decoder(spec.input->format, format); });
    }
    readable &= check_patterns(job, *spec.input, problems);
  }
  if (!readable) {  // the paths can be looked at all the same
    TableSpec as_lines = spec;
    as_lines.input->format = FormatSpec();
    as_lines.input->format.formats = {"lines"};
    note_problem(job, place, problems, [&] { open_table(job, as_lines); });
    return;
  }
  if (!note_problem(job, place, problems, [&] { input = open_table(job, spec); })) return;
  Sample sample;
  if (!note_problem(job, spec.input ? spec.input->format_place : place, problems, [&] {
        if (input.is_inline() || !input.files.empty())
          sample.batches = first_batches(input, 200, sample.columns, nullptr);
      }))
    return;
  check_steps(job, spec, input, sample, problems);
}

}  // namespace

std::vector<JobProblem> check_job(const Job& job) {
  std::vector<JobProblem> problems;
  for (const TableSpec& table : job.tables) check_table(job, table, problems);
  for (const OutputSpec& output : job.outputs) check_output(job, output, problems);
  return problems;
}

}  // namespace evclean
