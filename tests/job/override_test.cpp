// SPDX-License-Identifier: Apache-2.0
#include "job_text.hpp"

namespace evclean::job_test {
namespace {

const std::string kJob =
    "input: {paths: [a.log, b.log], types: {req.id: string}}\n"
    "steps:\n  - filter: a = 1\n  - limit: 5\n"
    "output: {path: a.csv}\n";

TEST(Override, ReplacesAnyKey) {
  const Job changed = job(kJob, {"steps.1.limit=7", "input.paths.0=c.log", "output.path=b.parquet", "job=other"});
  EXPECT_EQ(std::get<LimitStep>(changed.tables[0].steps[1].body).rows, 7);
  EXPECT_EQ(changed.tables[0].input->paths[0].value, "c.log");
  EXPECT_EQ(changed.tables[0].input->paths[1].value, "b.log");
  EXPECT_EQ(changed.outputs[0].format, OutputFormat::kParquet);
  EXPECT_EQ(changed.name, "other");
}

TEST(Override, MakesMissingMapsAndAppends) {
  const Job changed = job(kJob, {"resources.chunk=1MiB", "steps.2.index=n", "input.paths.2=c.log",
                                 "input.rejects.max=5", "input.nulls.0=-", "tables.t.paths=t.csv"});
  EXPECT_EQ(changed.resources.chunk_bytes, 1 << 20);
  EXPECT_EQ(std::get<IndexStep>(changed.tables[0].steps.at(2).body).name.value, "n");
  EXPECT_EQ(changed.tables[0].input->paths.size(), 3u);
  EXPECT_EQ(*changed.tables[0].input->rejects.count, 5);
  EXPECT_EQ(changed.tables[0].input->format.nulls.words.at(0), "-");
  EXPECT_EQ(changed.tables.at(1).name, "t");
}

TEST(Override, ValuesAreYamlOrTextAsItStands) {
  EXPECT_EQ(job(kJob, {"input.paths=[x, 'y z']"}).tables[0].input->paths.at(1).value, "y z");
  EXPECT_EQ(job(kJob, {"input.paths=*.log"}).tables[0].input->paths.at(0).value, "*.log");
  const Job filter = job(kJob, {"steps.0.filter=url = 'a: b' # c"});
  EXPECT_EQ(std::get<FilterStep>(filter.tables[0].steps[0].body).expression.value, "url = 'a: b' # c");
  EXPECT_EQ(job(kJob, {"output={path: z.csv, overwrite: true}"}).outputs[0].overwrite, true);
  EXPECT_HAS(problems(kJob, {"steps.0.filter="}), "x.yml: error: --set steps.0.filter=: filter needs an expression");
  EXPECT_HAS(problems(kJob, {"input.paths=[a"}), "--set input.paths=[a: the value is not YAML: a '[' is not closed");
}

TEST(Override, SinglesCountAsListsOfOne) {
  const Job changed = job(kJob, {"output.0.path=b.csv", "output.1.path=c.csv"});
  ASSERT_EQ(changed.outputs.size(), 2u);
  EXPECT_EQ(changed.outputs[0].path, "b.csv");
  EXPECT_EQ(job("input: a\noutput: [{path: a.csv}]\n", {"output.overwrite=true"}).outputs[0].overwrite, true);
  EXPECT_EQ(job("input: {paths: a}\noutput: a.csv\n", {"input.paths.0=b"}).tables[0].input->paths.at(0).value, "b");
}

TEST(Override, KeysWithDots) {
  const Job changed = job(kJob, {"input.types.req.id=int64", "input.types.\"a.b\"=bool"});
  ASSERT_EQ(changed.tables[0].input->types.size(), 2u);
  EXPECT_EQ(changed.tables[0].input->types[0].value, "int64");
  EXPECT_EQ(changed.tables[0].input->types[1].name, "a.b");
}

TEST(Override, NumbersMayBeKeysOfMaps) {
  const Job changed = job(with_steps("  - map: {column: c, values: {200: ok}}\n"),
                          {"steps.0.map.values.0=off", "steps.0.map.values.200=good"});
  const auto map = std::get<MapStep>(changed.tables[0].steps[0].body);
  ASSERT_EQ(map.values.size(), 2u);
  EXPECT_EQ(map.values[0].value, "good");
  EXPECT_EQ(map.values[1].name, "0");
}

TEST(Override, BadPathsAreProblems) {
  EXPECT_HAS(problems(kJob, {"limit"}), "x.yml: error: --set limit: write key.path=value");
  EXPECT_HAS(problems(kJob, {"=1"}), "the path has an empty key");
  EXPECT_HAS(problems(kJob, {"steps..limit=1"}), "the path has an empty key");
  EXPECT_HAS(problems(kJob, {"steps.9.limit=1"}), "steps is a list of 2: its positions are 0 to 1, or 2 to append");
  EXPECT_HAS(problems(kJob, {"steps.x=1"}), "steps is a list of 2");
  EXPECT_HAS(problems(kJob, {"output.path.x=1"}), "output.path is a single value and has no keys");
  EXPECT_HAS(problems(kJob, {"input.fromat=csv"}),
             "x.yml: error: --set input.fromat=csv: unknown key 'fromat' in input (did you mean 'format'?)");
  EXPECT_HAS(problems(kJob, {"steps.1.limit=many"}), "--set steps.1.limit=many: limit must be a whole number");
}

TEST(Override, LaterOnesWin) { EXPECT_EQ(job(kJob, {"job=a", "job=b"}).name, "b"); }

TEST(Override, AKeyBesideAShortFormMakesItTheLongOne) {
  EXPECT_EQ(job("input: a\noutput: x.csv\n", {"output.path=y.tsv"}).outputs[0].path, "y.tsv");
  EXPECT_TRUE(job("input: a\noutput: x.csv\n", {"output.overwrite=true"}).outputs[0].overwrite);
  EXPECT_EQ(job("input: a\noutput: [x.csv, z.csv]\n", {"output.1.path=y.csv"}).outputs[1].path, "y.csv");
  EXPECT_EQ(job("input: a\noutput: x.csv\n", {"output.0.path=y.csv"}).outputs[0].path, "y.csv");
  EXPECT_EQ(job("input: a\noutput: x.csv\n", {"input.format=json"}).tables[0].input->format.formats[0], "json");
  const Job two = job("input: [a, b]\noutput: x.csv\n", {"input.format=json", "input.paths.1=c"});
  EXPECT_EQ(two.tables[0].input->paths.size(), 2u);
  EXPECT_EQ(two.tables[0].input->paths[1].value, "c");
}

TEST(Override, AValueThatOnlyBeginsWithAQuoteIsExplained) {
  const ParsedJob parsed = parse_job("x.yml", "input: a\noutput: x.csv\n", {"steps.0.filter=\"a b\" > 1"});
  EXPECT_HAS(show_problems("x.yml", parsed.problems), "begins with a quote and goes on behind the closing one");
  EXPECT_HAS(show_problems("x.yml", parsed.problems), "'\"a b\" > 1'");
}

}  // namespace
}  // namespace evclean::job_test
