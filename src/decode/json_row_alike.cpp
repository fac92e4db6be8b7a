// SPDX-License-Identifier: Apache-2.0
// The part of JsonRows that reads records which look like ones before them.
#include <algorithm>
#include <utility>

#include "json_row.hpp"

namespace evclean {
namespace {

constexpr std::size_t kMostPlaces = 512;
constexpr std::size_t kMostNext = 16;  ///< places behind one
constexpr int kArrayDepth = 8;
constexpr int kLongPatience = 512;  ///< other records that are passed over where learning them brings nothing

bool goes_on_number(char c) noexcept {
  return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
}

/// Gives the place behind the number or word at `at`, or null.
const char* scalar_end(const char* at, const char* end) noexcept {
  if (*at >= 'a') {
    const std::string_view text(at, static_cast<std::size_t>(end - at));
    for (const std::string_view word : {"null", "true", "false"}) {
      if (text.starts_with(word)) return at + word.size();
    }
  }
  const char* behind = at;
  while (behind < end && goes_on_number(*behind)) ++behind;
  return is_json_number({at, static_cast<std::size_t>(behind - at)}) ? behind : nullptr;
}

}  // namespace

JsonGlue::JsonGlue(std::string_view bytes, std::size_t column) : size_(bytes.size()), column_(column) {
  const std::size_t head = std::min(bytes.size(), kHeadBytes);
  std::memcpy(head_, bytes.data(), head);
  std::memset(mask_, 0xff, head);
  rest_ = bytes.substr(head);
}

bool JsonGlue::rest_stands_at(const char* text, const char* end) const noexcept {
  return text <= end && rest_.size() <= static_cast<std::size_t>(end - text) &&
         std::memcmp(text, rest_.data(), rest_.size()) == 0;
}

namespace {

/// Goes on in a string at its first byte that is not plain: gives the quote at its end, or null.
const char* string_end(const char* at, const char* end, bool& escaped) noexcept {
  for (; at < end && *at != '"'; ++at) {
    if (static_cast<unsigned char>(*at) < ' ') return nullptr;
    if (*at != '\\') continue;
    escaped = true;
    ++at;
  }
  return at < end ? at : nullptr;
}

/// A line's end is none of them: there a record ends.
const char* past_blanks(const char* at, const char* end) noexcept {
  while (at < end && *at != '\n' && is_json_blank(*at)) ++at;
  return at;
}

/// Gives the place behind a value within an array, or null: it is broken, holds an escape, or is nested deeper.
const char* inner_end(const char* at, const char* end, int depth) noexcept;

/// The same of a string without escapes.
const char* inner_string_end(const char* at, const char* end) noexcept {
  bool escaped = false;
  if (at >= end || *at != '"' || (at = string_end(at + 1, end, escaped)) == nullptr || escaped) return nullptr;
  return at + 1;
}

/// The same of an array or object.
const char* container_end(const char* at, const char* end, int depth) noexcept {
  const bool keys = *at == '{';
  const char close = static_cast<char>(*at + 2);
  if (depth == 0) return nullptr;
  at = past_blanks(at + 1, end);
  if (at < end && *at == close) return at + 1;
  for (;;) {
    if (keys) {
      if ((at = inner_string_end(at, end)) == nullptr) return nullptr;
      at = past_blanks(at, end);
      if (at >= end || *at != ':') return nullptr;
      at = past_blanks(at + 1, end);
    }
    if ((at = inner_end(at, end, depth - 1)) == nullptr) return nullptr;
    at = past_blanks(at, end);
    if (at >= end || (*at != close && *at != ',')) return nullptr;
    if (*at == close) return at + 1;
    at = past_blanks(at + 1, end);
  }
}

const char* inner_end(const char* at, const char* end, int depth) noexcept {
  if (at >= end) return nullptr;
  if (*at == '"') return inner_string_end(at, end);
  return *at == '[' || *at == '{' ? container_end(at, end, depth) : scalar_end(at, end);
}

/// A string, a number, a word or an array at `at`; gives the place behind it, or null. `escaped`: it is a string that
/// holds escapes, as they stand there.
[[gnu::always_inline]] inline const char* plain_value(const PlainText& plain, const char* data, const char* at,
                                                      const char* end, Span& span, bool& escaped) {
  const auto offset = static_cast<std::uint32_t>(at - data);
  if (*at == '"') {
    const char* behind = plain.end_of(at + 1, end);
    if (behind >= end) return nullptr;
    if (*behind != '"' && (behind = string_end(behind, end, escaped)) == nullptr) return nullptr;
    span = Span::of(offset + 1, static_cast<std::uint32_t>(behind - at - 1), Span::kQuoted);
    return behind + 1;
  }
  const std::size_t digits = plain.digits(at);
  const char* behind = at + digits;
  if (digits == 0 || digits > 15 || (*at == '0' && digits > 1) || goes_on_number(*behind)) {
    behind = *at == '[' ? container_end(at, end, kArrayDepth) : scalar_end(at, end);
    if (behind == nullptr) return nullptr;
  }
  span = *at == 'n' ? Span{} : Span::of(offset, static_cast<std::uint32_t>(behind - at));
  return behind;
}

}  // namespace

/// The place whose glue stands here, or null. Kinds of records come in runs: what was last found is looked for first.
[[gnu::always_inline]] inline AlikePlace* JsonRows::next_alike(AlikePlace& place, const char* at, const char* end) {
  for (std::uint16_t& next : place.next) {
    AlikePlace& found = alike_[next];
    if (!found.glue.stands_at(at, end)) continue;
    if (&next != &place.next.front()) std::swap(next, place.next.front());
    return &found;
  }
  return nullptr;
}

std::size_t JsonRows::read_alike(std::size_t begin, std::size_t text_end) {
  if (alike_.empty()) return 0;
  if (row_ == capacity_) grow();
  const PlainText plain;
  const char* const data = data_;
  const char* const end = data + text_end;
  Span* const* const cells = cells_.data();
  const std::size_t row = row_;
  alike_path_.clear();
  alike_escaped_.clear();
  surrogates_before_ = lone_surrogates_;
  KeySet met;
  const char* at = data + begin;
  AlikePlace* place = alike_.data();
  while (at < end) {
    place = next_alike(*place, at, end);
    if (place == nullptr) break;
    at += place->glue.size();
    if (place->last) {
      if (at > end || !unescape_alike()) break;
      return static_cast<std::size_t>(at - data);
    }
    Span span;
    bool escaped = false;
    if (!met.add_new(place->keys) || at >= end || (at = plain_value(plain, data, at, end, span, escaped)) == nullptr)
      break;
    Span* const cell = cells[place->glue.column()] + row;
    *cell = span;
    alike_path_.push_back(cell);
    if (escaped) alike_escaped_.push_back(cell);
  }
  forget_alike();
  return 0;
}

/// Of a whole record: the block may move. False: an escape is wrong.
bool JsonRows::unescape_alike() {
  for (Span* const cell : alike_escaped_) {
    scratch_.clear();
    if (!unescape_json({data_ + cell->offset, cell->length()}, scratch_, lone_surrogates_)) return false;
    const std::uint32_t offset = text_->append(scratch_);
    data_ = text_->data();
    *cell = Span::of(offset, static_cast<std::uint32_t>(scratch_.size()), Span::kQuoted);
  }
  return true;
}

/// Takes the values of the record back that was read.
void JsonRows::forget_alike() {
  for (Span* const cell : alike_path_) *cell = Span{};
  alike_path_.clear();
  lone_surrogates_ = surrogates_before_;
}

/// Notes that a record was read by its tokens, which are those in [first, token).
void JsonRows::note_unalike(std::size_t first, std::size_t token) {
  if (until_learned_ > 0) {
    --until_learned_;
    return;
  }
  if (learn_alike(first, token)) {
    patience_ = 1;
  } else {
    until_learned_ = patience_;
    patience_ = std::min(2 * patience_, kLongPatience);
  }
}

/// False: it brought nothing new.
bool JsonRows::learn_alike(std::size_t first, std::size_t token) {
  std::vector<AlikePlace> path;
  const std::size_t open = open_.size();
  open_.push_back({0, kNoKey});
  const bool followed = follow_glue(first, token, open, path);
  open_.resize(open);
  if (!followed) return false;
  learned_in_ = record_;
  if (alike_.size() + path.size() > kMostPlaces) {  // what came long ago may not come again
    forget_shapes();
    return false;
  }
  if (alike_.empty()) alike_.push_back({JsonGlue(""), {}});
  bool news = false;
  std::size_t before = 0;
  for (AlikePlace& place : path) {
    const auto same = std::find_if(alike_.begin() + 1, alike_.end(), [&](const AlikePlace& known) {
      return known.last == place.last && known.glue.same_as(place.glue);
    });
    const auto at = static_cast<std::uint16_t>(same - alike_.begin());
    if (same == alike_.end()) alike_.push_back(std::move(place));
    std::vector<std::uint16_t>& next = alike_[before].next;
    if (std::find(next.begin(), next.end(), at) == next.end()) {
      if (next.size() == kMostNext) return news;
      next.push_back(at);
      news = true;
    }
    before = at;
  }
  return news;
}

/// Gives a key its number; false: there are too many, or it comes twice.
bool JsonRows::add_alike_key(std::uint32_t key, KeySet& keys) {
  const auto known = std::find(alike_keys_.begin(), alike_keys_.end(), key);
  const auto number = static_cast<std::size_t>(known - alike_keys_.begin());
  if (number == KeySet::kMost) return false;
  if (known == alike_keys_.end()) alike_keys_.push_back(key);
  return keys.add_new(number);
}

/// Follows the tokens of a record that is sound, and keeps what lies between its values. A key that leads to a value of
/// its own column tells which objects are open, so what may follow a value does not depend on how it was come to.
bool JsonRows::follow_glue(std::size_t first, std::size_t token, std::size_t depth, std::vector<AlikePlace>& path) {
  std::size_t glue = position(first);
  KeySet keys, all;
  for (std::size_t t = first + 1; t < token;) {
    const char c = data_[position(t)];
    if (c == '}' || c == ',') {
      if (c == '}') open_.pop_back();
      if (open_.size() == depth) {
        path.push_back({JsonGlue(std::string_view(data_ + glue, position(t) + 1 - glue)), keys, true});
        return path.size() > 1 && all.add_new(keys);
      }
      ++t;
      continue;
    }
    Open& open = open_.back();
    const std::size_t key_begin = position(t) + 1;
    const std::uint32_t index =
        keys_.find(open.node, open.before, data_ + key_begin, trimmed(position(t + 1)) - key_begin);
    if (index == kNoKey || !add_alike_key(index, keys)) return false;
    open.before = index;
    const JsonKey& key = keys_.key(index);
    const std::size_t value = position(t + 2);
    if (data_[value] == '{') {
      if (key.child < 0) return false;
      open_.push_back({static_cast<std::uint32_t>(key.child), kNoKey});
      t += 3;
      continue;
    }
    if (key.column < 0 || key.shared || !all.add_new(keys)) return false;
    // An array behind any of these keys must not go beyond what may be nested.
    if (open_.size() - depth + kArrayDepth > max_depth_) return false;
    path.push_back(
        {JsonGlue(std::string_view(data_ + glue, value - glue), static_cast<std::size_t>(key.column)), keys});
    keys = {};
    t += 2;
    for (int nested = 0; data_[position(t)] == '[' || nested > 0;) {
      const char inner = data_[position(t++)];
      nested += (inner == '[' || inner == '{') - (inner == ']' || inner == '}');
    }
    if (data_[value] == '[') {
      glue = position(t - 1) + 1;
    } else {
      glue = trimmed(position(++t));
    }
  }
  return false;
}

}  // namespace evclean
