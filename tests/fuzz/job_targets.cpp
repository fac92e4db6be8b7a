// SPDX-License-Identifier: Apache-2.0
// The job file and expressions: whatever stands there, the answer is a job (a tree) or what is wrong with it.
#include "evclean/error.hpp"
#include "evclean/expression.hpp"
#include "evclean/job.hpp"
#include "evclean/pattern.hpp"
#include "targets.hpp"

namespace evclean::fuzz {
namespace {

void parse_job_text(std::string_view text) {
  try {
    parse_job("job.yml", std::string(text), {});
  } catch (const Error& error) {
    must(error.code() == ExitCode::kUser, error.what());
  }
}

void parse_expression(std::string_view text) {
  try {
    const Expression expression = Expression::parse(text);
    expression.columns({"a", "b", "A.b", "time", "user"});
  } catch (const ExpressionError& error) {
    must(error.position() == std::string::npos || error.position() <= text.size(), "a caret outside the text");
  } catch (const Error& error) {
    must(error.code() == ExitCode::kUser, error.what());
  }
}

void match_pattern(std::string_view text) {
  const std::size_t half = text.size() / 2;
  try {
    Pattern pattern{std::string(text.substr(0, half))};
    pattern.match(text.substr(half));
  } catch (const Error& error) {
    must(error.code() == ExitCode::kUser, error.what());
  }
}

}  // namespace

void add_jobs(std::vector<Target>& targets) {
  targets.push_back(
      {"job",
       parse_job_text,
       {"job: a\ninput:\n  paths: [a.log, 'b*']\n  format: combined\n  rejects: {max: 0.1%, path: r}\n"
        "steps:\n  - filter: \"a in ('x') and b <> 3\"\n  - parse: {column: p, patterns: ['^/(?<x>\\d+)']}\n"
        "  - fill: None\noutput:\n  - {path: a.csv.zst}\n",
        "input: &i {paths: x}\ntables: {t: *i, u: {rows: [{a: 1}]}}\noutput: {path: ${HOME}/a.h5, table: t}\n"
        "tests:\n  - name: n\n    input: |\n      one\n    expect: [{a: 1}, {b: null}]\n"}});
  targets.push_back(
      {"expression",
       parse_expression,
       {"a in ('x', 'y') and b <> 3 or not \"A.b\" is null", "case when a > 1.5e3 then upper(b) else 'x''y' end",
        "a ~* '^/p(?<x>\\d+)' and time > timestamp '2026-01-01' - interval '1 day'", "coalesce(user, b || 'x')::date",
        "extract(hour from time) between 1 and 2"}});
  targets.push_back(
      {"pattern", match_pattern, {"^(?<a>\\d+)-(?<b>.*)$12-ab", "(a+)+$aaaaaaaaaaaaaaaa!", "(?P<n>[^ ]+) \"x\" y"}});
}

}  // namespace evclean::fuzz
