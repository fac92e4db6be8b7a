// SPDX-License-Identifier: Apache-2.0
#include "placeholders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace evclean::sql {
namespace {

constexpr std::string_view kPrefix = "evq";

Name::Part part_of(std::string_view spelling) {
  if (spelling.front() != '"') return {std::string(spelling), false};
  Name::Part part{{}, true};
  for (std::size_t i = 1; i + 1 < spelling.size(); ++i) {
    part.text += spelling[i];
    if (spelling[i] == '"') ++i;  // "" inside quotes is one quote
  }
  return part;
}

bool is_part(const Scanned& scanned, std::size_t i) {
  return scanned.is_name(i) || (i < scanned.tokens.size() && scanned.tokens[i].keyword != Keyword::kNone);
}

/// A name begins here: an identifier, `user` (a function call to PostgreSQL), or a word that a dot follows.
bool begins_name(const Scanned& scanned, std::size_t i) {
  const Token& token = scanned.tokens[i];
  if (scanned.is_name(i) || scanned.is_word(i, "user")) return true;
  const bool allowed = token.keyword == Keyword::kUnreserved || token.keyword == Keyword::kColumnName;
  return allowed && scanned.is(i + 1, '.') && is_part(scanned, i + 2);
}

}  // namespace

std::string Name::dotted() const {
  std::string text = parts.front().text;
  for (std::size_t i = 1; i < parts.size(); ++i) text += "." + parts[i].text;
  return text;
}

Swapped::Swapped(const Scanned& scanned) {
  const std::string_view source = scanned.text;
  std::size_t copied = 0;
  for (std::size_t i = 0; i < scanned.tokens.size();) {
    const Token& token = scanned.tokens[i];
    const bool doubled = scanned.spelling(token) == "==";
    if (!doubled && !begins_name(scanned, i)) {
      ++i;
      continue;
    }
    put(source.substr(copied, token.start - copied), copied, false);
    if (doubled) {
      put("=", token.start, true);
      copied = token.end;
      ++i;
    } else {
      i = put_name(scanned, i);
      copied = scanned.tokens[i - 1].end;
    }
  }
  put(source.substr(copied), copied, false);
}

std::size_t Swapped::put_name(const Scanned& scanned, std::size_t i) {
  Name name;
  name.position = scanned.tokens[i].start;
  name.parts.push_back(part_of(scanned.spelling(scanned.tokens[i])));
  for (++i; scanned.is(i, '.') && is_part(scanned, i + 1); i += 2) {
    name.parts.push_back(part_of(scanned.spelling(scanned.tokens[i + 1])));
  }
  // Blanks around it: 1a and a'x' must not grow together with their neighbours.
  put(fmt::format(" {}{}_ ", kPrefix, names_.size()), name.position, true);
  names_.push_back(std::move(name));
  return i;
}

void Swapped::put(std::string_view piece, std::size_t source, bool fixed) {
  if (piece.empty()) return;
  pieces_.push_back({text_.size(), source, fixed});
  text_ += piece;
}

const Name* Swapped::find(std::string_view word) const {
  if (!word.starts_with(kPrefix) || word.back() != '_') return nullptr;
  std::size_t index = 0;
  const char* end = word.data() + word.size() - 1;
  const auto [stop, error] = std::from_chars(word.data() + kPrefix.size(), end, index);
  return error == std::errc() && stop == end && index < names_.size() ? &names_[index] : nullptr;
}

std::size_t Swapped::source_offset(std::size_t offset) const {
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), offset,
                                [](std::size_t o, const Piece& p) { return o < p.start; });
  if (piece == pieces_.begin()) return 0;
  --piece;
  return piece->source + (piece->fixed ? 0 : offset - piece->start);
}

}  // namespace evclean::sql
