// SPDX-License-Identifier: Apache-2.0
#include "evclean/pattern.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "evclean/error.hpp"

namespace evclean {
namespace {

std::string group(Pattern& pattern, std::string_view subject, std::uint32_t number) {
  const std::size_t* ends = pattern.ovector();
  if (ends[2 * number] == ~std::size_t{0}) return "(unset)";
  return std::string(subject.substr(ends[2 * number], ends[2 * number + 1] - ends[2 * number]));
}

bool matches(const std::string& pattern, std::string_view subject) {
  return Pattern(pattern).match(subject) == MatchOutcome::kMatch;
}

/// Every text is shown to the pattern, and to the same one behind nothing, which PCRE2 alone matches.
void expect_what_pcre_finds(const std::vector<std::string>& patterns, const std::vector<std::string>& texts) {
  for (const std::string& text : patterns) {
    Pattern pattern(text);
    Pattern judge("(?:)" + text);
    for (const std::string& subject : texts) {
      for (std::size_t start = 0; start <= subject.size(); ++start) {
        const MatchOutcome outcome = judge.match(subject, start);
        EXPECT_EQ(pattern.match(subject, start), outcome) << text << " on " << subject << " from " << start;
        if (outcome != MatchOutcome::kMatch) continue;
        for (std::uint32_t i = 0; i < 2 * (judge.group_count() + 1); ++i)
          EXPECT_EQ(pattern.ovector()[i], judge.ovector()[i]) << text << " on " << subject << " from " << start;
      }
    }
  }
}

TEST(Pattern, TheBytesThatEveryMatchBeginsWithDecideNothingElse) {
  expect_what_pcre_finds({"^/product/(?<n>\\d+)",
                          "^/search\\?q=([^&]*)",
                          "^abc",
                          "^abc|^b",
                          "^ab?c",
                          "^ab*",
                          "^ab+c",
                          "^ab{0,2}c",
                          "^ab{2}",
                          "^(abc|b)",
                          "^a(b|c)",
                          "^a[|]c",
                          "^a[()]|b",
                          "^a[]|]c|b",
                          "^a[[:alpha:]|]|b",
                          "^a\\|b",
                          "^a\\.c",
                          "^a\\dc",
                          "^\\Qa|b\\E|b",
                          "^a(?#(|)|b",
                          "^a(?i)B",
                          "^a(?x)#(\n|b",
                          "^",
                          "^$",
                          "^^a",
                          "^a\\nb",
                          "^a\\x62",
                          "^\u00e9?a",
                          "^\u00e9a",
                          "^a(?<x>b)?",
                          "^a(?=b)",
                          "^a(?<!b)",
                          "^a.c",
                          "(?m)^b",
                          "^a(*ACCEPT)b",
                          "^a(?P<y>b|c)d",
                          "^\\(a"},
                         {"",          "a",     "b",           "ab",         "abc",     "ac",     "aB",
                          "abbc",      "a|b",   "a|c",         "a.c",        "a(c",     "a1c",    "(a",
                          "x\nb",      "a\nb",  "a\nab",       "abd",        "\u00e9a", "\u00e9", "/product/12",
                          "/product/", "/prod", "/search?q=a", "/searchq=a", "aab",     "a[c",    "acd"});
}

TEST(Pattern, ARunOfBytesBehindAHeadIsWhatPcreFinds) {
  expect_what_pcre_finds(
      {"^(\\d+)",        "^(\\d*)$",         "^a(?<n>\\d+)$", "^a(?P<n>\\d*)",  "^a([^&]*)",   "^a([^&]+)$",
       "^a([a-c1-3_]+)", "^a([-c]*)",        "^a([c-]*)",     "^a([^a-c\\]]+)", "^a([\\-c]+)", "^a([a\\-c]+)",
       "^a([^\u00e9]+)", "^a([b-]+)",        "^a([^-]+)",     "^a(\\w+)",       "^a(\\d+?)",   "^a(\\d++)",
       "^a(\\d{2})",     "^a(\\d+)b",        "^a(\\d+)|b",    "^a((\\d+))",     "^a(?:\\d+)",  "^a(\\d+)$$",
       "^a([^\n]+)",     "^a([\\d-]+)",      "^a([+--]*)",    "^a(?'n'\\d+)",   "^a(\\d+)\\d", "^a([^^]+)",
       "^a([.^]+)",      "^a([[:digit:]]+)", "^\\(([)]+)"},
      {"",
       "a",
       "a1",
       "a12",
       "a12b",
       "a&",
       "ab&c",
       "a-c",
       "abc",
       "aab-1_",
       "1",
       "12x",
       "a\u00e9b",
       "a\u00e9",
       "a\n1",
       "a1\n",
       "a]b",
       "a,+-.",
       "a^.",
       "b",
       "a^",
       "()))",
       "ac-c",
       std::string("a\0b", 3),
       "a123456789012345678901234567890"});
}

TEST(Pattern, NamedGroupsComeInOrderOfTheirNumber) {
  Pattern pattern("(?<zeta>a)(b)(?P<alpha>c)?");
  ASSERT_EQ(pattern.groups().size(), 2u);
  EXPECT_EQ(pattern.groups()[0].name, "zeta");
  EXPECT_EQ(pattern.groups()[0].number, 1u);
  EXPECT_EQ(pattern.groups()[1].name, "alpha");
  EXPECT_EQ(pattern.groups()[1].number, 3u);
  EXPECT_EQ(pattern.group_count(), 3u);
  ASSERT_EQ(pattern.match("xxab"), MatchOutcome::kMatch);
  EXPECT_EQ(group(pattern, "xxab", 1), "a");
  EXPECT_EQ(group(pattern, "xxab", 3), "(unset)");
}

TEST(Pattern, SearchesUnlessAnchored) {
  EXPECT_TRUE(matches("b", "abc"));
  EXPECT_FALSE(matches("^b", "abc"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(matches("^$", std::string_view()));
}

TEST(Pattern, ClassesAreAscii) {
  EXPECT_FALSE(matches("^\\w$", "é"));
  EXPECT_FALSE(matches("\\d", "٣"));
  EXPECT_FALSE(matches("\\s", "\u00a0"));
  EXPECT_TRUE(matches("^.$", "é"));
}

TEST(Pattern, DotStopsAtEitherLineEndAndDollarIsTheVeryEnd) {
  EXPECT_FALSE(matches("a.b", "a\nb"));
  EXPECT_FALSE(matches("a.b", "a\rb"));
  EXPECT_FALSE(matches("a$", "a\n"));
  EXPECT_TRUE(matches("a$", "a"));
  EXPECT_TRUE(matches("(?s)a.b", "a\nb"));
}

TEST(Pattern, DuplicateNamesNeedJ) {
  EXPECT_THROW(Pattern("(?<a>x)|(?<a>y)"), Error);
  EXPECT_EQ(Pattern("(?J)(?<a>x)|(?<a>y)").groups().size(), 2u);
}

TEST(Pattern, CaseMattersUnlessAsked) {
  EXPECT_FALSE(matches("get", "GET"));
  EXPECT_EQ(Pattern("get", {.caseless = true}).match("GET"), MatchOutcome::kMatch);
}

TEST(Pattern, AnErrorHasTheCompilersWordsAndACaret) {
  try {
    Pattern bad("^(?<ip>\\S+");
    FAIL() << "compiled";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUser);
    EXPECT_NE(std::string(error.what()).find("missing closing parenthesis"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("\n"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find('^'), std::string::npos);
  }
}

TEST(Pattern, TextThatIsNotUtf8AndBackslashCAreRefused) {
  EXPECT_THROW(Pattern("a\xff"), Error);
  EXPECT_THROW(Pattern("a\\Cb"), Error);
}

TEST(Pattern, AHostilePatternHitsTheLimitAtOnce) {
  Pattern pattern("^(a+)+$");
  const std::string text = std::string(60, 'a') + "!";
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(pattern.match(text), MatchOutcome::kLimit);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
}

TEST(Pattern, AQuadraticScanOfALongTextHitsTheLimit) {
  Pattern pattern("\\s+x\\s+$");
  const std::string text = std::string(4 << 20, ' ') + "x.";
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(pattern.match(text), MatchOutcome::kLimit);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
}

TEST(Pattern, ManyRepeatsOverAShortLineStayBounded) {
  Pattern pattern("\\w+\\w*\\w*\\w*=\\d");
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(pattern.match(std::string(2000, 'w') + "=x"), MatchOutcome::kLimit);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

TEST(Pattern, LongTextsMatchAsShortOnesDo) {
  Pattern pattern("^(?<head>\\S+) (?<rest>.*) (?<tail>\\d+)$");
  const std::string text = "head " + std::string(1 << 20, 'x') + " 42";
  ASSERT_EQ(pattern.match(text), MatchOutcome::kMatch);
  EXPECT_EQ(group(pattern, text, 1), "head");
  EXPECT_EQ(group(pattern, text, 3), "42");
  EXPECT_EQ(pattern.match(text + "!"), MatchOutcome::kNoMatch);
}

TEST(Pattern, DeepRecursionFallsBackFromTheJitStack) {
  // Each round of the group needs a frame; 30,000 of them do not fit the JIT's stack.
  Pattern pattern("^(?:(a)|b|(?:c|d))*$", {.match_limit = 10'000'000});
  EXPECT_EQ(pattern.match(std::string(4'000, 'a')), MatchOutcome::kMatch);
  EXPECT_EQ(pattern.match(std::string(30'000, 'a')), MatchOutcome::kMatch);
}

TEST(Pattern, ReachTellsWhereTheMatchStopped) {
  Pattern pattern(R"(^(\S+) (\S+) \[)");
  EXPECT_EQ(pattern.reach("1.2.3.4 - x"), 10u);
  EXPECT_EQ(Pattern("^GET foo").reach("GET fox"), 6u);
  EXPECT_EQ(Pattern("^abc").reach("abc!"), 3u);
  EXPECT_EQ(Pattern("^abc").reach(""), 0u);
  EXPECT_EQ(Pattern("foo=(\\d+)").reach("xx foo=abc f"), 7u);
}

TEST(Pattern, MatchStartsWhereAsked) {
  Pattern pattern("\\d+");
  ASSERT_EQ(pattern.match("12 34", 2), MatchOutcome::kMatch);
  EXPECT_EQ(group(pattern, "12 34", 0), "34");
  EXPECT_EQ(pattern.match("12 34", 5), MatchOutcome::kNoMatch);
}

}  // namespace
}  // namespace evclean
