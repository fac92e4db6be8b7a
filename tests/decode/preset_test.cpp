// SPDX-License-Identifier: Apache-2.0
// Runs the samples of every file in formats/, and the presets on real logs.
#include "preset.hpp"

#include <gtest/gtest.h>

#include <iostream>

#include "access_line.hpp"
#include "decode_run.hpp"
#include "evclean/error.hpp"

namespace evclean {
namespace {

using test::Output;
using test::read_text;
using test::run;
using test::run_in_splits;

FormatSpec spec_of_2026() {
  FormatSpec spec;
  spec.year = 2026;
  return spec;
}

Output decode(const std::string& format, std::string_view text) {
  return run(*make_decoder(spec_of_2026(), format), text);
}

void check_sample(const Preset& preset, const PresetSample& sample) {
  SCOPED_TRACE(preset.name + ": " + sample.line);
  const Output out = decode(preset.name, sample.line);
  if (sample.reject) {
    ASSERT_EQ(out.rejects.size(), 1u);
    EXPECT_NE(out.rejects[0].reason.find(sample.reason), std::string::npos) << out.rejects[0].reason;
    return;
  }
  if (sample.blank) {
    EXPECT_EQ(out.blank, out.lines);
    EXPECT_GT(out.blank, 0);
    EXPECT_TRUE(out.rows.empty());
    return;
  }
  ASSERT_EQ(out.rejects.size(), 0u) << out.rejects[0].reason << "\n" << out.rejects[0].detail;
  ASSERT_EQ(out.rows.size(), 1u);
  for (const auto& [name, value] : sample.expect) EXPECT_EQ(out.value(0, name), value.value_or("<missing>")) << name;
}

TEST(Presets, EverySampleReadsAsItsFileSays) {
  ASSERT_GE(preset_files().size(), 22u);
  for (const PresetFile& file : preset_files()) {
    const Preset& preset = *find_preset(file.name);
    bool accepted = false;
    bool rejected = false;
    for (const PresetSample& sample : preset.samples) {
      check_sample(preset, sample);
      (sample.reject ? rejected : accepted) |= !sample.blank;
    }
    EXPECT_TRUE(accepted && rejected) << preset.name << " needs a sample of either kind";
  }
}

TEST(Presets, CloudTrailReadsObjectsPutOneBehindAnother) {
  const auto event = [](int id) { return "{\"eventID\":" + std::to_string(id) + ",\"a\":[{\"k\":\"}]\"}]}"; };
  const std::vector<std::string> files = {"{\"Records\":[" + event(0) + "," + event(1) + "]}\n", "{\"Records\":[]}",
                                          "{ \"Records\" : null }\n",
                                          "{\"Records\":[" + event(2) + "],\"nextToken\":\"{\",\"n\":{\"x\":[1]}}\n",
                                          "{\"Records\": [\n" + event(3) + "\n]\n}"};
  for (std::size_t first = 0; first < files.size(); ++first) {
    std::string text;
    for (std::size_t i = 0; i < files.size(); ++i) text += files[(first + i) % files.size()];
    const auto decoder = make_decoder(spec_of_2026(), "cloudtrail");
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{50}, text.size()}) {
      const Output out = run(*decoder, text, piece);
      ASSERT_EQ(out.rows.size(), 4u) << text;
      EXPECT_EQ(out.lines, 4) << text;
      EXPECT_EQ(out.newlines, std::count(text.begin(), text.end(), '\n')) << text;
      EXPECT_EQ(out.names, (std::vector<std::string>{"eventid", "a"}));
      EXPECT_EQ(out.value(0, "eventid"), std::to_string(first == 0 ? 0 : first < 4 ? 2 : 3));
    }
  }
}

TEST(Presets, TheAccessPatternsAreThoseOfTheScanner) {
  EXPECT_EQ(find_preset("combined")->patterns.at(0), access_pattern(AccessFormat::kCombined));
  EXPECT_EQ(find_preset("common")->patterns.at(0), access_pattern(AccessFormat::kCommon));
}

TEST(Presets, VendorsNamesBecomeColumns) {
  EXPECT_EQ(column_name("cs(User-Agent)"), "cs_user_agent");
  EXPECT_EQ(column_name("Turn-Around Time"), "turn_around_time");
  EXPECT_EQ(column_name("request.headers.X-Y"), "request_headers_x_y");
  EXPECT_EQ(column_name("target:port_list"), "target_port_list");
}

TEST(Presets, KnownFormatsHaveAnExampleAndALine) {
  for (const FormatInfo& info : known_formats()) {
    EXPECT_FALSE(info.about.empty()) << info.name;
    EXPECT_FALSE(info.example.empty()) << info.name;
  }
}

TEST(Presets, FieldsMayChangeInTheMiddleOfAW3cFile) {
  const Output out = decode("w3c",
                            "#Fields: date time sc-status\n2026-11-01 06:52:16 200\n#Software: x\n\n"
                            "#Fields: time date x-new\n06:52:17 2026-11-02 a\n");
  ASSERT_EQ(out.names, (std::vector<std::string>{"date", "time", "sc_status", "x_new"}));
  EXPECT_EQ(out.value(1, "date"), "2026-11-02");
  EXPECT_EQ(out.value(1, "sc_status"), "<missing>");
  EXPECT_EQ(out.value(1, "x_new"), "a");
  EXPECT_EQ(out.blank, 4);
}

// CloudFront, and what W3C's draft allows; a file of IIS may have a tab within a field.
TEST(Presets, W3cTakesTabsBetweenFieldsToo) {
  const Output out = decode("w3c",
                            "#Fields: date time cs(User-Agent) sc-bytes\n2026-11-01\t06:52:16\tsay \"hi\" now\t7\n"
                            "2026-11-01\t06:52:16\n2026-11-01 06:52:17 a\tb 8\n");
  ASSERT_EQ(out.rows.size(), 2u);
  EXPECT_EQ(out.value(0, "cs_user_agent"), "say \"hi\" now");
  EXPECT_EQ(out.value(0, "sc_bytes"), "7");
  EXPECT_EQ(out.value(1, "cs_user_agent"), "a\tb");
  EXPECT_EQ(out.value(1, "sc_bytes"), "8");
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].reason, "2 fields where #Fields names 4");
}

// A job's own multiline, or that of its first format: their patterns read line ends too.
TEST(Presets, ErrorLogsMayHaveEventsOfSeveralLines) {
  FormatSpec spec = spec_of_2026();
  spec.multiline_start = R"(^\d{4}/)";
  const Output out =
      run(*make_decoder(spec, "nginx-error"),
          "2026/11/01 06:52:16 [error] 1#1: *4 FastCGI sent in stderr: \"PHP message: x\n#0 {main}\" while "
          "reading, client: ::1, server: x, host: \"y\"\n");
  ASSERT_EQ(out.rows.size(), 1u);
  EXPECT_EQ(out.value(0, "message"), "FastCGI sent in stderr: \"PHP message: x\n#0 {main}\" while reading");
  EXPECT_EQ(out.value(0, "client"), "::1");
  spec.multiline_start = R"(^\[)";
  EXPECT_EQ(run(*make_decoder(spec, "apache-error"), "[Sun Nov  1 06:52:16 2026] [error] a\nb\n").value(0, "message"),
            "a\nb");
}

TEST(Presets, WordsForMissingAreTheJobs) {
  const std::string head = R"(h - - [01/Nov/2026:06:52:16 +0000] "GET /a HTTP/1.1" 200 )";
  const std::vector<std::pair<std::string, std::string>> logs = {{"common", head}, {"combined", head}};
  for (const auto& [format, begin] : logs) {
    const std::string tail = format == "combined" ? R"( "-" "curl")" : "";
    const std::string text = begin + "unk" + tail + "\n" + begin + "0" + tail + "\n" + begin + "-" + tail + "\n";
    FormatSpec spec;
    EXPECT_EQ(run(*make_decoder(spec, format), text).rejects.size(), 1u);
    spec.nulls.words = {"unk"};
    const Output more = run(*make_decoder(spec, format), text);
    ASSERT_EQ(more.rows.size(), 3u) << format;
    EXPECT_EQ(more.value(0, "bytes"), "<missing>");
    EXPECT_EQ(more.value(1, "bytes"), "0");
    EXPECT_EQ(more.value(2, "bytes"), "<missing>");
    spec.nulls.words = {"unk", "0"};
    EXPECT_EQ(run(*make_decoder(spec, format), text).value(1, "bytes"), "<missing>");
    spec.nulls = {true, {"unk"}};
    const Output only = run(*make_decoder(spec, format), text);
    ASSERT_EQ(only.rejects.size(), 1u) << format;
    EXPECT_EQ(only.rejects[0].reason, "field bytes: '-' is not an int64");
  }
  FormatSpec spec = spec_of_2026();
  spec.nulls.words = {"unk"};
  EXPECT_EQ(run(*make_decoder(spec, "w3c"), "#Fields: date sc-status\n2026-11-01 unk\n").value(0, "sc_status"),
            "<missing>");
  EXPECT_EQ(run(*make_decoder(spec, "caddy"), R"({"ts":"unk","status":200,"size":"unk"})").rows.size(), 1u);
}

TEST(Presets, ADeclaredTypeIsReadFromTheText) {
  const std::string line = R"(h - - [01/Nov/2026:06:52:16 +0000] "GET /a HTTP/1.1" 200 many)";
  FormatSpec spec;
  spec.types = {{"bytes", "string"}, {"time", "date"}, {"status", "int64"}};
  for (const char* const format : {"common", "combined"}) {
    const std::string tail = std::string(format) == "combined" ? R"( "-" "curl")" : "";
    const auto decoder = make_decoder(spec, format);
    const Output out = run(*decoder, line + tail + "\n");
    ASSERT_EQ(out.rows.size(), 1u) << format;
    EXPECT_EQ(out.value(0, "bytes"), "many");
    EXPECT_EQ(out.value(0, "time"), "2026-11-01 06:52:16");
    for (const InputColumn& column : decoder->columns()) {
      EXPECT_EQ(column.fixed, column.name != "bytes") << column.name;
      EXPECT_EQ(column.type == ValueType::kInt64, column.name == "status") << column.name;
    }
  }
  spec.types = {{"status", "string"}};
  EXPECT_EQ(run(*make_decoder(spec, "caddy"), R"({"status":"2xx"})").value(0, "status"), "2xx");
  EXPECT_EQ(run(*make_decoder(spec, "caddy"), R"({"status":"2xx","size":"x"})").rejects.size(), 1u);
  spec.types = {{"sc_status", "string"}};
  EXPECT_EQ(run(*make_decoder(spec, "w3c"), "#Fields: date sc-status\n2026-11-01 2xx\n").value(0, "sc_status"), "2xx");
}

TEST(Presets, KeysThatShareAColumnAreCounted) {
  const auto duplicates = [](const char* format, std::string_view text) {
    const auto decoder = make_decoder(spec_of_2026(), format);
    decoder->begin_file({}, text);
    auto block = std::make_shared<TextBlock>(text.size());
    block->append(text);
    return decoder->decode({block, 0, text.size(), text.size() + 1, true, {}}).duplicate_keys;
  };
  EXPECT_EQ(duplicates("logfmt", "k.x=1 k_x=2\na=1 a=2 a=3\nk.x=1 a=2\n"), 3);
  EXPECT_EQ(duplicates("ltsv", "req.id:1\treq-id:2\na:1\tb:2\n"), 1);
  EXPECT_EQ(duplicates("caddy", R"({"request":{"headers":{"User-Agent":"a","user_agent":"b"}}})"), 1);
}

TEST(Presets, AMissingYearIsThatOfTheFile) {
  const auto decoder = make_decoder({}, "syslog");
  InputFile file;
  file.modified_s = 1'700'000'000;  // 2023
  const std::string text = "Nov  1 06:52:16 web-1 sshd[1]: x\n";
  decoder->begin_file(file, text);
  auto block = std::make_shared<TextBlock>(text.size());
  block->append(text);
  Output out;
  test::take_result(decoder->decode({block, 0, text.size(), text.size() + 1, true, {}}), out);
  ASSERT_EQ(out.rows.size(), 1u);
  EXPECT_EQ(out.value(0, "timestamp"), "2023-11-01 06:52:16");
}

TEST(MixedFormats, EachLineIsReadByTheFirstThatFitsStrictly) {
  FormatSpec spec;
  spec.formats = {"common", "combined", "logfmt"};
  spec.format_column = true;
  const std::string common = R"(h - - [01/Nov/2026:06:52:16 +0000] "GET /a HTTP/1.1" 200 1)";
  const Output out = run(*make_decoder(spec, ""), common + "\n" + common + R"( "-" "curl")" + "\nlevel=info user=7\n" +
                                                      common + " more\nnothing fits\n");
  ASSERT_EQ(out.rows.size(), 4u);
  EXPECT_EQ(out.value(0, "_format"), "common");
  EXPECT_EQ(out.value(1, "_format"), "combined");
  EXPECT_EQ(out.value(1, "user_agent"), "curl");
  EXPECT_EQ(out.value(2, "_format"), "logfmt");
  EXPECT_EQ(out.value(2, "user"), "7");
  EXPECT_EQ(out.value(3, "_format"), "common");
  EXPECT_EQ(out.value(3, "extra"), "more");
  EXPECT_EQ(out.extra_fields, 1);
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].reason, "no format matches");
  EXPECT_NE(out.rejects[0].detail.find("combined: "), std::string::npos);
}

TEST(MixedFormats, EachFormatAndPatternIsTallied) {
  FormatSpec spec;
  spec.formats = {"combined", "regex", "common", "alb"};
  spec.patterns = {"^x=(?<x>\\d+)$", "^y=(?<y>\\d+)$"};
  const std::string common = R"(h - - [01/Nov/2026:06:52:16 +0000] "GET /a HTTP/1.1" 200 1)";
  const Output out = run(*make_decoder(spec, ""),
                         common + "\n" + common + R"( "-" "curl")" + "\nx=1\ny=2\ny=3\n?\n" + common + " more\n");
  ASSERT_EQ(out.rows.size(), 6u);
  ASSERT_GE(out.patterns.size(), 5u);
  const auto expect = [&](std::size_t at, const std::string& name, std::int64_t tried, std::int64_t hit) {
    EXPECT_EQ(out.patterns[at].pattern, name);
    EXPECT_EQ(out.patterns[at].tried, tried) << name;
    EXPECT_EQ(out.patterns[at].hit, hit) << name;
  };
  expect(0, "format combined", 7, 1);
  expect(1, spec.patterns[0], 6, 1);
  expect(2, spec.patterns[1], 5, 2);
  expect(3, "format common", 3, 2);
  for (std::size_t at = 4; at < out.patterns.size(); ++at) EXPECT_EQ(out.patterns[at].hit, 0);
}

TEST(MixedFormats, WholeFileFormatsCannotStandInAList) {
  FormatSpec spec;
  spec.formats = {"combined", "csv"};
  EXPECT_THROW(make_decoder(spec, ""), Error);
}

// Keys have their places from the first record of a file or a part: those of the last one do not count.
TEST(Presets, EachFileOfAJsonPresetHasItsOwnKeys) {
  const auto decoder = make_decoder({}, "caddy");
  const std::string first = R"({"level":"info","size":1,"resp.Server":"a"})";
  const std::string second = R"({"resp":{"server":"b"},"status":200,"level":"warn"})";
  const Output one = run(*decoder, first + "\n");
  const Output two = run(*decoder, second + "\n");
  EXPECT_EQ(one.value(0, "level"), "info");
  EXPECT_EQ(one.value(0, "size"), "1");
  EXPECT_EQ(one.value(0, "resp_server"), "a");
  EXPECT_EQ(two.names, (std::vector<std::string>{"resp_server", "status", "level"}));
  EXPECT_EQ(two.value(0, "level"), "warn");
  EXPECT_EQ(two.value(0, "status"), "200");
  const Output both =
      run(*decoder, first + "\n" + second + "\n" + R"({"RESP.server":"c","resp":{"server":"d"}})" + "\n");
  EXPECT_EQ(both.names.size(), 4u);
  EXPECT_EQ(both.value(0, "resp_server"), "a");
  EXPECT_EQ(both.value(1, "resp_server"), "b");
  EXPECT_EQ(both.value(2, "resp_server"), "c");
}

TEST(Presets, MultilineEventsCrossSplits) {
  std::string text;
  for (int i = 0; i < 30; ++i) {
    text += "2026-11-01 06:52:16,139 ERROR [main] a.B - event " + std::to_string(i) + "\n";
    for (int k = 0; k < i % 4; ++k) text += "\tat a.B.c(B.java:" + std::to_string(k) + ")\n";
  }
  const Output whole = decode("log4j", text);
  EXPECT_EQ(whole.rows.size(), 30u);
  for (std::size_t split = 40; split < 400; split += 33) {
    EXPECT_EQ(run_in_splits(*make_decoder({}, "log4j"), text, split, 64).records, whole.records) << split;
  }
}

TEST(ChooseFormat, TellsFormatsApart) {
  for (const PresetFile& file : preset_files()) {
    const Preset& preset = *find_preset(file.name);
    // Read as json.
    if (preset.name == "caddy" || preset.name == "traefik-json") continue;
    for (const PresetSample& sample : preset.samples) {
      if (sample.reject || sample.blank) continue;
      EXPECT_EQ(choose_format({}, {sample.line + "\n"}, {"x.log"}).format, preset.name) << sample.line;
    }
  }
  EXPECT_EQ(choose_format({}, {"a,b\n1,2\n3,4\n"}, {"x"}).format, "csv");
  EXPECT_EQ(choose_format({}, {"a\tb\n1\t2\n"}, {"x.tsv.gz"}).format, "tsv");
  EXPECT_EQ(choose_format({}, {"{\"a\": 1}\n{\"a\": 2}\n"}, {"x"}).format, "json");
  EXPECT_EQ(choose_format({}, {"[1, 2]\n"}, {"x"}).format, "lines");
  EXPECT_EQ(choose_format({}, {"just some words\nand more\n"}, {"x.txt"}).format, "lines");
  EXPECT_EQ(choose_format({}, {"", "\n"}, {"a", "b"}).format, "csv");
  EXPECT_EQ(choose_format({}, {}, {}).format, "csv");
}

// Fastly, Palo Alto, CEF, Zeek, and lines that only look like pairs: no preset reads all of them.
TEST(ChooseFormat, DoesNotTakeForeignLinesForPairs) {
  const auto chosen = [](const std::string& text) { return choose_format({}, {text}, {"x.log"}).format; };
  EXPECT_EQ(chosen("2021-11-12T16:59:46.6+00:00 1.1.1.1  { \"timestamp\": \"x\", \"host\": \"y\" }\n"
                   "2021-11-15T06:25:30.4+00:00 3.3.3.3  { \"timestamp\": \"z\", \"host\": \"y\" }\n"),
            "lines");
  EXPECT_EQ(chosen("CEF:0|Ubiquiti|UniFi Network|9.4|544|Admin Accessed UniFi Network|1|cat=System sub=Admin\n"),
            "lines");
  EXPECT_EQ(chosen("host:a\tvhost:\tua:x: y\nhost:b\tsize:7\n\nhost:c\tua:z\n"), "ltsv");
  EXPECT_EQ(chosen("12:30\tarrived\n13:40\tleft\n"), "csv");
  EXPECT_EQ(chosen("level=info msg=\"a b = c\" n=1\nlevel=warn msg=\"say \\\"hi\\\"\" fatal n=2 m=3\n"), "logfmt");
  EXPECT_EQ(chosen("the variable x=1 was set\nthe variable y=2 was set\n"), "lines");
  EXPECT_EQ(chosen("Mozilla/5.0 (X11; U; Linux)\nMozilla/5.0 (Windows; U; NT)\n"), "lines");
  EXPECT_EQ(chosen("info\tapp\t{\"a\": 1}\nwarn\tapp\t{\"a\": 2}\n"), "lines");
}

struct RealLog {
  const char* format;
  const char* file;
  std::size_t rows;
  std::size_t rejects;
};

TEST(Presets, RealLogsAreRead) {
  const RealLog logs[] = {
      {"w3c", "/lnav_samples/logfile_w3c.0", 1, 0},
      {"w3c", "/lnav_samples/logfile_w3c.2", 0, 0},
      {"w3c", "/lnav_samples/logfile_w3c.3", 2, 1},
      {"w3c", "/lnav_samples/logfile_w3c_big.0", 0, 0},
      {"haproxy", "/lnav_samples/logfile_haproxy.0", 0, 0},
      {"logfmt", "/lnav_samples/logfile_logfmt.0", 0, 0},
      {"postgres", "/lnav_samples/logfile_postgres.0", 0, 0},
      {"postgres", "/crowdsec_parsers/pgsql-logs/pgsql-logs.log", 0, 0},
      {"log4j", "/lnav_samples/logfile_java.0", 0, 0},
      {"log4j", "/lnav_samples/logfile_spark.0", 0, 0},
      {"log4j", "/elastic_kafka_logs/kafka0_server.log.2016-12-19-16", 0, 0},
      {"log4j", "/elastic_kafka_logs/kafka0_controller.log.2016-12-19-17", 0, 0},
      {"syslog", "/elastic_auth_log/auth.log", 0, 0},
      {"syslog", "/lnav_samples/logfile_syslog_with_mixed_times.0", 0, 0},
      {"syslog", "/lnav_samples/logfile_with_zones.0", 0, 0},
      {"syslog", "/crowdsec_parsers/sshd-success-logs/sshd-success-logs.log", 0, 0},
      {"apache-error", "/crowdsec_parsers/modsecurity-logs/modsecurity-logs.log", 0, 0},
      {"traefik", "/crowdsec_parsers/traefik_clf/traefik_clf.log", 7, 0},
      {"alb", "/aws_logs_otel/elb/alb_al_valid_logs.log", 2, 0},
      {"elb", "/aws_logs_otel/elb/clb_al_valid_logs.log", 2, 0},
      {"s3-access", "/aws_logs_otel/s3/valid_log_multi.log", 3, 0},
      {"s3-access", "/aws_logs_otel/s3/too_many_values.log", 1, 0},
      {"s3-access", "/aws_logs_otel/s3/too_few_values.log", 0, 1},
      {"vpc-flow", "/aws_logs_otel/vpcflow/valid_vpc_flow_log_multi.log", 2, 0},
      {"vpc-flow", "/aws_logs_otel/vpcflow/vpc_flow_log_too_few_fields.log", 0, 1},
      {"cloudtrail", "/cloudtrail/111111111111_CloudTrail_eu-central-1_20171211T1505Z_A6kvhMoVeCsc7v8U.json", 2, 0},
      {"cloudtrail", "/cloudtrail/events-for-smoke-test.json", 0, 0},
      {"combined", "/crowdsec_parsers/nginx_http-logs/nginx_http-logs.log", 4, 5},
  };
  for (const RealLog& log : logs) {
    const std::string text = read_text(std::string(EVCLEAN_SHARED_DATA) + log.file);
    if (text.empty()) {
      std::cout << "shared data not present\n";
      return;
    }
    const Output out = decode(log.format, text);
    const AutoChoice choice = choose_format({}, {text.substr(0, 64 << 10)}, {log.file});
    std::cout << log.format << ' ' << log.file << ": " << out.rows.size() << " rows, " << out.rejects.size()
              << " rejects, " << out.blank << " blank, extra " << out.extra_fields << "; auto: " << choice.format
              << ", " << choice.why << "\n";
    for (std::size_t i = 0; i < std::min<std::size_t>(2, out.rejects.size()); ++i)
      std::cout << "    " << out.rejects[i].reason << "\n" << out.rejects[i].detail << "\n";
    if (log.rows + log.rejects > 0) {
      EXPECT_EQ(out.rows.size(), log.rows) << log.file;
      EXPECT_EQ(out.rejects.size(), log.rejects) << log.file;
    } else {
      EXPECT_GT(out.rows.size(), 0u) << log.file;
    }
  }
}

}  // namespace
}  // namespace evclean
