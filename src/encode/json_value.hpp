// SPDX-License-Identifier: Apache-2.0
// A small, strict reader of JSON for mappings: the whole text as a tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

struct JsonValue {
  enum class Kind { kNull, kBool, kNumber, kText, kList, kObject };

  Kind kind = Kind::kNull;
  std::string text;               ///< kText; a number or boolean as written
  std::vector<std::string> keys;  ///< kObject: of the items
  std::vector<JsonValue> items;

  /// The value of a key, or a null pointer.
  const JsonValue* find(std::string_view key) const;
};

/// Nothing when the text is not one JSON value (RFC 8259), not UTF-8, or nested more than 16 deep.
std::optional<JsonValue> parse_json(std::string_view text);

}  // namespace evclean
