// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>

#include <algorithm>

#include "job_text.hpp"

namespace evclean::job_test {
namespace {

const std::string kInput = "input: {paths: a.log}\n";
const std::string kRest = "input: {paths: a.log}\noutput: {path: a.csv}\n";

InlineValue value_of(const std::string& yaml) {
  const Job parsed = job(kRest + "tables: {t: {rows: [{v: " + yaml + "}]}}\n");
  return parsed.tables.at(1).rows->at(0).at(0).second;
}

TEST(Yaml, YesNoOnOffAreTexts) {
  for (const char* word :
       {"yes", "no", "on", "off", "Yes", "ON", "y", "n", "None", "none", "NaN", "1_000", "12:30:45"}) {
    EXPECT_EQ(value_of(word).kind, InlineValue::Kind::kText) << word;
    EXPECT_EQ(value_of(word).text, word);
  }
}

TEST(Yaml, CoreSchemaDecidesNumbersBooleansAndNull) {
  for (const char* word :
       {"1", "-1", "+1", "1.5", ".5", "1.", "1e3", "-1.5E-3", "0x1F", "0o17", ".inf", "-.INF", ".nan", "007"}) {
    EXPECT_EQ(value_of(word).kind, InlineValue::Kind::kNumber) << word;
    EXPECT_EQ(value_of(word).text, word);
  }
  for (const char* word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    EXPECT_EQ(value_of(word).kind, InlineValue::Kind::kBool) << word;
  }
  for (const char* word : {"null", "Null", "NULL", "~", ""})
    EXPECT_EQ(value_of(word).kind, InlineValue::Kind::kNull) << word;
  for (const char* word : {"1.2.3.4", "0b1", "1e", "e3", ".", "-", "0xg", "2026-11-01", "tRUE", "nUll", "--1"}) {
    EXPECT_EQ(value_of(word).kind, InlineValue::Kind::kText) << word;
  }
}

TEST(Yaml, QuotedScalarsAreTexts) {
  for (const char* yaml : {"'1'", "\"true\"", "'null'", "''", "!!str 5"}) {
    EXPECT_EQ(value_of(yaml).kind, InlineValue::Kind::kText) << yaml;
    EXPECT_TRUE(value_of(yaml).quoted);
  }
}

TEST(Yaml, DuplicateKeysAreProblemsWithTheirPlace) {
  EXPECT_EQ(problems(kRest + "job: a\njob: b\n"),
            "x.yml:4:1: error: duplicate key 'job': it stands on line 3 already\n");
  EXPECT_EQ(problems("output: {path: a.csv}\ninput:\n  paths: a\n  format: csv\n  \"paths\": b\n"),
            "x.yml:5:3: error: duplicate key 'paths': it stands on line 3 already\n");
}

TEST(Yaml, AnEmptyItemStandsAtItsDash) {
  EXPECT_HAS(problems(with_steps("  -\n  - filter: a = 1\n")), "x.yml:4:3: error:");
  EXPECT_HAS(problems(with_steps("  - # nothing\n\n  # more\n  - filter: a = 1\n")), "x.yml:4:3: error:");
  EXPECT_HAS(problems(with_steps("  - filter: a = 1\n  -\n")), "x.yml:5:3: error:");
  EXPECT_HAS(problems(with_steps("  - filter: a = 1\n  -\njob: x\n")), "x.yml:5:3: error:");
  EXPECT_HAS(problems(with_steps("  - ~\n  - filter: a = 1\n")), "x.yml:4:5: error:");
}

TEST(Yaml, UnknownKeysSuggest) {
  EXPECT_EQ(problems("input:\n  paths: a\n  fromat: csv\noutput: {path: a.csv}\n"),
            "x.yml:3:3: error: unknown key 'fromat' in input (did you mean 'format'?)\n");
  EXPECT_EQ(problems(kInput + "outptu: {path: a.csv}\n"),
            "x.yml:1:1: error: the job has no output: write output: {path: out/x.csv}\n"
            "x.yml:2:1: error: unknown key 'outptu' in the job (did you mean 'output'?)\n");
  EXPECT_HAS(problems(kRest + "quux: 1\n"), "unknown key 'quux' in the job (known: job, input, steps, tables,");
}

TEST(Yaml, AllProblemsAreCollectedAndSorted) {
  const std::string shown = problems(
      "input: {paths: a, formt: csv, missing: sometimes}\n"
      "steps:\n"
      "  - filtr: x\n"
      "  - limit: -1\n"
      "  - filter:\n"
      "output:\n"
      "  - {path: a.xls}\n"
      "  - {path: b.csv, table: event}\n");
  EXPECT_HAS(shown, "x.yml:1:19: error: unknown key 'formt' in input");
  EXPECT_HAS(shown, "x.yml:1:40: error: missing cannot be 'sometimes': it is skip, fail");
  EXPECT_HAS(shown, "x.yml:3:5: error: unknown step 'filtr' (did you mean 'filter'?)");
  EXPECT_HAS(shown, "x.yml:4:12: error: limit must be a whole number of at least 0, not '-1'");
  EXPECT_HAS(shown, "x.yml:5:5: error: filter needs an expression");
  EXPECT_HAS(shown, "x.yml:7:12: error: the output format of 'a.xls' is not known");
  EXPECT_HAS(shown, "x.yml:8:26: error: there is no table 'event' (did you mean 'events'?)");
  EXPECT_LT(shown.find("x.yml:1:19"), shown.find("x.yml:1:40"));
  EXPECT_LT(shown.find("x.yml:5:5"), shown.find("x.yml:7:12"));
}

TEST(Yaml, SyntaxErrorsShowLineAndCaret) {
  EXPECT_EQ(problems("input: {paths: a}\nsteps:\n  - filter: 'GET' = method\noutput: {path: a.csv}\n"),
            "x.yml:3:19: error: this belongs to no key above: check the indentation, and that nothing follows a "
            "closing quote: "
            "text after a closing quote; put the whole value in quotes\n"
            "      - filter: 'GET' = method\n"
            "                      ^\n");
  EXPECT_HAS(problems("input: {paths: [a, b: c\nsteps:\n"), "x.yml:1:16: error: a '[' is not closed with ']'");
  EXPECT_HAS(problems("input: {paths: [a, b]\nsteps:\n"), "x.yml:1:8: error: a '{' is not closed with '}'");
  EXPECT_HAS(problems("input:\n\tpaths: a\n"), "YAML indents with blanks, not tabs");
  EXPECT_HAS(problems("a: b: c\n"), "x.yml:1:5: error: a ':' where no key can be: quote a value that contains ': '");
  EXPECT_HAS(problems("input:in.csv\noutput: o.csv\n"), "the line above has no blank behind its ':'");
  EXPECT_HAS(problems("input:\n  paths:in.csv\n  format: csv\n"), "the line above has no blank behind its ':'");
  EXPECT_EQ(problems("a: b\n c: d\n").find("no blank behind"), std::string::npos);
}

TEST(Yaml, ColumnsCountCharacters) { EXPECT_HAS(problems("job: \"äöü\"\nинпут: [ü, @x]\n"), "x.yml:2:12: error:"); }

TEST(Yaml, SpecialBeginsAdviseSingleQuotes) {
  for (const char* value :
       {"@file", "*.log", "%d", "`a b` = 1", "!is_bot(ua)", "!is_bot (ua)", "! x", "\"\\d+\"", "[*.log]"}) {
    const std::string shown = problems("input: {paths: a.log}\nsteps:\n  - filter: " + std::string(value) + "\n");
    EXPECT_HAS(shown, "put it in single quotes") << value;
    EXPECT_HAS(shown, "x.yml:3:") << value;
  }
}

TEST(Yaml, UnclosedQuotesAreFoundWhereTheyOpen) {
  EXPECT_HAS(problems("job: a\ninput: {paths: 'a.log}\noutput: {path: a.csv}\n"),
             "x.yml:2:16: error: this quote is never closed");
  EXPECT_HAS(problems("job: \"a\\\"\n"), "x.yml:1:6: error: this quote is never closed");
  EXPECT_EQ(job("job: 'it''s'\n" + kRest).name, "it's");
}

TEST(Yaml, CustomTagsAreRefused) {
  EXPECT_HAS(problems(kRest + "job: !!python/object:os.system x\n"), "begins a YAML tag");
  EXPECT_HAS(problems(kRest + "tests: !foo []\n"), "begins a YAML tag");
  EXPECT_HAS(problems(kRest + "job: !!binary aGk=\n"), "begins a YAML tag");
}

TEST(Yaml, AliasesShareValuesButBombsAreRefused) {
  const Job shared = job(kInput + "steps:\n  - select: &c [a, b]\n  - drop: *c\noutput: {path: a.csv}\n");
  EXPECT_EQ(std::get<DropStep>(shared.tables.at(0).steps.at(1).body).columns.size(), 2u);
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string list =
        fmt::format("{}", fmt::join(std::vector<std::string>(10, fmt::format("*a{}", i - 1)), ", "));
    bomb += fmt::format("a{0}: &a{0} [{1}]\n", i, list);
  }
  EXPECT_HAS(problems(bomb), "aliases (*name) expand to more than");
  EXPECT_HAS(problems("a: &x [*x]\n"), "an alias inside its own anchor");
}

TEST(Yaml, MergeKeysAreNotYaml12) {
  EXPECT_HAS(problems("x: &x {paths: a}\ninput:\n  <<: *x\n"), "YAML 1.2 has no merge keys");
}

TEST(Yaml, OneDocumentOnly) {
  EXPECT_HAS(problems(kRest + "---\njob: x\n"), "x.yml:3:1: error: a second document begins here");
  EXPECT_HAS(problems("- a\nb: c\n"), "x.yml:2:1: error: a second document begins here");
  EXPECT_EQ(problems("---\n" + kRest + "...\n"), "");
}

TEST(Yaml, DepthHasALimit) {
  for (const char* unit : {"[", "{a: ", "- ", "? "}) {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += unit;
    EXPECT_HAS(problems(text), "nested more than 64 levels deep") << unit;
  }
}

TEST(Yaml, BytesThatAreNoTextAreRefused) {
  EXPECT_EQ(problems("job: a\ninput: \xff\n"),
            "x.yml:2:8: error: not UTF-8 from here on: save the job file as UTF-8\n");
  EXPECT_EQ(problems(std::string("job: \0\n", 7)),
            "x.yml:1:6: error: byte 0x00 cannot stand in a job file: is this a text file?\n");
  EXPECT_HAS(problems("\xff\xfeu\0"), "not UTF-8");
  EXPECT_HAS(problems("job: \xed\xa0\x80\n"), "not UTF-8");
  EXPECT_HAS(problems("job: \xc0\xaf\n"), "not UTF-8");
  EXPECT_EQ(problems("\xef\xbb\xbf" + kRest), "");
  EXPECT_EQ(problems("input: {paths: a.log}\r\noutput: {path: a.csv}\r\n"), "");
}

TEST(Yaml, EmptyAndHugeFilesAreProblems) {
  for (const char* text : {"", "\n\n", "# nothing\n", "---\n", "~\n"})
    EXPECT_EQ(problems(text), "x.yml:1:1: error: the job file is empty\n");
  EXPECT_HAS(problems(std::string(17 << 20, 'a')), "is it a job file?");
  EXPECT_HAS(problems("job: x\ninput: " + std::string(1 << 20, 'a') + "\n"),
             "x.yml:2:1: error: a line of more than 1 MiB: is this a job file?");
  EXPECT_HAS(problems("just text\n"), "the job must be a map of keys, not text");
  EXPECT_HAS(problems("- a\n- b\n"), "the job must be a map of keys, not a list");
}

TEST(Yaml, ManyProblemsAreCutOff) {
  std::string text = kRest;
  for (int i = 0; i < 1000; ++i) text += "unknown_" + std::to_string(i) + ": 1\n";
  const std::string shown = problems(text);
  EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 200);
}

}  // namespace
}  // namespace evclean::job_test
