// SPDX-License-Identifier: Apache-2.0
#include "override.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "evclean/suggest.hpp"
#include "scalar.hpp"

namespace evclean::job {

namespace {

/// What makes an override impossible; caught per override.
struct BadOverride {
  std::string message;
};

struct Part {
  std::string key;
  bool quoted = false;
};

void mark_origin(YamlNode& node, int index) {
  node.override_index = index;
  node.place = {};
  for (YamlNode& key : node.keys) mark_origin(key, index);
  for (YamlNode& item : node.items) mark_origin(item, index);
}

bool is_null_word(const std::string& text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

YamlNode parse_value(const std::string& text) {
  YamlNode node;
  if (is_null_word(text)) return node;
  if (std::string_view("[{'\"").find(text.front()) == std::string_view::npos) {
    node.kind = YamlNode::Kind::kScalar;
    node.text = text;
    return node;
  }
  std::vector<JobProblem> problems;
  auto parsed = read_yaml(text, problems);
  if (!problems.empty() && (text.front() == '\'' || text.front() == '"')) {
    const char* const other = text.front() == '"' ? "'" : "\"";
    throw BadOverride{fmt::format(
        "the value begins with a quote and goes on behind the closing one: put all of it in quotes, as in {0}{1}{0} "
        "(and once more in quotes for the shell)",
        other, printable(text, 100))};
  }
  if (!problems.empty()) throw BadOverride{"the value is not YAML: " + problems.front().message};
  return std::move(parsed).value_or(YamlNode{});
}

/// Splits at dots outside double quotes.
std::vector<Part> split_path(std::string_view path) {
  std::vector<Part> parts(1);
  bool in_quotes = false;
  for (const char c : path) {
    if (c == '"') {
      in_quotes = !in_quotes;
      parts.back().quoted = true;
    } else if (c == '.' && !in_quotes) {
      parts.emplace_back();
    } else {
      parts.back().key += c;
    }
  }
  for (const Part& part : parts) {
    if (part.key.empty()) throw BadOverride{"the path has an empty key: write key.path=value"};
  }
  return parts;
}

std::optional<std::size_t> position_of(const Part& part) {
  std::size_t position = 0;
  const char* const end = part.key.data() + part.key.size();
  const auto [stop, error] = std::from_chars(part.key.data(), end, position);
  if (part.quoted || error != std::errc() || stop != end) return std::nullopt;
  return position;
}

class Setter {
 public:
  Setter(std::vector<Part> parts, YamlNode value, int index)
      : parts_(std::move(parts)), value_(std::move(value)), index_(index) {}

  void set(YamlNode& node, std::size_t at) {
    if (at < parts_.size() && !position_of(parts_[at])) write_out(node, at);
    if (at == parts_.size()) {
      node = std::move(value_);
    } else if (node.is_list()) {
      set_in_list(node, at);
    } else if (node.is_null()) {
      become(node, means_position(at) ? YamlNode::Kind::kList : YamlNode::Kind::kMap);
      set(node, at);
    } else if (means_position(at)) {
      set_in_single(node, at);
    } else if (node.is_map()) {
      set_in_map(node, at);
    } else {
      throw BadOverride{fmt::format("{} is a single value and has no keys", path_to(at))};
    }
  }

 private:
  /// `output: x.csv` is short for {path: x.csv}, `input: [a, b]` for {paths: [a, b]}: a key beside it needs the long
  /// form.
  void write_out(YamlNode& node, std::size_t at) {
    if (at == 0 || node.is_null() || node.is_map()) return;
    const bool in_list = at == 2 && position_of(parts_[1]);
    if (parts_[0].key == "output" && (at == 1 || in_list) && node.is_scalar()) wrap(node, "path");
    if (parts_[0].key == "input" && at == 1 && (node.is_scalar() || !has_maps(node))) wrap(node, "paths");
  }

  static bool has_maps(const YamlNode& list) {
    return std::any_of(list.items.begin(), list.items.end(), [](const YamlNode& item) { return item.is_map(); });
  }

  void wrap(YamlNode& node, const char* name) {
    YamlNode value = std::move(node);
    become(node, YamlNode::Kind::kMap);
    YamlNode key;
    become(key, YamlNode::Kind::kScalar);
    key.text = name;
    node.keys.push_back(std::move(key));
    node.items.push_back(std::move(value));
  }

  void become(YamlNode& node, YamlNode::Kind kind) {
    node = YamlNode{};
    node.kind = kind;
    node.override_index = index_;
  }

  std::string path_to(std::size_t end) const {
    std::string path;
    for (std::size_t i = 0; i < end; ++i) {
      if (i > 0) path += '.';
      path += printable(parts_[i].key, 60);
    }
    return path.empty() ? "the job" : path;
  }

  void set_in_list(YamlNode& list, std::size_t at) {
    const auto position = position_of(parts_[at]);
    if (!position && list.items.size() == 1) return set(list.items.front(), at);
    if (!position || *position > list.items.size()) {
      throw BadOverride{fmt::format("{} is a list of {}: its positions are 0 to {}, or {} to append", path_to(at),
                                    list.items.size(), std::max<std::size_t>(list.items.size(), 1) - 1,
                                    list.items.size())};
    }
    if (*position == list.items.size()) {
      list.items.emplace_back();
      become(list.items.back(), YamlNode::Kind::kNull);
    }
    set(list.items[*position], at + 1);
  }

  /// Tells a position from a map's key that happens to be a number (values.404).
  bool means_position(std::size_t at) const {
    static constexpr std::string_view kListKeys[] = {"paths", "steps", "output", "tests", "patterns", "select",
                                                     "drop",  "nulls", "format", "rows",  "input",    "expect"};
    return at > 0 && position_of(parts_[at]) &&
           std::find(std::begin(kListKeys), std::end(kListKeys), parts_[at - 1].key) != std::end(kListKeys);
  }

  /// A single path, step or output stands for a list of one.
  void set_in_single(YamlNode& node, std::size_t at) {
    YamlNode first = std::move(node);
    become(node, YamlNode::Kind::kList);
    node.items.push_back(std::move(first));
    set_in_list(node, at);
  }

  void set_in_map(YamlNode& map, std::size_t at) {
    if (const std::size_t end = longest_key(map, at); end > at) return set(*map.find(joined(at, end)), end);
    YamlNode key;
    become(key, YamlNode::Kind::kScalar);
    key.text = parts_[at].key;
    map.keys.push_back(std::move(key));
    map.items.emplace_back();
    become(map.items.back(), YamlNode::Kind::kNull);
    set(map.items.back(), at + 1);
  }

  /// End of the parts that, joined by dots, are a key of the map: req.id before req. `at` when there is none.
  std::size_t longest_key(const YamlNode& map, std::size_t at) const {
    for (std::size_t end = parts_.size(); end > at; --end) {
      if (map.find(joined(at, end)) != nullptr) return end;
    }
    return at;
  }

  std::string joined(std::size_t begin, std::size_t end) const {
    std::string key = parts_[begin].key;
    for (std::size_t i = begin + 1; i < end; ++i) {
      key += '.';
      key += parts_[i].key;
    }
    return key;
  }

  std::vector<Part> parts_;
  YamlNode value_;
  int index_;
};

void apply(YamlNode& root, const std::string& text, int index) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) throw BadOverride{"write key.path=value"};
  std::vector<Part> parts = split_path(trimmed(std::string_view(text).substr(0, equals)));
  if (parts.size() > static_cast<std::size_t>(kMaxDepth)) throw BadOverride{"the path is too long"};
  YamlNode value = parse_value(std::string(trimmed(std::string_view(text).substr(equals + 1))));
  mark_origin(value, index);
  // A path that fails halfway must not leave half-made maps behind: they would give further, misleading problems.
  YamlNode changed = root;
  Setter(std::move(parts), std::move(value), index).set(changed, 0);
  root = std::move(changed);
}

}  // namespace

void apply_overrides(YamlNode& root, const std::vector<std::string>& overrides, Problems& problems) {
  for (std::size_t i = 0; i < overrides.size(); ++i) {
    try {
      apply(root, overrides[i], static_cast<int>(i));
    } catch (const BadOverride& bad) {
      problems.add_override(static_cast<int>(i), bad.message);
    }
  }
}

}  // namespace evclean::job
