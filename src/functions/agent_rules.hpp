// SPDX-License-Identifier: Apache-2.0
// The rules for user agents as the generator writes them at build time: uap-core's regexes and the project's own
// data/device_class.yml, each with the literals that it requires.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace evclean::functions {

/// The lists of rules; in each the first rule that matches wins.
enum class RuleList : std::uint8_t { kBrowser, kOs, kDevice, kBot, kClass, kProgram };
constexpr std::size_t kRuleLists = 6;

struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// One regex. `value` is the family (`$1` to `$9` stand for groups; empty: group 1) or, in kClass, the class.
struct AgentRule {
  std::string_view regex;
  std::string_view value;
  bool caseless;
  Range clauses;  ///< into AgentRules::clauses; the first is the one that makes the rule a candidate
};

/// A literal in ASCII lower case; `key` is the place of its three rarest bytes.
struct AgentLiteral {
  std::string_view text;
  std::uint32_t key;
  Range rules;  ///< into AgentRules::triggers: rules whose first clause holds this literal
};

/// All tables; they live as long as the program.
struct AgentRules {
  std::span<const AgentRule> rules;  ///< list after list, each in its own order
  std::span<const Range> lists;      ///< into rules, by RuleList
  std::span<const AgentLiteral> literals;
  std::span<const Range> clauses;  ///< into clause_literals
  std::span<const std::uint16_t> clause_literals;
  std::span<const std::uint16_t> triggers;
  std::span<const std::uint16_t> always;  ///< rules without a required literal
  std::span<const std::pair<std::string_view, std::string_view>>
      device_classes;                                                         ///< uap device family to class, sorted
  std::span<const std::pair<std::string_view, std::string_view>> os_classes;  ///< uap OS family to class, sorted
};

extern const AgentRules kAgentRules;

}  // namespace evclean::functions
