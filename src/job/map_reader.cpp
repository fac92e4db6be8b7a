// SPDX-License-Identifier: Apache-2.0
#include "map_reader.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "evclean/suggest.hpp"

namespace evclean::job {

MapReader::MapReader(const YamlNode& node, std::string what, Problems& problems)
    : node_(node), what_(std::move(what)), problems_(problems) {
  if (!node_.is_map()) problems_.report(node_, "{} must be a map of keys, not {}", what_, kind_words(node_));
}

const YamlNode* MapReader::take(std::string_view key) {
  known_.emplace_back(key);
  return node_.find(key);
}

const YamlNode* MapReader::need(std::string_view key) {
  const YamlNode* const value = take(key);
  if (value == nullptr && node_.is_map()) problems_.report(node_, "{} needs the key '{}'", what_, key);
  return value;
}

void MapReader::finish() {
  for (const YamlNode& key : node_.keys) {
    if (std::find(known_.begin(), known_.end(), key.text) != known_.end()) continue;
    std::string hint = did_you_mean(key.text, known_);
    if (key.text == "<<") hint = " (YAML 1.2 has no merge keys: write the keys out)";
    if (hint.empty()) hint = fmt::format(" (known: {})", fmt::join(known_, ", "));
    problems_.report(key, "unknown key '{}' in {}{}", printable(key.text, 80), what_, hint);
    if (problems_.full()) return;
  }
}

std::string not_available(std::string_view what) { return fmt::format("{} is not available yet", what); }

}  // namespace evclean::job
