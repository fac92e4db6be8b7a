// SPDX-License-Identifier: Apache-2.0
#include "agent_matcher.hpp"

#include <algorithm>

namespace evclean::functions {
namespace {

/// At most kMaxAgentBytes, never ending inside a character.
std::string_view bounded(std::string_view agent) {
  if (agent.size() <= kMaxAgentBytes) return agent;
  std::size_t end = kMaxAgentBytes;
  while (end > 0 && (static_cast<unsigned char>(agent[end]) & 0xC0) == 0x80) --end;
  return agent.substr(0, end);
}

void fold_into(std::string_view text, std::string& out) {
  out.resize(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    out[i] = static_cast<char>(c + (c >= 'A' && c <= 'Z' ? 32 : 0));
  }
}

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

RuleList list_of(const AgentRules& rules, std::size_t rule) {
  std::size_t list = 0;
  while (rule >= rules.lists[list].end) ++list;
  return static_cast<RuleList>(list);
}

}  // namespace

AgentMatcher::AgentMatcher(const AgentRules& rules)
    : rules_(rules), scan_(rules.literals), patterns_(rules.rules.size()) {}

void AgentMatcher::set_agent(std::string_view agent) {
  agent_ = bounded(agent);
  fold_into(agent_, folded_);
  scan_.run(folded_);
  for (auto& list : candidates_) list.clear();
  const auto add = [&](std::uint16_t rule) {
    candidates_[static_cast<std::size_t>(list_of(rules_, rule))].push_back(rule);
  };
  for (const std::uint16_t rule : rules_.always) add(rule);
  for (const std::uint16_t literal : scan_.found()) {
    const Range range = rules_.literals[literal].rules;
    for (std::uint32_t i = range.begin; i < range.end; ++i) add(rules_.triggers[i]);
  }
}

bool AgentMatcher::clauses_hold(const AgentRule& rule) const {
  for (std::uint32_t c = rule.clauses.begin; c < rule.clauses.end; ++c) {
    const Range clause = rules_.clauses[c];
    const auto literals = rules_.clause_literals.subspan(clause.begin, clause.end - clause.begin);
    if (std::none_of(literals.begin(), literals.end(), [&](std::uint16_t literal) { return scan_.has(literal); })) {
      return false;
    }
  }
  return true;
}

bool AgentMatcher::matches(std::size_t number) {
  const AgentRule& rule = rules_.rules[number];
  auto& pattern = patterns_[number];
  if (!pattern) {
    PatternOptions options;
    options.caseless = rule.caseless;
    pattern.emplace(std::string(rule.regex), options);
  }
  return pattern->match(agent_) == MatchOutcome::kMatch;
}

std::optional<std::size_t> AgentMatcher::first_rule(RuleList list) {
  auto& candidates = candidates_[static_cast<std::size_t>(list)];
  std::sort(candidates.begin(), candidates.end());
  std::size_t last = rules_.rules.size();
  for (const std::uint16_t rule : candidates) {
    if (rule == last) continue;  // triggered by two literals
    last = rule;
    if (clauses_hold(rules_.rules[rule]) && matches(rule)) return rule;
  }
  return std::nullopt;
}

std::optional<std::size_t> AgentMatcher::first_rule_exhaustive(RuleList list) {
  const Range range = rules_.lists[static_cast<std::size_t>(list)];
  for (std::uint32_t rule = range.begin; rule < range.end; ++rule) {
    if (matches(rule)) return rule;
  }
  return std::nullopt;
}

std::optional<std::string> AgentMatcher::first(RuleList list) {
  const auto rule = first_rule(list);
  if (!rule) return std::nullopt;
  return value_of(*rule);
}

std::string AgentMatcher::value_of(std::size_t number) {
  Pattern& pattern = *patterns_[number];
  const auto group = [&](std::size_t i) -> std::string_view {
    if (i > pattern.group_count()) return {};
    const std::size_t* spans = pattern.ovector() + 2 * i;
    return spans[0] == ~std::size_t{0} ? std::string_view{} : agent_.substr(spans[0], spans[1] - spans[0]);
  };
  const std::string_view value = rules_.rules[number].value;
  if (value.empty()) return std::string(group(1));
  if (value.find('$') == std::string_view::npos) return std::string(value);
  std::string filled;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool reference = value[i] == '$' && i + 1 < value.size() && value[i + 1] >= '1' && value[i + 1] <= '9';
    if (!reference) {
      filled += value[i];
    } else {
      filled += group(static_cast<std::size_t>(value[++i] - '0'));
    }
  }
  return trimmed(filled);
}

AgentMatcher& agent_matcher() {
  static thread_local AgentMatcher matcher(kAgentRules);
  return matcher;
}

}  // namespace evclean::functions
