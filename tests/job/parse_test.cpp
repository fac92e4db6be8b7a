// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>

#include "job_text.hpp"

namespace evclean::job_test {
namespace {

const std::string kWhole = R"yaml(job: access-log
input:
  paths: [data/access-*.log, more/]
  format: combined
  missing: skip
  empty: fail
  corrupt: salvage
  rejects: {max: 0.1%, path: out/rejects.jsonl}
  types: {zip: string, day: date:%d/%m/%Y}
  nulls: ["-", "N/A"]
  encoding: latin-1
  timezone: Europe/Berlin
  year: 2025
  multiline: {start: '^\d'}
  source: true
  max_line: 1MiB
steps:
  - filter: "method in ('GET','POST') and status <> 304"
  - parse: {column: path, patterns: ['^/product/(?<product>\d+)', '^/search\?q=(?<query>[^&]*)'], prefix: p_, all: true}
  - set: {device: "device_class(user_agent)", day: "cast(time as date)"}
  - flag: {is_error: status >= 400, always: true, one: 1}
  - fill: None
  - rename: warehouse
tables:
  users: {paths: data/users.csv, format: csv, steps: {limit: 5}}
  countries: {rows: [{code: DE, name: Germany}, {code: FR, name: null}]}
output:
  - {path: out/events.csv.zst, compression_level: 5, missing_text: NA}
  - {path: out/events.h5, key: log, max_string: 100, long_text: truncate}
  - {path: out/events.parquet, files: 4, overwrite: true}
  - {path: out/users.TSV.gz, table: users}
  - {path: out/parts/, format: jsonl.zst, table: users}
resources: {memory: 1GiB, chunk: 256MB, scratch: /scratch, threads: 2}
functions: {bucket(x): "x / 100"}
tests:
  - name: a product view
    input: 'one line'
    tables: {users: [{ip: 1.2.3.4, country: DE}]}
    expect: {product: 7, query: None, is_error: false}
  - {input: [a, b], expect: reject}
  - {input: {a: 1}, expect: {reject: no method}}
  - {input: [{a: 1}, {a: "2"}], expect: [{a: 1}, {a: null}]}
  - {input: "x\ny\n", expect: filtered}
)yaml";

TEST(ParseJob, InputKeysAreRead) {
  const Job whole = job(kWhole);
  EXPECT_EQ(whole.name, "access-log");
  EXPECT_EQ(whole.base_dir, "jobs");
  const InputSpec& input = *whole.tables.at(0).input;
  EXPECT_EQ(whole.tables[0].name, "events");
  ASSERT_EQ(input.paths.size(), 2u);
  EXPECT_EQ(input.paths[1].value, "more/");
  EXPECT_EQ(input.paths[1].place.line, 3);
  EXPECT_EQ(input.paths[1].place.column, 30);
  EXPECT_EQ(input.format.formats, std::vector<std::string>{"combined"});
  EXPECT_EQ(input.missing, OnMissing::kSkip);
  EXPECT_EQ(input.empty, OnEmpty::kFail);
  EXPECT_EQ(input.corrupt, OnCorrupt::kSalvage);
  EXPECT_DOUBLE_EQ(*input.rejects.share, 0.001);
  EXPECT_FALSE(input.rejects.count);
  EXPECT_EQ(input.rejects.path, "out/rejects.jsonl");
  EXPECT_EQ(input.types.at(1).value, "date:%d/%m/%Y");
  EXPECT_EQ(input.format.nulls.words, (std::vector<std::string>{"-", "N/A"}));
  EXPECT_FALSE(input.format.nulls.only);
  EXPECT_EQ(input.encoding, Encoding::kLatin1);
  EXPECT_EQ(input.format.timezone, "Europe/Berlin");
  EXPECT_EQ(input.format.year, 2025);
  EXPECT_EQ(input.format.multiline_start, "^\\d");
  EXPECT_TRUE(input.source);
  EXPECT_EQ(input.format.max_line_bytes, 1 << 20);
}

TEST(ParseJob, DefaultsAreTheContracts) {
  const Job small = job("input: {paths: a.log}\noutput: {path: a.csv}\n");
  EXPECT_EQ(small.name, "x");
  const InputSpec& input = *small.tables.at(0).input;
  EXPECT_EQ(input.format.formats, std::vector<std::string>{"auto"});
  EXPECT_EQ(input.missing, OnMissing::kFail);
  EXPECT_EQ(input.empty, OnEmpty::kSkip);
  EXPECT_EQ(input.corrupt, OnCorrupt::kFail);
  EXPECT_DOUBLE_EQ(*input.rejects.share, 0.10);
  EXPECT_EQ(input.encoding, Encoding::kAuto);
  EXPECT_EQ(input.format.timezone, "UTC");
  EXPECT_TRUE(input.format.header);
  EXPECT_EQ(input.format.max_line_bytes, 16 << 20);
  EXPECT_EQ(small.resources.chunk_bytes, 64 << 20);
  EXPECT_EQ(small.resources.memory_bytes, 0);
  EXPECT_EQ(small.resources.threads, 1);
  const OutputSpec& output = small.outputs.at(0);
  EXPECT_EQ(output.table, "events");
  EXPECT_EQ(output.files, 1);
  EXPECT_FALSE(output.overwrite);
  EXPECT_EQ(output.missing_text, "");
  EXPECT_EQ(output.key, "events");
  EXPECT_EQ(output.max_string, 4096);
  EXPECT_FALSE(output.truncate_long_text);
}

TEST(ParseJob, OutputsAreRead) {
  const Job whole = job(kWhole);
  ASSERT_EQ(whole.outputs.size(), 5u);
  EXPECT_EQ(whole.outputs[0].format, OutputFormat::kCsv);
  EXPECT_EQ(whole.outputs[0].codec, OutputCodec::kZstd);
  EXPECT_EQ(whole.outputs[0].compression_level, 5);
  EXPECT_EQ(whole.outputs[0].missing_text, "NA");
  EXPECT_EQ(whole.outputs[1].format, OutputFormat::kHdf5);
  EXPECT_EQ(whole.outputs[1].key, "log");
  EXPECT_EQ(whole.outputs[1].max_string, 100);
  EXPECT_TRUE(whole.outputs[1].truncate_long_text);
  EXPECT_EQ(whole.outputs[2].files, 4);
  EXPECT_TRUE(whole.outputs[2].overwrite);
  EXPECT_EQ(whole.outputs[3].format, OutputFormat::kTsv);
  EXPECT_EQ(whole.outputs[3].codec, OutputCodec::kGzip);
  EXPECT_EQ(whole.outputs[4].format, OutputFormat::kJsonLines);
  EXPECT_EQ(whole.outputs[4].codec, OutputCodec::kZstd);
}

TEST(ParseJob, TablesAndResourcesAndFunctionsAreRead) {
  const Job whole = job(kWhole);
  ASSERT_EQ(whole.tables.size(), 3u);
  EXPECT_EQ(whole.tables[1].name, "users");
  EXPECT_EQ(std::get<LimitStep>(whole.tables[1].steps.at(0).body).rows, 5);
  ASSERT_TRUE(whole.tables[2].rows);
  EXPECT_FALSE(whole.tables[2].input);
  EXPECT_EQ(whole.tables[2].rows->at(1).at(1).second.kind, InlineValue::Kind::kNull);
  EXPECT_EQ(whole.resources.memory_bytes, 1 << 30);
  EXPECT_EQ(whole.resources.chunk_bytes, 256'000'000);
  EXPECT_EQ(whole.resources.scratch, "/scratch");
  EXPECT_EQ(whole.resources.threads, 2);
  EXPECT_EQ(whole.functions.at("bucket(x)"), "x / 100");
}

TEST(ParseJob, TestsAreReadInAllForms) {
  const Job whole = job(kWhole);
  ASSERT_EQ(whole.tests.size(), 5u);
  EXPECT_EQ(whole.tests[0].name, "a product view");
  EXPECT_EQ(whole.tests[0].lines, std::vector<std::string>{"one line"});
  EXPECT_EQ(whole.tests[0].tables.at("users").at(0).at(0).second.text, "1.2.3.4");
  EXPECT_EQ(whole.tests[0].expect.at(0).at(1).second.text, "None");
  EXPECT_EQ(whole.tests[0].expect.at(0).at(2).second.kind, InlineValue::Kind::kBool);
  EXPECT_EQ(whole.tests[1].name, "test 2");
  EXPECT_EQ(whole.tests[1].lines.size(), 2u);
  EXPECT_TRUE(whole.tests[1].expect_reject);
  EXPECT_EQ(whole.tests[1].reject_reason, "");
  EXPECT_TRUE(whole.tests[2].expect_reject);
  EXPECT_EQ(whole.tests[2].reject_reason, "no method");
  EXPECT_EQ(whole.tests[2].rows->size(), 1u);
  EXPECT_EQ(whole.tests[3].rows->at(1).at(0).second.quoted, true);
  EXPECT_EQ(whole.tests[3].expect.size(), 2u);
  EXPECT_TRUE(whole.tests[4].expect_filtered);
  EXPECT_EQ(whole.tests[4].lines, (std::vector<std::string>{"x", "y"}));
}

TEST(ParseJob, NestedRowsBecomeDottedNamesAndJsonText) {
  const Job rows =
      job("input: {paths: a}\noutput: {path: a.csv}\ntables:\n  t: {rows: {req: {id: 7, at: {x: y}}, tags: [a, 1, "
          "true, null, \"1\", {k: v}]}}\n");
  const InlineRow& row = rows.tables.at(1).rows->at(0);
  EXPECT_EQ(row.at(0).first, "req.id");
  EXPECT_EQ(row.at(1).first, "req.at.x");
  EXPECT_EQ(row.at(2).second.text, "[\"a\",1,true,null,\"1\",{\"k\":\"v\"}]");
}

TEST(ParseJob, BadTestsAreProblems) {
  const std::string head = "input: {paths: a}\noutput: {path: a.csv}\ntests:\n";
  EXPECT_HAS(problems(head + "  - {input: x, expect: rejekt}\n"), "(did you mean 'reject'?)");
  EXPECT_HAS(problems(head + "  - {input: x}\n"), "tests needs the key 'expect'");
  EXPECT_HAS(problems(head + "  - {expect: reject}\n"), "tests needs the key 'input'");
  EXPECT_HAS(problems(head + "  - {input: [x, {a: 1}], expect: reject}\n"), "not a list of both");
  EXPECT_HAS(problems(head + "  - {input: x, expect: reject, tables: {usrs: []}}\n"), "there is no table 'usrs'");
}

TEST(ParseJob, SinglesStandWithoutLists) {
  const Job single =
      job("input: {paths: a.log, nulls: '-'}\nsteps: {filter: a = 1}\noutput: {path: a.csv}\ntests: {input: x, "
          "expect: filtered}\n");
  EXPECT_EQ(single.tables.at(0).steps.size(), 1u);
  EXPECT_EQ(single.tests.size(), 1u);
  const Job shortest = job("input: a.log\noutput: a.csv\n");
  EXPECT_EQ(shortest.tables.at(0).input->paths.at(0).value, "a.log");
  EXPECT_EQ(shortest.outputs.at(0).path, "a.csv");
}

TEST(ParseJob, EmptySectionsCountAsAbsent) {
  EXPECT_EQ(problems("input: a.log\noutput: a.csv\nsteps:\ntests:\ntables:\nresources:\nfunctions:\n"), "");
}

TEST(ParseJob, AJobWithoutOutputOrInputIsAProblemOnce) {
  EXPECT_EQ(problems("input: a.log\n"), "x.yml:1:1: error: the job has no output: write output: {path: out/x.csv}\n");
  EXPECT_EQ(problems("input: a.log\noutput: []\n"),
            "x.yml:2:9: error: the job has no output: write output: {path: out/x.csv}\n");
  EXPECT_EQ(problems("output: a.csv\n"), "x.yml:1:1: error: the job has no input: write input: {paths: ...}\n");
  EXPECT_EQ(problems("input: {format: csv}\noutput: a.csv\n"), "x.yml:1:8: error: input needs the key 'paths'\n");
  EXPECT_HAS(problems("input: {paths: a, format: csv, multiline: {start: x}}\noutput: a.csv\n"),
             "csv says itself where records end");
}

TEST(ParseJob, SizesSharesAndCounts) {
  const auto chunk = [](const std::string& text) {
    return job("input: a\noutput: a.csv\nresources: {chunk: " + text + "}\n").resources.chunk_bytes;
  };
  EXPECT_EQ(chunk("1024"), 1024);
  EXPECT_EQ(chunk("64MiB"), 64 << 20);
  EXPECT_EQ(chunk("1.5 GiB"), 3ll << 29);
  EXPECT_EQ(chunk("256kB"), 256'000);
  EXPECT_EQ(chunk("64K"), 65536);
  EXPECT_EQ(chunk("10g"), 10ll << 30);
  for (const char* bad :
       {"0", "-1", "64MiBs", "x", "1e6", "''", "1..5MB", "99999999999GiB", "[1]", "null", "nan", "inf"}) {
    EXPECT_HAS(problems("input: a\noutput: a.csv\nresources: {chunk: " + std::string(bad) + "}\n"), "resources.chunk")
        << bad;
  }
  EXPECT_EQ(*job(with_input("rejects: {max: 100}")).tables[0].input->rejects.count, 100);
  EXPECT_FALSE(job(with_input("rejects: {max: 100}")).tables[0].input->rejects.share);
  EXPECT_EQ(*job(with_input("rejects: {max: 0}")).tables[0].input->rejects.count, 0);
  EXPECT_DOUBLE_EQ(*job(with_input("rejects: {max: 100%}")).tables[0].input->rejects.share, 1.0);
  for (const char* bad : {"0.1", "101%", "-1", "-1%", "x", "%", "[]"}) {
    EXPECT_HAS(problems(with_input("rejects: {max: '" + std::string(bad) + "'}")), "rejects.max") << bad;
  }
}

TEST(ParseJob, BooleansSayThatYesIsText) {
  EXPECT_HAS(problems(with_input("source: yes")),
             "source must be true or false, not 'yes' (yes, no, on and off are texts in YAML 1.2)");
  EXPECT_HAS(problems(with_input("header: maybe")), "header must be true, false or auto, not 'maybe'");
  EXPECT_FALSE(job(with_input("header: false")).tables[0].input->format.header);
  EXPECT_TRUE(job(with_input("header: auto")).tables[0].input->format.header_auto);
}

TEST(ParseJob, CharactersForDelimiterAndQuote) {
  EXPECT_EQ(job(with_input("delimiter: ';'")).tables[0].input->format.delimiter, ";");
  EXPECT_EQ(job(with_input("delimiter: \"\\t\"")).tables[0].input->format.delimiter, "\t");
  EXPECT_EQ(job(with_input("delimiter: '\\t'")).tables[0].input->format.delimiter, "\t");
  EXPECT_EQ(job(with_input("delimiter: tab")).tables[0].input->format.delimiter, "\t");
  EXPECT_EQ(job(with_input("quote: \"'\"")).tables[0].input->format.quote, "'");
  for (const char* off : {"none", "''", "null", "false"}) {
    EXPECT_EQ(job(with_input("quote: " + std::string(off))).tables[0].input->format.quote, "none") << off;
  }
  EXPECT_HAS(problems(with_input("delimiter: ab")), "delimiter must be one ASCII character");
}

TEST(ParseJob, PatternsBelongToRegex) {
  const Job regex = job(with_input("patterns: '(?<a>x$$)'"));
  EXPECT_EQ(regex.tables[0].input->format.formats, std::vector<std::string>{"regex"});
  EXPECT_EQ(regex.tables[0].input->format.patterns, std::vector<std::string>{"(?<a>x$$)"});
  EXPECT_EQ(regex.tables[0].input->pattern_places.size(), 1u);
  EXPECT_HAS(problems(with_input("format: regex")), "format: regex needs the key 'patterns'");
  EXPECT_HAS(problems(with_input("format: csv, patterns: x")), "patterns are for format: regex, not for csv");
}

TEST(ParseJob, NullsReplaceOrAdd) {
  const Job only = job(with_input("nulls: {only: [NA, 0]}"));
  EXPECT_TRUE(only.tables[0].input->format.nulls.only);
  EXPECT_EQ(only.tables[0].input->format.nulls.words, (std::vector<std::string>{"NA", "0"}));
  EXPECT_HAS(problems(with_input("nulls: [null]")), "the text null is written 'null'");
}

TEST(ParseJob, TypesAreChecked) {
  EXPECT_HAS(problems(with_input("types: {a: int46}")), "unknown type 'int46' (did you mean 'int64'?)");
  EXPECT_HAS(problems(with_input("types: {a: integer}")), "(did you mean 'int64'?)");
  EXPECT_HAS(problems(with_input("types: {a: 'date:'}")), "needs a format behind the colon");
  EXPECT_HAS(problems(with_input("types: {a: 'date:%d/%Q'}")), "%Q is not known");
  EXPECT_HAS(problems(with_input("types: {a: 'timestamp:%d %'}")), "ends in a lone %");
}

TEST(ParseJob, TablesThatStepsNameAreThere) {
  EXPECT_HAS(problems("input: a\nsteps: [{join: {table: u, on: x}}]\noutput: a.csv\ntables: {users: {rows: []}}\n"),
             "there is no table 'u'");
}

TEST(ParseJob, TheNearestS3BlockWinsWhole) {
  const Job read =
      job("s3: {region: eu-west-1, acl: private}\ninput: {paths: 's3://b/k', s3: {profile: logs}}\ntables: {t: {paths: "
          "a}}\n"
          "output: [{path: a.csv}, {path: b.csv, s3: {kms_key: k, sse: 'aws:kms', request_payer: true, path_style: "
          "false}}]\n");
  EXPECT_EQ(read.tables[0].input->s3->profile, "logs");
  EXPECT_EQ(read.tables[0].input->s3->region, "");
  EXPECT_EQ(read.tables[0].input->rejects.s3->profile, "logs");
  EXPECT_EQ(read.tables[1].input->s3->region, "eu-west-1");
  EXPECT_EQ(read.outputs[0].s3->acl, "private");
  EXPECT_EQ(read.outputs[1].s3->acl, "");
  EXPECT_EQ(read.outputs[1].s3->kms_key, "k");
  EXPECT_EQ(read.outputs[1].s3->path_style, false);
}

TEST(ParseJob, S3MistakesHaveTheirPlace) {
  const auto with_s3 = [](const std::string& keys) {
    return problems("input: a\noutput: a.csv\ns3: {" + keys + "}\n");
  };
  EXPECT_HAS(with_s3("region: us-east-1a"),
             "x.yml:3:14: error: s3.region: 'us-east-1a' is a zone, not a region: write us-east-1");
  EXPECT_HAS(with_s3("regoin: x"), "(did you mean 'region'?)");
  EXPECT_HAS(with_s3("endpoint: minio:9000"), "is no endpoint");
  EXPECT_HAS(with_s3("role_arn: admin"), "is no role");
  EXPECT_HAS(with_s3("external_id: x"), "external_id is for role_arn");
  EXPECT_HAS(with_s3("anonymous: true, profile: x"), "contradicts anonymous");
  EXPECT_HAS(with_s3("acl: publc-read"), "(did you mean 'public-read'?)");
  EXPECT_HAS(problems(with_input("s3: {acl: private}")), "put it into the output's s3");
  EXPECT_HAS(problems("input: 's3://b*/k'\noutput: a.csv\n"), "wildcards stand behind the bucket");
}

TEST(ParseJob, ExtensionsDecideTheFormat) {
  EXPECT_HAS(problems("input: a\noutput: out/a.xlsx\n"), ".csv.gz .csv.zst .csv .tsv.gz");
  EXPECT_HAS(problems("input: a\noutput: out/a.josnl\n"), "(did you mean '.jsonl'?)");
  EXPECT_HAS(problems("input: a\noutput: out/a\n"), "the output format of 'out/a' is not known");
  EXPECT_HAS(problems("input: a\noutput: out/\n"), "a path that ends in / needs the key 'format'");
  EXPECT_HAS(problems("input: a\noutput: out/.csv\n"), "has no name before its ending");
  EXPECT_HAS(problems(with_output("path: a.csv, format: parquet")), "format contradicts the path's ending .csv");
  EXPECT_EQ(job(with_output("path: a.txt, format: csv")).outputs[0].format, OutputFormat::kCsv);
  EXPECT_EQ(job("input: a\noutput: a.hdf5\n").outputs[0].format, OutputFormat::kHdf5);
  EXPECT_EQ(job("input: a\noutput: a.arrow\n").outputs[0].format, OutputFormat::kArrow);
}

TEST(ParseJob, KeysOfOtherFormatsAreProblems) {
  EXPECT_HAS(problems(with_output("path: a.csv, key: k")), "key is for HDF5 only");
  EXPECT_HAS(problems(with_output("path: a.h5, missing_text: NA")), "missing_text is for CSV and TSV only");
  EXPECT_HAS(problems(with_output("path: a.csv, compression_level: 3")), "needs a compressed output");
  EXPECT_HAS(problems(with_output("path: a.csv.gz, compression_level: 13")), "from 0 to 12");
  EXPECT_HAS(problems(with_output("path: a.arrow, compression_level: 0")), "from 1 to 12");
  EXPECT_EQ(job(with_output("path: a.csv.gz, compression_level: 0")).outputs[0].compression_level, 0);
  EXPECT_EQ(job(with_output("path: a.parquet, compression_level: -7")).outputs[0].compression_level, -7);
  EXPECT_HAS(problems(with_output("path: a.csv, files: 0")), "files must be a whole number from 1 to 100000");
  EXPECT_EQ(job(with_output("path: a.csv, null: NA")).outputs[0].missing_text, "NA");
  EXPECT_HAS(problems(with_output("path: a.csv, null: NA, missing_text: x")), "the same key");
  for (const char* odd : {"'a,b'", "'a\"'", "' a'", "\"a\\n\""})
    EXPECT_HAS(problems(with_output(std::string("path: a.csv, missing_text: ") + odd)), "would need quotes");
  EXPECT_HAS(problems(with_output("path: a.tsv, missing_text: \"a\\tb\"")), "would need quotes");
  EXPECT_EQ(job(with_output("path: a.tsv, missing_text: 'a,b'")).outputs[0].missing_text, "a,b");
}

TEST(ParseJob, PathsAreWrittenOnce) {
  EXPECT_HAS(problems("input: a\noutput: [out/a.csv, ./out//a.csv]\n"), "x.yml:2:21: error: two outputs have the path");
  const std::string whole = (std::filesystem::current_path() / "a").string();
  EXPECT_HAS(problems("input: a\noutput: [a.csv, " + whole + ".csv]\n"), "two outputs have the path");
  EXPECT_HAS(problems("input: a\noutput: [{path: o/, format: csv}, o/events.csv]\n"), "two outputs have the path");
  EXPECT_EQ(problems("input: a\noutput: [{path: o/, format: csv}, {path: o/, format: csv.gz}]\n"), "");
  EXPECT_EQ(problems("input: a\noutput: [{path: a.h5}, {path: a.h5, key: b}]\n"), "");
  EXPECT_EQ(job("input: a\noutput: [{path: a.h5}, {path: " + whole + ".h5, key: b}]\n").outputs[1].path, "a.h5");
  EXPECT_HAS(problems("input: a\noutput: [{path: a.h5, key: b}, {path: ./a.h5, key: /b/}]\n"), "a key of its own");
  EXPECT_HAS(problems("input: a\noutput: [{path: a.h5, key: b}, {path: a.h5, key: c, files: 2}]\n"),
             "go without files and partition_by");
  EXPECT_HAS(problems("input: {paths: a, rejects: {path: r.jsonl}}\noutput: r.jsonl\n"),
             "another output has that path");
}

TEST(ParseJob, TablesHaveNamesOfTheirOwn) {
  EXPECT_HAS(problems("input: a\noutput: a.csv\ntables: {events: {paths: b}}\n"),
             "the table events is made by the job's own input");
  EXPECT_HAS(problems("input: a\noutput: {path: a.csv, table: user}\ntables: {users: {paths: b}}\n"),
             "(did you mean 'users'?)");
  EXPECT_HAS(problems("input: a\noutput: a.csv\ntables: {users: {rows: [], paths: b}}\n"),
             "unknown key 'paths' in tables.users");
  EXPECT_EQ(problems("tables: {t: {rows: [{a: 1}]}}\noutput: {path: a.csv, table: t}\n"), "");
}

TEST(ParseJob, VariablesExpandAfterParsing) {
  ::setenv("EVCLEAN_TEST_DIR", "in: # [x", 1);
  ::setenv("EVCLEAN_TEST_NUMBER", "7", 1);
  ::setenv("EVCLEAN_TEST_EMPTY", "", 1);
  ::unsetenv("EVCLEAN_TEST_UNSET");
  const Job expanded =
      job("input: {paths: '${EVCLEAN_TEST_DIR}/a', patterns: ['(?<a>${EVCLEAN_TEST_UNSET})$$']}\n"
          "steps: [{limit: '${EVCLEAN_TEST_NUMBER}'}, {filter: \"a = '$$5 $x ${EVCLEAN_TEST_UNSET:-d:-e}'\"}]\n"
          "output: ${EVCLEAN_TEST_EMPTY:-b}.csv\n");
  EXPECT_EQ(expanded.tables[0].input->paths[0].value, "in: # [x/a");
  EXPECT_EQ(expanded.tables[0].input->format.patterns[0], "(?<a>${EVCLEAN_TEST_UNSET})$$");
  EXPECT_EQ(std::get<LimitStep>(expanded.tables[0].steps[0].body).rows, 7);
  EXPECT_EQ(std::get<FilterStep>(expanded.tables[0].steps[1].body).expression.value, "a = '$5 $x d:-e'");
  EXPECT_EQ(expanded.outputs[0].path, "b.csv");
}

TEST(ParseJob, UnsetVariablesAreProblemsByName) {
  ::unsetenv("EVCLEAN_TEST_UNSET");
  EXPECT_HAS(problems("input: a\noutput: ${EVCLEAN_TEST_UNSET}.csv\n"),
             "x.yml:2:9: error: the variable EVCLEAN_TEST_UNSET is not set: set it, or write "
             "${EVCLEAN_TEST_UNSET:-default}");
  EXPECT_HAS(problems("input: a\noutput: a${1}.csv\n"),
             "'${1}' is not ${VAR} or ${VAR:-default}: for a dollar write $$");
  EXPECT_HAS(problems("input: a\noutput: a${X.csv\n"), "is not ${VAR}");
}

TEST(ShowProblems, PrintsPathLineColumn) {
  EXPECT_EQ(show_problems("j.yml", {{{3, 1}, "b"}, {{1, 9}, "a"}, {{0, 0}, "--set x: c"}}),
            "j.yml: error: --set x: c\nj.yml:1:9: error: a\nj.yml:3:1: error: b\n");
}

}  // namespace
}  // namespace evclean::job_test
