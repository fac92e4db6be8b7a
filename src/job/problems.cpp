// SPDX-License-Identifier: Apache-2.0
#include "problems.hpp"

#include <algorithm>
#include <tuple>

#include "evclean/suggest.hpp"

namespace evclean {

namespace {

bool earlier(const JobProblem& a, const JobProblem& b) {
  const std::string file_a = a.place.piece ? a.place.piece->path : "",
                    file_b = b.place.piece ? b.place.piece->path : "";
  return std::tie(file_a, a.place.line, a.place.column) < std::tie(file_b, b.place.line, b.place.column);
}

}  // namespace

std::string show_problems(const std::string& path, const std::vector<JobProblem>& problems) {
  std::vector<JobProblem> sorted = problems;
  std::stable_sort(sorted.begin(), sorted.end(), earlier);
  std::string out;
  for (const JobProblem& problem : sorted) {
    out += problem.place.line > 0 ? problem.place.in(path) : path;
    out += fmt::format(": error: {}\n", problem.message);
  }
  return out;
}

namespace job {

void Problems::add(JobPlace place, std::string message) {
  if (full()) {
    ++dropped_;
    return;
  }
  list_.push_back({place, std::move(message)});
}

void Problems::add_override(int index, const std::string& message) {
  add({}, fmt::format("--set {}: {}", printable(overrides_.at(static_cast<std::size_t>(index)), 100), message));
}

void Problems::add_at(const YamlNode& at, std::string message) {
  if (at.override_index >= 0) return add_override(at.override_index, message);
  add(at.place, std::move(message));
}

std::vector<JobProblem> Problems::take() {
  if (dropped_ > 0) list_.push_back({list_.back().place, fmt::format("and {} more problems", dropped_)});
  dropped_ = 0;
  return std::move(list_);
}

}  // namespace job
}  // namespace evclean
