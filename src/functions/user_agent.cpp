// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "agent_matcher.hpp"
#include "evclean/function.hpp"

namespace evclean::functions {
namespace {

using Classes = std::span<const std::pair<std::string_view, std::string_view>>;

constexpr std::string_view kBot = "bot";

std::string_view lookup(Classes classes, std::string_view family) {
  const auto at = std::lower_bound(classes.begin(), classes.end(), family,
                                   [](const auto& entry, std::string_view key) { return entry.first < key; });
  return at != classes.end() && at->first == family ? at->second : std::string_view{};
}

std::string family(std::string_view user_agent, RuleList list) {
  AgentMatcher& matcher = agent_matcher();
  matcher.set_agent(user_agent);
  std::string family = matcher.first(list).value_or("");
  return family.empty() ? "Other" : family;
}

/// The class of what no rule for bots takes. What names neither a device nor a system may still be a program.
std::string_view class_of_device(AgentMatcher& matcher) {
  const std::string_view by_device =
      lookup(kAgentRules.device_classes, matcher.first(RuleList::kDevice).value_or("Other"));
  if (by_device == kBot) return kBot;
  if (const auto rule = matcher.first_rule(RuleList::kClass)) return kAgentRules.rules[*rule].value;
  if (!by_device.empty()) return by_device;
  const std::string_view by_os = lookup(kAgentRules.os_classes, matcher.first(RuleList::kOs).value_or("Other"));
  if (!by_os.empty()) return by_os;
  return matcher.first_rule(RuleList::kProgram) ? kBot : "other";
}

}  // namespace

std::string browser(std::string_view user_agent) { return family(user_agent, RuleList::kBrowser); }

std::string os(std::string_view user_agent) { return family(user_agent, RuleList::kOs); }

std::string_view device_class(std::string_view user_agent) {
  AgentMatcher& matcher = agent_matcher();
  matcher.set_agent(user_agent);
  // Own rules first: they are few, uap's device list is long.
  return matcher.first_rule(RuleList::kBot) ? kBot : class_of_device(matcher);
}

bool is_bot(std::string_view user_agent) { return device_class(user_agent) == kBot; }

}  // namespace evclean::functions
