// SPDX-License-Identifier: Apache-2.0
#include "named_steps.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "environment.hpp"
#include "evclean/suggest.hpp"
#include "scalar.hpp"

namespace evclean::job {
namespace {

constexpr std::size_t kMostSteps = 10'000;  ///< a few lines can name each other into millions

/// The value of a step `use`, or a null pointer.
const YamlNode* used_by(const YamlNode& step) {
  return step.is_map() && step.keys.size() == 1 && step.keys.front().text == "use" ? &step.items.front() : nullptr;
}

}  // namespace

void NamedSteps::write_out(YamlNode& job) {
  if (YamlNode* const steps = job.find("steps")) write_out_steps(*steps);
  YamlNode* const tables = job.find("tables");
  if (tables == nullptr || !tables->is_map()) return;
  for (YamlNode& table : tables->items) {
    if (!table.is_map()) continue;
    if (YamlNode* const steps = table.find("steps")) write_out_steps(*steps);
  }
}

void NamedSteps::write_out_steps(YamlNode& steps) {
  std::vector<YamlNode> all = steps.is_list() ? steps.items : std::vector<YamlNode>{steps};
  if (std::none_of(all.begin(), all.end(), [](const YamlNode& step) { return used_by(step) != nullptr; })) return;
  std::vector<YamlNode> out;
  for (const YamlNode& step : all) append(step, out);
  steps.kind = YamlNode::Kind::kList;
  steps.keys.clear();
  steps.items = std::move(out);
}

void NamedSteps::append(const YamlNode& step, std::vector<YamlNode>& out) {
  const YamlNode* const used = used_by(step);
  if (used == nullptr) {
    if (++written_ <= kMostSteps) out.push_back(step);
    if (written_ == kMostSteps + 1) problems_.report(step, "use: more than {} steps", kMostSteps);
    return;
  }
  if (used->is_list()) {
    for (const YamlNode& name : used->items) append_named(name, out);
  } else {
    append_named(*used, out);
  }
}

void NamedSteps::append_named(const YamlNode& node, std::vector<YamlNode>& out) {
  YamlNode expanded = node;
  expand_environment(expanded, problems_);
  const auto name = read_word(expanded, "use", problems_);
  if (!name || written_ > kMostSteps) return;
  const auto* const found = find_named(steps_, name->value);
  if (found == nullptr) {
    std::vector<std::string> known;
    for (const auto& [key, value] : steps_) known.push_back(key.text);
    problems_.report(node, "use: no steps are called '{}'{}{}", printable(name->value, 60),
                     did_you_mean(name->value, known),
                     known.empty() ? "; they stand under steps: {name: [...]} in a file that the job uses"
                                   : fmt::format("; there are {}", fmt::join(known, ", ")));
    return;
  }
  if (std::find(open_.begin(), open_.end(), name->value) != open_.end()) {
    problems_.report(node, "use: steps use each other in a circle: {}, {}", fmt::join(open_, ", "), name->value);
    return;
  }
  open_.push_back(name->value);
  const YamlNode& steps = found->second;
  if (steps.is_list()) {
    for (const YamlNode& step : steps.items) append(step, out);
  } else if (!steps.is_null()) {
    append(steps, out);
  }
  open_.pop_back();
}

}  // namespace evclean::job
