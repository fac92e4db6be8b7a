// SPDX-License-Identifier: Apache-2.0
#include <unordered_set>

#include "evclean/suggest.hpp"
#include "sections.hpp"

namespace evclean::job {

namespace {

void append_json_text(std::string& out, const std::string& text) {
  out += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      out += c;
    }
  }
  out += '"';
}

/// The compact JSON text of a value: what the JSON format gives for arrays.
void append_json(std::string& out, const YamlNode& node) {
  if (node.is_null()) {
    out += "null";
  } else if (node.is_scalar()) {
    const CoreType type = core_type(node);
    if (type == CoreType::kText) return append_json_text(out, node.text);
    out += type == CoreType::kBool ? (node.text[0] == 't' || node.text[0] == 'T' ? "true" : "false") : node.text;
  } else {
    out += node.is_list() ? '[' : '{';
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (i > 0) out += ',';
      if (node.is_map()) append_json_text(out, node.keys[i].text);
      if (node.is_map()) out += ':';
      append_json(out, node.items[i]);
    }
    out += node.is_list() ? ']' : '}';
  }
}

InlineValue read_value(const YamlNode& node) {
  InlineValue value;
  if (node.is_null()) return value;
  if (node.is_list() || node.is_map()) {
    append_json(value.text, node);
    value.kind = InlineValue::Kind::kText;
    value.quoted = true;
    return value;
  }
  const CoreType type = core_type(node);
  value.kind = type == CoreType::kText     ? InlineValue::Kind::kText
               : type == CoreType::kNumber ? InlineValue::Kind::kNumber
                                           : InlineValue::Kind::kBool;
  value.text = node.text;
  value.quoted = node.quoted;
  return value;
}

/// `seen`: names of the row so far. Dotted names can meet though the tree refuses duplicates within one map.
void append_row(InlineRow& row, const std::string& prefix, const YamlNode& map, std::unordered_set<std::string>& seen,
                Problems& problems) {
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    const std::string name = prefix + map.keys[i].text;
    if (map.items[i].is_map() && !map.items[i].items.empty()) {
      append_row(row, name + ".", map.items[i], seen, problems);
      continue;
    }
    if (!seen.insert(name).second)
      problems.report(map.keys[i], "the row has the column '{}' twice", printable(name, 60));
    row.emplace_back(name, read_value(map.items[i]));
  }
}

}  // namespace

std::vector<InlineRow> read_rows(const YamlNode& node, const std::string& what, Problems& problems) {
  std::vector<InlineRow> rows;
  const auto add = [&](const YamlNode& item) {
    if (!item.is_map())
      return problems.report(item, "{}: a row is a map of column to value, not {}", what, kind_words(item));
    std::unordered_set<std::string> seen;
    append_row(rows.emplace_back(), "", item, seen, problems);
  };
  if (node.is_list()) {
    for (const YamlNode& item : node.items) add(item);
  } else if (!node.is_null()) {
    add(node);
  }
  return rows;
}

}  // namespace evclean::job
