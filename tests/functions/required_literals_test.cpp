// SPDX-License-Identifier: Apache-2.0
#include "required_literals.hpp"

#include <gtest/gtest.h>

#include <random>

#include "agent_matcher.hpp"
#include "evclean/error.hpp"
#include "flat_yaml.hpp"

namespace evclean::functions {
namespace {

std::vector<LiteralClause> literals(std::string_view regex) {
  return required_literals(regex, [](std::string_view) { return 0; });
}

using Clauses = std::vector<LiteralClause>;

TEST(RequiredLiterals, AreLowerCaseAndContiguous) {
  EXPECT_EQ(literals("Opera Mini"), (Clauses{{"opera mini"}}));
  EXPECT_EQ(literals("^Foo\\.Bar$"), (Clauses{{"foo.bar"}}));
  EXPECT_EQ(literals("Foo\\b-Bar"), (Clauses{{"foo-bar"}}));
}

TEST(RequiredLiterals, AlternativesAreOneClause) {
  EXPECT_EQ(literals("(?:Foo|Bar)baz"), (Clauses{{"barbaz", "foobaz"}}));
  EXPECT_EQ(literals("foobar|.*x{2}yz"), (Clauses{{"foobar", "xxyz"}}));
  EXPECT_EQ(literals("foobar|.+"), Clauses{});
  EXPECT_EQ(literals("(foo|)bar"), (Clauses{{"bar"}}));
}

TEST(RequiredLiterals, WhatIsApartGivesSeveralClauses) {
  EXPECT_EQ(literals("Android.{0,200}Tablet"), (Clauses{{"android"}, {"tablet"}}));
  EXPECT_EQ(literals("abc[^;]*defg"), (Clauses{{"defg"}, {"abc"}}));
}

TEST(RequiredLiterals, RepetitionsKeepOnlyWhatMustOccur) {
  EXPECT_EQ(literals("abc(?:def)?ghi"), (Clauses{{"abcdefghi", "abcghi"}}));
  EXPECT_EQ(literals("abc(?:def)*ghij"), (Clauses{{"ghij"}, {"abc"}}));
  EXPECT_EQ(literals("abc(?:def)+ghi"), (Clauses{{"abcdef"}, {"defghi"}}));
  EXPECT_EQ(literals("(?:def){0,9}"), Clauses{});
  EXPECT_EQ(literals("abcé?def"), (Clauses{{"abc"}, {"def"}}));
}

TEST(RequiredLiterals, SmallClassesAreSpelledOut) {
  EXPECT_EQ(literals("xy[Zz0-2]"), (Clauses{{"xy0", "xy1", "xy2", "xyz"}}));
  EXPECT_EQ(literals("xyz[^a]"), (Clauses{{"xyz"}}));
  EXPECT_EQ(literals("[]a-]bc"), (Clauses{{"-bc", "]bc", "abc"}}));
}

TEST(RequiredLiterals, NothingIsClaimedForWhatIsNotUnderstood) {
  for (const char* regex : {"(?i)abcdef", "abc\\Qdef\\E", "abc)def", "(abc", "[abc", "abc{1", "\\x41bc", "", "ab"}) {
    EXPECT_EQ(literals(regex), Clauses{}) << regex;
  }
}

TEST(RequiredLiterals, LookaroundsAreNotRequired) { EXPECT_EQ(literals("(?!android)foo(?=bar)"), (Clauses{{"foo"}})); }

TEST(FlatYaml, ReadsSectionsOfFlatMaps) {
  const FlatYaml yaml =
      parse_flat_yaml("a:\n # note\n  - k: 'it''s'\n    l: \"q\\\"\" # end\n  - k: plain # c\nb:\n", "f");
  ASSERT_EQ(yaml.size(), 2U);
  EXPECT_EQ(section(yaml, "a").at(0).get("k"), "it's");
  EXPECT_EQ(section(yaml, "a").at(0).get("l"), "q\"");
  EXPECT_EQ(section(yaml, "a").at(1).get("k"), "plain");
  EXPECT_TRUE(section(yaml, "b").empty());
  EXPECT_THROW(section(yaml, "c"), Error);
}

TEST(FlatYaml, RefusesWhatItDoesNotRead) {
  for (const char* text :
       {"- a: b\n", "a:\n  k: v\n", "a:\n  - 'x\n", "a:\n  - k: [1]\n", "a:\n  - k: 'x' y\n", "a:\n  - k: \"\\n\"\n"}) {
    EXPECT_THROW(parse_flat_yaml(text, "f"), Error) << text;
  }
}

/// Compares with the result of trying every regex, in all lists.
void expect_same_as_exhaustive(AgentMatcher& matcher, const std::string& agent) {
  matcher.set_agent(agent);
  for (std::size_t list = 0; list < kRuleLists; ++list) {
    const auto which = static_cast<RuleList>(list);
    EXPECT_EQ(matcher.first_rule(which), matcher.first_rule_exhaustive(which)) << "list " << list << ": " << agent;
  }
}

TEST(AgentMatcher, LiteralsNeverHideAMatch) {
  AgentMatcher& matcher = agent_matcher();
  std::mt19937 random(20261123);
  int compared = 0;
  for (const char* name : {"test_ua.yaml", "test_os.yaml", "test_device.yaml"}) {
    const FlatYaml yaml = read_flat_yaml(std::string(EVCLEAN_UAP_FOLDER) + "/tests/" + name);
    for (const FlatEntry& entry : section(yaml, "test_cases")) {
      if (random() % 40 != 0) continue;
      std::string agent(entry.get("user_agent_string"));
      expect_same_as_exhaustive(matcher, agent);
      const std::size_t cut = random() % (agent.size() + 1);
      expect_same_as_exhaustive(matcher, agent.substr(cut) + " " + agent.substr(0, cut));
      ++compared;
    }
  }
  EXPECT_GT(compared, 200);
}

}  // namespace
}  // namespace evclean::functions
