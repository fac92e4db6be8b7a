// SPDX-License-Identifier: Apache-2.0
// Mutated jobs: whatever stands in a job file, parsing ends, and what is wrong has a place.
#include <algorithm>
#include <chrono>
#include <random>

#include "job_text.hpp"

namespace evclean::job_test {
namespace {

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> kSeeds = {
      "job: a\ninput:\n  paths: [a.log, 'b*']\n  format: combined\n  rejects: {max: 0.1%, path: r.jsonl}\n  types: {a: "
      "string}\n"
      "steps:\n  - filter: \"a in ('x') and b <> 3\"\n  - parse: {column: p, patterns: ['^/(?<x>\\d+)']}\n"
      "  - set: {d: \"f(x)\"}\n  - fill: None\n  - rename: {a: b}\noutput:\n  - {path: a.csv.zst}\n",
      "input: &i {paths: x}\ntables: {t: *i, u: {rows: [{a: 1, b: {c: [1, 2]}}]}}\noutput: {path: ${HOME}/a.h5, table: "
      "t}\n"
      "tests:\n  - name: n\n    input: |\n      line one\n      line two\n    expect: [{a: 1}, {b: null}]\n",
      "functions: {bucket(x): x / 100}\nresources: {memory: 1GiB, chunk: 64MiB}\ninput: a\noutput: [a.csv, b.parquet]\n"
      "steps:\n- cast: {a: 'date:%d/%m/%Y', on_error: null}\n- sample: {fraction: 0.5, seed: 3}\n- limit: 10\n",
  };
  return kSeeds;
}

std::string mutated(std::mt19937& random) {
  static const std::string kTokens[] = {"[",    "]",
                                        "{",    "}",
                                        ":",    "- ",
                                        "\n",   "  ",
                                        "'",    "\"",
                                        "&a ",  "*a",
                                        "!t ",  "%",
                                        "@",    "\\",
                                        "|\n",  ">-\n",
                                        "? ",   "---\n",
                                        "...",  "#",
                                        "${",   "$$",
                                        "\t",   ",",
                                        "null", "~",
                                        "\r",   "\0x",
                                        "\xff", "\xc3\xa9",
                                        "<<: ", "9999999999999999999",
                                        "-1",   "steps",
                                        "path"};
  std::string text = seeds()[random() % seeds().size()];
  const auto position = [&] { return text.empty() ? 0 : random() % (text.size() + 1); };
  for (std::size_t changes = 1 + random() % 6; changes > 0; --changes) {
    const std::size_t at = position();
    switch (random() % 5) {
      case 0:
        text.erase(at, random() % 12);
        break;
      case 1:
        text.insert(at, kTokens[random() % std::size(kTokens)]);
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      case 3:
        text.insert(at, text.substr(position() % (text.size() + 1), random() % 40));
        break;
      default:
        text.resize(std::max<std::size_t>(at, text.size() / 2));
    }
  }
  return text;
}

TEST(JobFuzz, MutatedJobsEndWithPlacedProblems) {
  constexpr int kRounds = 20'000;
  std::mt19937 random(20261101);
  int with_problems = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = mutated(random);
    const ParsedJob parsed = parse(text);
    const int lines = 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    for (const JobProblem& problem : parsed.problems) {
      ASSERT_GE(problem.place.line, 1) << problem.message << "\n" << text;
      ASSERT_LE(problem.place.line, lines) << problem.message << "\n" << text;
      ASSERT_GE(problem.place.column, 1) << problem.message << "\n" << text;
      ASSERT_FALSE(problem.message.empty());
    }
    with_problems += parsed.problems.empty() ? 0 : 1;
  }
  // Neither all nor none: the mutations reach behind the syntax.
  EXPECT_GT(with_problems, kRounds / 2);
  EXPECT_LT(with_problems, kRounds);
}

TEST(JobFuzz, MutatedOverridesEnd) {
  std::mt19937 random(7);
  static const std::string kParts[] = {"steps", ".",     "0",  "=",  "limit", "[",   "{", "\"", "'",
                                       "input", "paths", "-1", "99", "types", "a.b", " ", "}",  "]"};
  int accepted = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    for (std::size_t parts = random() % 9; parts > 0; --parts) text += kParts[random() % std::size(kParts)];
    accepted += parse(seeds()[2], {text}).problems.empty() ? 1 : 0;
  }
  EXPECT_LT(accepted, 2'500);
}

TEST(JobFuzz, LargeHostileFilesEndQuickly) {
  const auto repeated = [](const std::string& unit, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += unit;
    return text;
  };
  constexpr std::size_t kBytes = 400'000;
  const auto begin = std::chrono::steady_clock::now();
  for (const char* unit : {"[",   "{a: ", "- ",    "? ",   "a,",    "'", "\"", "\n", " ",  "#",   ":",     "*a ",
                           "&a ", "!a ",  "- a\n", "%a\n", "---\n", "$", "${", "\\", "\t", "|\n", "? a\n", "- [a]\n"}) {
    EXPECT_FALSE(parse(repeated(unit, kBytes)).problems.empty()) << unit;
  }
  EXPECT_FALSE(parse("a: [" + repeated("b,", kBytes)).problems.empty());
  EXPECT_FALSE(parse("a: \"" + repeated("\\n", kBytes)).problems.empty());
  EXPECT_FALSE(parse("steps:\n" + repeated("- set: {a: 'x', a: y}\n", kBytes)).problems.empty());
  std::string keys;
  for (int i = 0; i < 300'000; ++i) keys += "key" + std::to_string(i) + ": v\n";
  EXPECT_FALSE(parse(keys).problems.empty());
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 90.0);
}

}  // namespace
}  // namespace evclean::job_test
