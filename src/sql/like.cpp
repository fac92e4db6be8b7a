// SPDX-License-Identifier: Apache-2.0
// LIKE. The usual shapes (exact, a%, %a, %a%) become comparisons of bytes; others walk the pattern, character by
// character of UTF-8. ILIKE compares lower-cased text.
#include <cstring>

#include "kernels.hpp"
#include "row_node.hpp"
#include "text_bytes.hpp"

namespace evclean::sql {
namespace {

/// A pattern as pieces: literal bytes, `_` (one character), `%` (any).
struct LikePattern {
  struct Piece {
    char wild;  ///< 0, '_' or '%'
    std::string bytes;
  };
  std::vector<Piece> pieces;

  LikePattern(std::string_view pattern, char escape) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      const char c = pattern[i];
      if (c == escape && escape != '\0' && i + 1 < pattern.size()) {
        add_byte(pattern[++i]);
      } else if (c == '%') {
        if (pieces.empty() || pieces.back().wild != '%') pieces.push_back({'%', {}});
      } else if (c == '_') {
        pieces.push_back({'_', {}});
      } else {
        add_byte(c);
      }
    }
  }

  bool is(std::string_view shape) const {
    std::string mine;
    for (const Piece& piece : pieces) mine += piece.wild == 0 ? 'a' : piece.wild;
    return mine == shape;
  }

 private:
  void add_byte(char c) {
    if (pieces.empty() || pieces.back().wild != 0) pieces.push_back({0, {}});
    pieces.back().bytes += c;
  }
};

/// Greedy with one point to come back to: the latest `%`. Linear in practice, at worst text times pattern.
bool matches(std::string_view text, const LikePattern& pattern) {
  const auto& pieces = pattern.pieces;
  std::size_t at = 0;
  std::size_t piece = 0;
  std::size_t retry_piece = std::string_view::npos;
  std::size_t retry_at = 0;
  while (true) {
    if (piece < pieces.size() && pieces[piece].wild == '%') {
      retry_piece = ++piece;
      retry_at = at;
      if (piece == pieces.size()) return true;
      continue;
    }
    bool fits = false;
    if (piece == pieces.size()) {
      if (at == text.size()) return true;
    } else if (pieces[piece].wild == '_') {
      fits = at < text.size();
      if (fits) at = next_character(text, at);
    } else {
      const std::string& bytes = pieces[piece].bytes;
      fits = text.compare(at, bytes.size(), bytes) == 0;
      if (fits) at += bytes.size();
    }
    if (fits) {
      ++piece;
      continue;
    }
    if (retry_piece == std::string_view::npos || retry_at >= text.size()) return false;
    retry_at = next_character(text, retry_at);
    at = retry_at;
    piece = retry_piece;
  }
}

NodePtr match_constant(NodePtr text, const LikePattern& pattern) {
  Nodes args = nodes_of(std::move(text));
  const std::string literal = pattern.pieces.empty()                  ? std::string()
                              : pattern.is("%a") || pattern.is("%a%") ? pattern.pieces[1].bytes
                                                                      : pattern.pieces[0].bytes;
  if (pattern.is("%")) return row_node(std::move(args), [](std::string_view) { return true; });
  if (pattern.is("a") || pattern.is("")) return text_in_node(std::move(args[0]), {literal}, false);
  if (pattern.is("a%"))
    return row_node(std::move(args), [literal](std::string_view t) { return t.starts_with(literal); });
  if (pattern.is("%a"))
    return row_node(std::move(args), [literal](std::string_view t) { return t.ends_with(literal); });
  if (pattern.is("%a%")) {
    return row_node(std::move(args), [literal](std::string_view t) { return contains_bytes(t, literal); });
  }
  return row_node(std::move(args), [pattern](std::string_view t) { return matches(t, pattern); });
}

}  // namespace

NodePtr like_node(NodePtr text, NodePtr pattern, char escape, bool caseless) {
  if (caseless) {
    text = lower_node(std::move(text));
    pattern = lower_node(std::move(pattern));
  }
  if (const auto constant = constant_text(*pattern))
    return match_constant(std::move(text), LikePattern(*constant, escape));
  return row_node(nodes_of(std::move(text), std::move(pattern)),
                  [escape](std::string_view t, std::string_view p) { return matches(t, LikePattern(p, escape)); });
}

}  // namespace evclean::sql
