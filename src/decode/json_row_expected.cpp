// SPDX-License-Identifier: Apache-2.0
// The part of JsonRows that knows what to expect: records of one kind, one after another.
#include "json_row.hpp"
#include "json_text.hpp"

namespace evclean {

/// A value that is a string without escapes, or a number or word.
[[gnu::always_inline]] inline bool JsonRows::expected_value(std::size_t begin, std::size_t end, Span& span) {
  const char first = data_[begin];
  if (first == '"') {
    if (data_[end - 1] != '"' || has_backslash(begin + 1, end)) return false;
    span = Span::of(static_cast<std::uint32_t>(begin + 1), static_cast<std::uint32_t>(end - begin - 2), Span::kQuoted);
    return true;
  }
  if (!is_short_digits(data_ + begin, end - begin)) {
    const std::string_view text(data_ + begin, end - begin);
    if (text == "null") {
      span = Span{};
      return true;
    }
    if (!is_json_number(text) && text != "true" && text != "false") return false;
  }
  span = Span::of(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin));
  return true;
}

/// Reads the pairs from `token` on as long as they are those expected, with what parts them, and moves `token` behind
/// them. Gives their number, or kWholeRecord: the record ended with one, and `token` is behind it.
std::size_t JsonRows::read_expected(std::size_t& token) {
  const std::size_t limit = limit_;
  std::size_t i = 0;
  for (; i < expected_.size(); ++i, token += 4) {
    const std::size_t end = position(token + 3);
    if (end >= limit) break;
    const ExpectedPair& pair = expected_[i];
    const std::size_t key = position(token);
    Span span;
    if (!pair.stands_at(data_ + key, position(token + 1) + 1 - key)) break;
    if (!expected_value(position(token + 2), end, span)) break;
    cells_[pair.column][row_] = span;
    if (data_[end] == '}') {
      token += 4;
      return kWholeRecord;
    }
    const std::size_t next = position(token + 4);
    if (data_[end] != ',' || next >= limit || data_[next] != '"') break;
  }
  return i;
}

/// As if that many expected pairs had been read one by one, within the object that was just opened.
void JsonRows::note_expected(std::size_t pairs) {
  Open& open = open_.back();
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::uint32_t key = expected_[i].key;
    keys_.key(key).seen_in = record_;
    keys_.expect(open.node, open.before, key);
    open.before = key;
  }
}

/// Of a record that was just read, to its end; it had so many tokens.
void JsonRows::learn_pairs(std::size_t tokens) {
  constexpr std::size_t kPatience = 16;
  if (expected_.size() > 0 && ++unexpected_ < kPatience) return;
  unexpected_ = 0;
  // A brace, and four tokens a pair of scalars.
  if (tokens % 4 == 1)
    expected_.learn(keys_, tokens / 4, record_);
  else
    expected_.clear();
}

}  // namespace evclean
