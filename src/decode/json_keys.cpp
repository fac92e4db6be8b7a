// SPDX-License-Identifier: Apache-2.0
#include "json_keys.hpp"

#include <algorithm>
#include <cstring>

namespace evclean {

void JsonKeys::clear() {
  keys_.clear();
  texts_.clear();
  nodes_.assign(1, {});
  by_text_.clear();
  recent_.fill(kNoKey);
}

std::uint32_t JsonKeys::find_slowly(std::uint32_t node, std::uint32_t before, std::uint32_t guess, const char* text,
                                    std::size_t size) {
  // The expected key may be absent in this record: then the one after it is the next guess, and stays second.
  if (guess < keys_.size() && matches(keys_[guess].next, node, text, size)) return keys_[guess].next;
  std::uint32_t& recent = recent_[recent_slot(node, text, size)];
  if (matches(recent, node, text, size)) {
    expect(node, before, recent);
    return recent;
  }
  const auto found = by_text_.find(map_key(node, {text, size}));
  if (found == by_text_.end()) return kNoKey;
  expect(node, before, found->second);
  return recent = found->second;
}

void JsonKeys::expect(std::uint32_t node, std::uint32_t before, std::uint32_t key) {
  (before == kNoKey ? nodes_[node].first : keys_[before].next) = key;
}

std::string JsonKeys::map_key(std::uint32_t node, std::string_view raw) {
  std::string key(sizeof node, '\0');
  std::memcpy(key.data(), &node, sizeof node);
  return key.append(raw);
}

std::uint32_t JsonKeys::add(std::uint32_t node, std::uint32_t before, std::string_view raw, std::string_view value) {
  const auto index = static_cast<std::uint32_t>(keys_.size());
  JsonKey& key = keys_.emplace_back();
  key.node = node;
  key.size = static_cast<std::uint32_t>(raw.size());
  std::memcpy(key.head, raw.data(), std::min(raw.size(), JsonKey::kHeadBytes));
  texts_.push_back({std::string(raw), nodes_[node].prefix + std::string(value), nodes_[node].keys});
  nodes_[node].keys = index;
  by_text_.emplace(map_key(node, raw), index);
  expect(node, before, index);
  return index;
}

std::uint32_t JsonKeys::child_of(std::uint32_t key) {
  if (keys_[key].child < 0) {
    keys_[key].child = static_cast<std::int32_t>(nodes_.size());
    JsonNode& node = nodes_.emplace_back();
    node.prefix = texts_[key].name + ".";
    node.parent = key;
  }
  return static_cast<std::uint32_t>(keys_[key].child);
}

void JsonKeys::share_column(std::int32_t column) {
  for (JsonKey& key : keys_) key.shared |= key.column == column;
}

void JsonKeys::roll_back(Mark mark) {
  for (std::size_t i = mark.nodes; i < nodes_.size(); ++i) keys_[nodes_[i].parent].child = -1;
  for (std::size_t i = keys_.size(); i-- > mark.keys;) {
    nodes_[keys_[i].node].keys = texts_[i].sibling;
    by_text_.erase(map_key(keys_[i].node, texts_[i].raw));
  }
  keys_.resize(mark.keys);
  texts_.resize(mark.keys);
  nodes_.resize(mark.nodes);
}

}  // namespace evclean
