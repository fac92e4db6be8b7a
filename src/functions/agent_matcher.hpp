// SPDX-License-Identifier: Apache-2.0
// Finds the first rule of a list that matches a user agent, trying only rules whose required literals occur in it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent_rules.hpp"
#include "evclean/pattern.hpp"
#include "literal_scan.hpp"

namespace evclean::functions {

/// Longer agents are judged by this many bytes: real ones have a few hundred, servers refuse 8 KiB of headers.
constexpr std::size_t kMaxAgentBytes = 8192;

/// Not shared between threads. A regex is compiled when an agent first makes it a candidate.
class AgentMatcher {
 public:
  explicit AgentMatcher(const AgentRules& rules);

  /// Takes the agent for the calls that follow. Lifetime: the text must outlive them.
  void set_agent(std::string_view agent);

  /// The value of the first rule that matches, groups filled in and edge blanks removed; empty if none does.
  std::optional<std::string> first(RuleList list);

  /// The number of that rule.
  std::optional<std::size_t> first_rule(RuleList list);
  /// The same, found by trying every rule: slow, the judge in tests.
  std::optional<std::size_t> first_rule_exhaustive(RuleList list);

 private:
  bool clauses_hold(const AgentRule& rule) const;
  bool matches(std::size_t rule);
  std::string value_of(std::size_t rule);

  const AgentRules& rules_;
  LiteralScan scan_;
  std::vector<std::optional<Pattern>> patterns_;
  std::string_view agent_;
  std::string folded_;
  std::array<std::vector<std::uint16_t>, kRuleLists> candidates_;
};

/// The matcher of this thread over kAgentRules, made at the first call.
AgentMatcher& agent_matcher();

}  // namespace evclean::functions
