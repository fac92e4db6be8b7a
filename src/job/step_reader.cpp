// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "evclean/suggest.hpp"
#include "sections.hpp"
#include "step_values.hpp"

namespace evclean::job {

namespace {

std::vector<std::string> step_names() {
  std::vector<std::string> names;
  for (const StepWord& word : step_words()) names.push_back(word.name);
  return names;
}

const StepWord* find_word(const std::string& name) {
  for (const StepWord& word : step_words()) {
    if (word.name == name) return &word;
  }
  return nullptr;
}

/// A step is one key and its value; cast may have on_error beside it.
bool has_one_word(const YamlNode& node, Problems& problems) {
  if (!node.is_map()) {
    problems.report(node, "a step is a word and its value, such as filter: 'status >= 400', not {}", kind_words(node));
    return false;
  }
  if (node.keys.size() == 1) return true;
  if (node.keys.size() == 2 && node.find("cast") != nullptr && node.find("on_error") != nullptr) return true;
  std::vector<std::string> found;
  for (const YamlNode& key : node.keys) found.push_back(printable(key.text, 40));
  problems.report(node,
                  "a step has one word, and this one has {}: begin each step with '- ' and indent what belongs to it",
                  found.empty() ? "none" : fmt::to_string(fmt::join(found, ", ")));
  return false;
}

std::optional<StepSpec> read_step(const YamlNode& node, Problems& problems) {
  if (!has_one_word(node, problems)) return std::nullopt;
  const std::size_t at = node.keys.front().text == "on_error" ? 1 : 0;
  const YamlNode& key = node.keys[at % node.keys.size()];
  const YamlNode& value = node.items[at % node.items.size()];
  const StepWord* const word = find_word(key.text);
  if (word == nullptr) {
    const std::vector<std::string> names = step_names();
    std::string hint = did_you_mean(key.text, names);
    if (hint.empty()) hint = fmt::format(" (known: {})", fmt::join(names, ", "));
    problems.report(key, "unknown step '{}'{}", printable(key.text, 60), hint);
    return std::nullopt;
  }
  if (word->read == nullptr) {
    problems.report(key, "{}", not_available(word->name));
    return std::nullopt;
  }
  auto body = word->read(value, problems);
  if (!body) return std::nullopt;
  if (node.keys.size() == 2) std::get<CastStep>(*body).null_on_error = read_on_error(*node.find("on_error"), problems);
  return StepSpec{word->name, key.place, *std::move(body)};
}

}  // namespace

std::vector<StepSpec> read_steps(const YamlNode& node, Problems& problems) {
  std::vector<StepSpec> steps;
  const auto add = [&](const YamlNode& item) {
    if (auto step = read_step(item, problems)) steps.push_back(*std::move(step));
  };
  if (node.is_list()) {
    for (const YamlNode& item : node.items) add(item);
  } else if (!node.is_null()) {
    add(node);
  }
  return steps;
}

}  // namespace evclean::job
