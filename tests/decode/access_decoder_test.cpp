// SPDX-License-Identifier: Apache-2.0
// The scanners of common and combined against PCRE2 with the pattern that defines the format: the pattern is the judge.
#include "access_line.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <map>
#include <random>

#include "byte_index.hpp"
#include "decode_run.hpp"
#include "evclean/pattern.hpp"
#include "row_writer.hpp"

namespace evclean {
namespace {

using test::Output;
using test::read_text;
using test::run;
using test::run_in_splits;

constexpr const char* kLine =
    R"(203.0.113.7 - alice [01/Nov/2026:06:52:16 +0000] "GET /product/7 HTTP/1.1" 200 5120 "https://example.org/" "curl/8.5")";

Output combined(std::string_view text) { return run(*make_decoder({}, "combined"), text); }

/// What the pattern and the column types say of one line.
class Judge {
 public:
  explicit Judge(AccessFormat format) : pattern_(access_pattern(format)) {}

  /// Empty: a reject.
  std::map<std::string, std::string> read(std::string_view line) {
    std::map<std::string, std::string> row;
    if (pattern_.match(line) != MatchOutcome::kMatch) return row;
    const std::size_t* ends = pattern_.ovector();
    for (const auto& group : pattern_.groups()) {
      const std::size_t begin = ends[2 * group.number];
      if (begin == ~std::size_t{0}) continue;
      std::string text(line.substr(begin, ends[2 * group.number + 1] - begin));
      if (group.name == "path" || group.name == "referer" || group.name == "user_agent") {
        unescape_quotes(line.substr(begin, text.size()), text);
      }
      row[group.name] = text;
    }
    for (const char* name : {"time", "status", "bytes"}) {
      if (!settle(row, name)) return {};
    }
    if (const auto extra = row.find("extra");
        extra != row.end() && extra->second.find_first_not_of(" \t\r\n") == std::string::npos)
      row.erase(extra);
    return row;
  }

 private:
  bool settle(std::map<std::string, std::string>& row, const char* name) {
    const ValueType type = std::string_view(name) == "time" ? ValueType::kTimestamp : ValueType::kInt64;
    const std::string text = row[name];
    if (NullWords::logs().contains(text)) {
      row.erase(name);
      return true;
    }
    const auto value = read_cell({{name, true, type}, {}}, text, {});
    if (!value) return false;
    row[name].clear();
    type == ValueType::kInt64 ? append_int64(row[name], *value) : append_timestamp(row[name], *value);
    return true;
  }

  Pattern pattern_;
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Compares the decoder with the judge on lines that hold no line end; returns rows and rejects.
std::pair<std::size_t, std::size_t> compare(const std::vector<std::string>& lines, AccessFormat format) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  const auto decoder = make_decoder({}, format == AccessFormat::kCombined ? "combined" : "common");
  const Output out = run(*decoder, text, 300'000);
  Judge judge(format);
  std::size_t row = 0;
  std::size_t reject = 0;
  for (std::string line : lines) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto expected = judge.read(line);
    if (expected.empty()) {
      EXPECT_LT(reject, out.rejects.size()) << line;
      if (reject >= out.rejects.size() || out.rejects[reject].text != line) {
        ADD_FAILURE() << "the pattern rejects: " << line;
        return {row, reject};
      }
      ++reject;
      continue;
    }
    if (row >= out.rows.size() || out.records[row] != line) {
      ADD_FAILURE() << "the pattern accepts: " << line;
      return {row, reject};
    }
    for (std::size_t i = 0; i < out.names.size(); ++i) {
      const auto found = expected.find(out.names[i]);
      const std::string wanted = found == expected.end() ? "<missing>" : found->second;
      if (out.value(row, out.names[i]) != wanted) {
        ADD_FAILURE() << out.names[i] << ": '" << out.value(row, out.names[i]) << "' not '" << wanted << "' in "
                      << line;
        return {row, reject};
      }
    }
    ++row;
  }
  EXPECT_EQ(row, out.rows.size());
  EXPECT_EQ(reject, out.rejects.size());
  return {row, reject};
}

std::string damaged(std::string line, std::mt19937& random) {
  static const std::string kBytes = " \"\\[]-/\t\r.0123456789GETPOSTHTTPx:+";
  const int edits = 1 + static_cast<int>(random() % 3);
  for (int i = 0; i < edits && !line.empty(); ++i) {
    const std::size_t at = random() % line.size();
    switch (random() % 4) {
      case 0:
        line.erase(at, 1 + random() % 4);
        break;
      case 1:
        line.insert(at, 1, kBytes[random() % kBytes.size()]);
        break;
      case 2:
        line.resize(at);
        break;
      default:
        line[at] = kBytes[random() % kBytes.size()];
    }
  }
  // What the reader hands on is always UTF-8: half a character cannot come.
  const auto is_half = [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; };
  if (line.find("\u00e9") == std::string::npos) std::erase_if(line, is_half);
  return line;
}

std::vector<std::string> seeds() {
  return {kLine,
          R"(::1 - - [01/Jan/2024:00:00:00 -0700] "POST /a?b=c HTTP/2.0" 304 - "-" "-")",
          R"(10.0.0.1 - john doe [29/Feb/2024:23:59:59 +0530] "-" 408 0 "" "")",
          R"(h - - [01/Nov/2026:06:52:16 +0000] "GET /q?x=\"y\" HTTP/1.1" 200 12345678 "\"r\"" "a \"b\" c\\")",
          R"(h - - [01/Nov/2026:06:52:16 +0000] "\x16\x03\x01" 400 157 "-" "-")",
          R"(h - - [01/Nov/2026:06:52:16 +0000] "GET /a b HTTP/1.1" 200 1 "-" "x" 500 "test@docker" 0ms)",
          R"(h - - [01/Nov/2026:06:52:16 +0000] "M-SEARCH * HTTP/1.1" 200 123456789012 "-" "é")",
          std::string(kLine) + R"( "198.51.100.2")",
          std::string(kLine) + R"( 1 "a\"b" c)",
          R"(h - "" [01/Nov/2026:06:52:16 +0000] "OPTIONS rtsp://x RTSP/1.0" 200 5 "-" "[x]")",
          R"(203.0.113.9 - - [01/Nov/2026:06:52:16 +0000] "GET /plain HTTP/1.0" 200 77)"};
}

TEST(CombinedDecoder, FieldsAreTypedAndNamedByTheContract) {
  const Output out = combined(std::string(kLine) + "\n");
  ASSERT_EQ(out.names, (std::vector<std::string>{"ip", "ident", "user", "time", "method", "path", "protocol", "status",
                                                 "bytes", "referer", "user_agent"}));
  ASSERT_EQ(out.rows.size(), 1u);
  EXPECT_EQ(out.value(0, "ip"), "203.0.113.7");
  EXPECT_EQ(out.value(0, "user"), "alice");
  EXPECT_EQ(out.value(0, "time"), "2026-11-01 06:52:16");
  EXPECT_EQ(out.value(0, "method"), "GET");
  EXPECT_EQ(out.value(0, "path"), "/product/7");
  EXPECT_EQ(out.value(0, "protocol"), "HTTP/1.1");
  EXPECT_EQ(out.value(0, "status"), "200");
  EXPECT_EQ(out.value(0, "bytes"), "5120");
  EXPECT_EQ(out.value(0, "user_agent"), "curl/8.5");
}

TEST(CombinedDecoder, AHyphenIsNoNumber) {
  const Output out = combined(R"(h - - [01/Nov/2026:06:52:16 +0000] "GET / HTTP/1.1" 304 - "-" "-")");
  EXPECT_EQ(out.value(0, "bytes"), "<missing>");
  EXPECT_EQ(out.value(0, "status"), "304");
}

TEST(CombinedDecoder, AValueThatDoesNotFitNamesFieldAndValue) {
  const Output out = combined(R"(h - - [01/Nov/2026:06:52:16 +0000] "GET / HTTP/1.1" abc 1 "-" "-")");
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].reason, "field status: 'abc' is not an int64");
  EXPECT_EQ(combined(R"(h - - [31/Feb/2026:06:52:16 +0000] "GET / HTTP/1.1" 200 1 "-" "-")").rejects.at(0).reason,
            "field time: '31/Feb/2026:06:52:16 +0000' is not a timestamp");
}

TEST(CombinedDecoder, ARequestOfAnotherShapeIsAPath) {
  const Output out = combined(R"(h - - [01/Nov/2026:06:52:16 +0000] "\x16\x03 hello" 400 157 "-" "-")");
  ASSERT_EQ(out.rows.size(), 1u);
  EXPECT_EQ(out.value(0, "path"), R"(\x16\x03 hello)");
  EXPECT_EQ(out.value(0, "method"), "<missing>");
  EXPECT_EQ(out.value(0, "protocol"), "<missing>");
}

TEST(CombinedDecoder, QuotesAreUnescapedAndHexEscapesStay) {
  const Output out =
      combined(R"(h - - [01/Nov/2026:06:52:16 +0000] "GET /\"x\" HTTP/1.1" 200 1 "-" "a \"b\" \x41 \\")");
  ASSERT_EQ(out.rows.size(), 1u);
  EXPECT_EQ(out.value(0, "path"), R"(/"x")");
  EXPECT_EQ(out.value(0, "user_agent"), R"(a "b" \x41 \\)");
}

TEST(CombinedDecoder, TrailingFieldsAreKeptInExtra) {
  const Output out = combined(std::string(kLine) + "\n" + kLine + " 500 \"test@docker\" 0ms\n" + kLine + "\n");
  ASSERT_EQ(out.rows.size(), 3u);
  EXPECT_EQ(out.names.back(), "extra");
  EXPECT_EQ(out.value(0, "extra"), "<missing>");
  EXPECT_EQ(out.value(1, "extra"), R"(500 "test@docker" 0ms)");
  EXPECT_EQ(out.value(2, "extra"), "<missing>");
  EXPECT_EQ(out.extra_fields, 1);
}

TEST(CombinedDecoder, OneMoreQuotedFieldIsExtraOnEveryLine) {
  std::string text;
  for (int i = 0; i < 5; ++i)
    text += std::string(kLine) + " \"10.0.0." + std::to_string(i) + "\"" + (i == 2 ? "\r\n" : "\n");
  const Output out = combined(text + kLine + "\n");
  ASSERT_EQ(out.rows.size(), 6u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(out.value(i, "extra"), "\"10.0.0." + std::to_string(i) + "\"");
  EXPECT_EQ(out.value(5, "extra"), "<missing>");
  EXPECT_EQ(out.extra_fields, 5);
}

TEST(CombinedDecoder, BrokenLinesAreRejectsWithACaretAndNeighboursStay) {
  const Output out = combined(std::string(kLine) + "\nnot a log line\n\n" + kLine + "\r\n");
  EXPECT_EQ(out.rows.size(), 2u);
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].reason, "not a combined line");
  EXPECT_EQ(out.rejects[0].line, 1);
  EXPECT_NE(out.rejects[0].detail.find('^'), std::string::npos);
  EXPECT_EQ(out.blank, 1);
  EXPECT_EQ(out.lines, 4);
  EXPECT_EQ(out.newlines, 4);
}

TEST(CombinedDecoder, AgreesWithItsPatternOnEveryShape) {
  const auto [rows, rejects] = compare(seeds(), AccessFormat::kCombined);
  EXPECT_EQ(rows, 10u);
  EXPECT_EQ(rejects, 1u);
  EXPECT_EQ(compare(seeds(), AccessFormat::kCommon).first, 11u);
}

TEST(CombinedDecoder, AgreesWithItsPatternOnDamagedLines) {
  std::vector<std::string> good = seeds();
  for (const char* file : {"/elastic_apache_logs/apache_logs", "/lnav_samples/logfile_shop_access_log.0"}) {
    for (const std::string& line : lines_of(read_text(std::string(EVCLEAN_SHARED_DATA) + file))) good.push_back(line);
  }
  std::mt19937 random(20261101);
  std::vector<std::string> bad;
  for (int i = 0; i < 300'000; ++i) bad.push_back(damaged(good[random() % good.size()], random));
  const auto [rows, rejects] = compare(bad, AccessFormat::kCombined);
  EXPECT_GT(rows, 50'000u);
  EXPECT_GT(rejects, 50'000u);
}

TEST(CommonDecoder, AgreesWithItsPatternOnDamagedLines) {
  std::mt19937 random(7);
  const std::vector<std::string> good = seeds();
  std::vector<std::string> bad;
  for (int i = 0; i < 60'000; ++i) bad.push_back(damaged(good[random() % good.size()], random));
  const auto [rows, rejects] = compare(bad, AccessFormat::kCommon);
  EXPECT_GT(rows, 10'000u);
  EXPECT_GT(rejects, 10'000u);
}

TEST(CombinedDecoder, AgreesWithItsPatternOnRealLogs) {
  const std::vector<std::string> files = {"/elastic_apache_logs/apache_logs",
                                          "/lnav_samples/logfile_shop_access_log.0",
                                          "/lnav_samples/logfile_bad_access_log.0",
                                          "/crowdsec_parsers/nginx_http-logs/nginx_http-logs.log",
                                          "/crowdsec_parsers/nginx-proxy-manager-malformed/nginx_http-logs.log",
                                          "/crowdsec_parsers/traefik_clf/traefik_clf.log"};
  for (const std::string& file : files) {
    const auto lines = lines_of(read_text(EVCLEAN_SHARED_DATA + file));
    if (lines.empty()) {
      std::cout << "shared data not present\n";
      return;
    }
    const auto [rows, rejects] = compare(lines, AccessFormat::kCombined);
    const auto [common_rows, common_rejects] = compare(lines, AccessFormat::kCommon);
    std::cout << file << ": " << rows << " rows, " << rejects << " rejects; as common: " << common_rows << ", "
              << common_rejects << "\n";
    EXPECT_GE(common_rows, rows);
  }
}

TEST(CombinedDecoder, SplitsAndBlocksChangeNothing) {
  std::string text;
  for (int i = 0; i < 12; ++i) {
    for (const std::string& line : seeds()) text += line + (i % 2 == 0 ? "\n" : "\r\n");
    text += "\nbroken line\n";
  }
  const Output whole = run(*make_decoder({}, "combined"), text);
  for (const std::size_t split : {1u, 50u, 97u, 333u, 5000u}) {
    for (const std::size_t piece : {17u, 200u, 100'000u}) {
      const Output cut = run_in_splits(*make_decoder({}, "combined"), text, split, piece);
      ASSERT_EQ(cut.records, whole.records) << split << " " << piece;
      ASSERT_EQ(cut.lines, whole.lines);
      ASSERT_EQ(cut.newlines, whole.newlines);
      ASSERT_EQ(cut.rejects.size(), whole.rejects.size());
      for (std::size_t i = 0; i < cut.rejects.size(); ++i) ASSERT_EQ(cut.rejects[i].line, whole.rejects[i].line);
    }
  }
}

TEST(CombinedDecoder, OverlongLinesArePassedOver) {
  FormatSpec spec;
  spec.max_line_bytes = 200;
  const std::string text = std::string(kLine) + "\n" + kLine + std::string(3000, 'x') + "\n" + kLine + "\n";
  for (const std::size_t piece : {50u, 1000u, 100'000u}) {
    const Output out = run(*make_decoder(spec, "combined"), text, piece);
    EXPECT_EQ(out.rows.size(), 2u);
    ASSERT_EQ(out.rejects.size(), 1u);
    EXPECT_EQ(out.rejects[0].reason, "longer than max_line");
  }
}

TEST(ByteIndex, VectorAndPlainLoopsAgree) {
  std::mt19937 random(3);
  std::string text(5000 + 64, 'x');
  for (char& c : text) {
    const auto dice = random() % 8;
    if (dice == 0) c = '"';
    if (dice == 1) c = '\n';
  }
  for (std::size_t begin = 0; begin < 130; begin += 13) {
    for (std::size_t end = begin; end < 5000; end += 251) {
      std::vector<std::uint32_t> fast;
      std::vector<std::uint32_t> plain;
      fast.resize(index_quotes_and_lines(text.data(), begin, end, fast));
      plain.resize(index_quotes_and_lines_plain(text.data(), begin, end, plain));
      ASSERT_EQ(fast, plain) << begin << " " << end;
    }
  }
}

}  // namespace
}  // namespace evclean
