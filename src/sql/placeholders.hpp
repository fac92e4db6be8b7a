// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's parser folds names to lower case, cuts them at 63 bytes and reads `a.b` as table.column. So names are
// swapped for short placeholders before parsing and looked up again in the tree; offsets map back to the user's text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokens.hpp"

namespace evclean::sql {

struct Name {
  struct Part {
    std::string text;
    bool quoted = false;
  };
  std::vector<Part> parts;  ///< of a.b.c; what they mean (table, column) is decided where scopes are known
  std::size_t position = 0;

  std::string dotted() const;
  bool quoted() const { return parts.front().quoted; }
};

/// A text for the parser. `==` has become `=`.
class Swapped {
 public:
  explicit Swapped(const Scanned& scanned);

  const std::string& text() const { return text_; }
  /// The name behind a placeholder, or null when `word` is none.
  const Name* find(std::string_view word) const;
  /// Offset in the user's text for an offset in text().
  std::size_t source_offset(std::size_t offset) const;

 private:
  struct Piece {
    std::size_t start;   ///< in text_
    std::size_t source;  ///< in the user's text
    bool fixed;          ///< every offset inside maps to `source`
  };

  void put(std::string_view piece, std::size_t source, bool fixed);
  std::size_t put_name(const Scanned& scanned, std::size_t index);

  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<Name> names_;
};

}  // namespace evclean::sql
