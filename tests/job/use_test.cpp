// SPDX-License-Identifier: Apache-2.0
// `use:` what other files give to a job, and mistakes with the file in which they are.
#include <algorithm>
#include <map>

#include "job_text.hpp"

namespace evclean::job_test {
namespace {

using Files = std::map<std::string, std::string>;

ParsedJob parse_with(const Files& files, const std::string& text, const std::vector<std::string>& sets = {}) {
  return parse_job("jobs/x.yml", text, sets, [&](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
}

Job job_with(const Files& files, const std::string& text, const std::vector<std::string>& sets = {}) {
  ParsedJob parsed = parse_with(files, text, sets);
  EXPECT_EQ(show_problems("x.yml", parsed.problems), "") << text;
  return std::move(parsed.job);
}

std::string problems_with(const Files& files, const std::string& text, const std::vector<std::string>& sets = {}) {
  return show_problems("x.yml", parse_with(files, text, sets).problems);
}

const std::string kJob = "input: {paths: a.log}\noutput: {path: a.csv}\nuse: ";

std::vector<std::string> names(const Job& job) {
  std::vector<std::string> names;
  for (const TableSpec& table : job.tables) names.push_back(table.name);
  return names;
}

TEST(Use, TablesFunctionsAndResourcesAreAdded) {
  const Files files{{"jobs/common.yml",
                     "tables:\n  users: {paths: users.csv}\n  hits: {sql: select 1 as a}\n"
                     "functions: {bucket(x): x / 100, half(x): x / 2}\nresources: {memory: 1GiB, chunk: 1MiB}\n"
                     "s3: {profile: shared}\n"}};
  const Job job = job_with(files, kJob + "common.yml\nfunctions: {half(x): x * 0.5}\nresources: {chunk: 2MiB}\n");
  EXPECT_EQ(names(job), (std::vector<std::string>{"events", "users", "hits"}));
  EXPECT_EQ(job.functions, (std::map<std::string, std::string>{{"bucket(x)", "x / 100"}, {"half(x)", "x * 0.5"}}));
  EXPECT_EQ(job.resources.memory_bytes, 1 << 30);
  EXPECT_EQ(job.resources.chunk_bytes, 2 << 20);
  EXPECT_EQ(job.s3.profile, "shared");
  EXPECT_EQ(job.outputs.at(0).s3->profile, "shared");
  ASSERT_EQ(job.pieces.size(), 1u);
  EXPECT_EQ(job.pieces[0]->path, "jobs/common.yml");
  EXPECT_EQ(job.tables[1].place.in("x.yml"), "jobs/common.yml:2:3");
}

TEST(Use, WhatTheJobSaysItselfStays) {
  const Files files{
      {"jobs/c.yml", "tables: {users: {paths: c.csv}, more: {paths: m.csv}}\ns3: {profile: c, region: eu-west-1}\n"}};
  const Job job = job_with(files, kJob + "c.yml\ntables: {users: {paths: own.csv}}\ns3: {profile: own}\n");
  EXPECT_EQ(names(job), (std::vector<std::string>{"events", "users", "more"}));
  EXPECT_EQ(job.tables[1].input->paths.at(0).value, "own.csv");
  EXPECT_EQ(job.s3.profile, "own");
  EXPECT_EQ(job.s3.region, "");  // the block counts as a whole
}

TEST(Use, PathsAreRelativeToTheFileThatNamesThem) {
  const Files files{{"common/users.yml",
                     "tables: {u: {paths: [users.csv, '@list', /abs.csv, 's3://b/k']}}\nuse: more/z.yml\n"
                     "steps: {apply: {encode: {fitted: m.json}}}\n"},
                    {"common/more/z.yml", "tables: {z: {paths: z.csv}}\n"}};
  const Job job = job_with(files, kJob + "[../common/users.yml]\nsteps: [use: apply]\n");
  const auto paths = [&](std::size_t table) {
    std::vector<std::string> values;
    for (const Text& path : job.tables.at(table).input->paths) values.push_back(path.value);
    return values;
  };
  EXPECT_EQ(paths(1), (std::vector<std::string>{"../common/users.csv", "@../common/list", "/abs.csv", "s3://b/k"}));
  EXPECT_EQ(paths(2), (std::vector<std::string>{"../common/more/z.csv"}));
  EXPECT_EQ(std::get<EncodeStep>(job.tables[0].steps.at(0).body).fitted->value, "../common/m.json");
}

TEST(Use, StepsByNameAreWrittenOut) {
  const Files files{
      {"jobs/s.yml",
       "steps:\n  tidy:\n    - filter: a > 1\n    - use: rest\n  rest: {limit: 5}\n  none:\ntables:\n  t: {paths: "
       "t.csv, steps: {use: rest}}\n"}};
  const Job job = job_with(files, kJob + "s.yml\nsteps:\n  - sort: [a]\n  - use: [tidy, none]\n  - use: rest\n",
                           {"steps.2.limit=7"});
  const auto& steps = job.tables.at(0).steps;
  std::vector<std::string> words;
  for (const StepSpec& step : steps) words.push_back(step.name);
  EXPECT_EQ(words, (std::vector<std::string>{"sort", "filter", "limit", "limit"}));
  EXPECT_EQ(steps[1].place.in("x.yml"), "jobs/s.yml:3:7");
  EXPECT_EQ(std::get<LimitStep>(steps[2].body).rows, 7);  // positions count what is written out
  EXPECT_EQ(std::get<LimitStep>(steps[3].body).rows, 5);
  EXPECT_EQ(job.tables.at(1).steps.at(0).name, "limit");
}

TEST(Use, AFileThatIsReachedTwiceIsReadOnce) {
  const Files files{{"jobs/a.yml", "use: base.yml\ntables: {a: {paths: a.csv}}\n"},
                    {"jobs/b.yml", "use: ../jobs/base.yml\ntables: {b: {paths: b.csv}, base: {paths: mine.csv}}\n"},
                    {"jobs/base.yml", "tables: {base: {paths: base.csv}}\n"}};
  EXPECT_EQ(names(job_with(files, kJob + "[a.yml, base.yml]")), (std::vector<std::string>{"events", "a", "base"}));
  EXPECT_EQ(job_with(files, kJob + "b.yml").tables.at(2).input->paths.at(0).value, "mine.csv");  // the nearest
  EXPECT_HAS(problems_with(files, kJob + "[a.yml, b.yml]"), "the table 'base' is in jobs/base.yml:1:10 too");
}

TEST(Use, NamesThatTwoFilesHaveAreRefused) {
  const Files files{{"jobs/a.yml", "functions: {f(x): x}\ntables: {t: {paths: a.csv}}\nsteps: {s: {limit: 1}}\n"},
                    {"jobs/b.yml", "tables:\n  t: {paths: b.csv}\nsteps: {s: {limit: 2}}\n"}};
  const std::string said = problems_with(files, kJob + "[a.yml, b.yml]\n");
  EXPECT_HAS(said, "jobs/b.yml:2:3: error: the table 't' is in jobs/a.yml:2:10 too");
  EXPECT_HAS(said, "jobs/b.yml:3:9: error: the name of steps 's' is in jobs/a.yml:3:9 too");
  EXPECT_EQ(names(job_with({{"jobs/a.yml", files.at("jobs/a.yml")}, {"jobs/b.yml", "tables: {t: {paths: b.csv}}\n"}},
                           kJob + "[a.yml, b.yml]\ntables: {t: {paths: c.csv}}\n")),
            (std::vector<std::string>{"events", "t"}));
}

TEST(Use, MistakesHaveTheFileInWhichTheyAre) {
  const Files files{
      {"jobs/bad.yml", "tables:\n  users: {pths: users.csv}\nsteps:\n  s: [{fliter: a}]\ninput: x.csv\nwhat: 1\n"},
      {"jobs/broken.yml", "tables: {a: [}\n"},
      {"jobs/empty.yml", "# nothing\n"},
      {"jobs/list.yml", "- 1\n"},
      {"jobs/kind.yml", "tables: []\nsteps: [{limit: 1}]\n"}};
  const std::string said = problems_with(files, kJob + "bad.yml\nsteps: [use: s]\n");
  EXPECT_HAS(said, "jobs/bad.yml:2:11: error: ");
  EXPECT_HAS(said, "'pths'");
  EXPECT_HAS(said, "jobs/bad.yml:4:8: error: unknown step 'fliter'");
  EXPECT_HAS(said, "jobs/bad.yml:5:1: error: input belongs into the job");
  EXPECT_HAS(said, "jobs/bad.yml:6:1: error: ");
  EXPECT_HAS(problems_with(files, kJob + "broken.yml"), "jobs/broken.yml:1:");
  EXPECT_HAS(problems_with(files, kJob + "empty.yml"), "jobs/empty.yml:1:1: error: the file is empty");
  EXPECT_HAS(problems_with(files, kJob + "list.yml"), "jobs/list.yml:1:1: error: a file that is used is a map");
  EXPECT_HAS(problems_with(files, kJob + "kind.yml"),
             "jobs/kind.yml:2:8: error: steps of a file that is used is a map of");
  EXPECT_HAS(problems_with(files, kJob + "none.yml"), "x.yml:3:6: error: use: cannot read 'none.yml' (jobs/none.yml)");
  EXPECT_HAS(problems_with(files, kJob + "{a: b}"), "use takes the path of a file");
  EXPECT_HAS(problems_with(files, kJob + "'s3://b/k.yml'"), "is on S3");
  EXPECT_HAS(problems(kJob + "a.yml"), "cannot read 'a.yml'");
  EXPECT_HAS(problems_with(files, "input: a\noutput: a.csv\n", {"use=bad.yml"}),
             "--set use=bad.yml: use stands in the job");
}

TEST(Use, CirclesAndUnknownNamesAreRefused) {
  const Files files{{"jobs/a.yml", "use: b.yml\n"},
                    {"jobs/b.yml", "use: [a.yml]\n"},
                    {"jobs/self.yml", "use: x.yml\n"},
                    {"jobs/s.yml", "steps:\n  one: [{use: two}]\n  two: [{use: one}]\n"}};
  EXPECT_HAS(problems_with(files, kJob + "a.yml"),
             "jobs/b.yml:1:7: error: files use each other in a circle: a.yml uses b.yml uses a.yml");
  EXPECT_HAS(problems_with(files, kJob + "self.yml"), "circle: x.yml uses self.yml uses x.yml");
  EXPECT_HAS(problems_with(files, kJob + "s.yml\nsteps: [use: one]\n"),
             "steps use each other in a circle: one, two, one");
  EXPECT_HAS(problems_with(files, kJob + "s.yml\nsteps: [use: onne]\n"),
             "no steps are called 'onne' (did you mean 'one'?)");
  EXPECT_HAS(problems("input: a\noutput: a.csv\nsteps: [use: s]\n"),
             "no steps are called 's'; they stand under steps:");
}

TEST(Use, StepsThatNameEachOtherIntoMillionsAreRefused) {
  std::string steps = "steps:\n  s0: [{limit: 1}]\n";
  for (int i = 1; i < 12; ++i) {
    steps += "  s" + std::to_string(i) + ": [";
    for (int k = 0; k < 10; ++k) steps += "{use: s" + std::to_string(i - 1) + "}, ";
    steps += "]\n";
  }
  EXPECT_HAS(problems_with({{"jobs/s.yml", steps}}, kJob + "s.yml\nsteps: [use: s11]\n"), "more than 10000 steps");
}

TEST(Use, VariablesNameFilesAndStandInThem) {
  ::setenv("EVCLEAN_TEST_PIECE", "c", 1);
  const Files files{{"jobs/c.yml", "tables: {t: {paths: '${EVCLEAN_TEST_PIECE}.csv'}}\nsteps: {s_c: {limit: 3}}\n"}};
  const Job job = job_with(files, kJob + "${EVCLEAN_TEST_PIECE}.yml\nsteps: [use: 's_${EVCLEAN_TEST_PIECE}']\n");
  EXPECT_EQ(job.tables.at(1).input->paths.at(0).value, "c.csv");
  EXPECT_EQ(job.tables.at(0).steps.at(0).name, "limit");
}

}  // namespace
}  // namespace evclean::job_test
