// SPDX-License-Identifier: Apache-2.0
// The part of JsonRows that reads records which look like one before them.
#include <algorithm>

#include "json_row.hpp"

namespace evclean {
namespace {

constexpr std::size_t kMostValues = 256;
constexpr int kPatience = 16;       ///< other records before the shape is learned anew
constexpr int kLongPatience = 512;  ///< where that did not go well

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

/// A string without escapes, a number or a word at `at`; gives the place behind it, or null.
[[gnu::always_inline]] inline const char* plain_value(const PlainText& plain, const char* data, const char* at,
                                                      const char* end, Span& span) {
  const auto offset = static_cast<std::uint32_t>(at - data);
  if (*at == '"') {
    const char* const behind = plain.end_of(at + 1, end);
    if (behind >= end || *behind != '"') return nullptr;
    span = Span::of(offset + 1, static_cast<std::uint32_t>(behind - at - 1), Span::kQuoted);
    return behind + 1;
  }
  const std::size_t digits = plain.digits(at);
  const char* behind = at + digits;
  if (digits == 0 || digits > 15 || (*at == '0' && digits > 1) || goes_on_number(*behind)) {
    behind = scalar_end(at, end);
    if (behind == nullptr) return nullptr;
  }
  span = *at == 'n' ? Span{} : Span::of(offset, static_cast<std::uint32_t>(behind - at));
  return behind;
}

}  // namespace

std::size_t JsonRows::read_alike(std::size_t begin, std::size_t text_end) {
  if (alike_.empty()) return 0;
  if (row_ == capacity_) grow();
  const PlainText plain;
  const char* const data = data_;
  const char* const end = data + text_end;
  Span* const* const cells = cells_.data();
  const std::size_t row = row_;
  const JsonGlue *glue = alike_.data(), *const last = &alike_.back();
  const char* at = data + begin;
  for (; glue != last && glue->stands_at(at, end); ++glue) {
    Span span;
    at += glue->size();
    if (at >= end || (at = plain_value(plain, data, at, end, span)) == nullptr) break;
    cells[glue->column()][row] = span;
  }
  if (glue == last && at <= end && last->stands_at(at, end) && at + last->size() <= end) {
    unalike_ = 0;
    return static_cast<std::size_t>(at - data) + last->size();
  }
  forget_alike(static_cast<std::size_t>(glue - alike_.data()));
  return 0;
}

void JsonRows::forget_alike(std::size_t values) {
  for (std::size_t i = 0; i < values; ++i) cells_[alike_[i].column()][row_] = Span{};
}

/// Notes that a record was read by its tokens, which are those in [first, token).
void JsonRows::note_unalike(std::size_t first, std::size_t token) {
  if (!alike_.empty() && ++unalike_ < kPatience) return;
  if (alike_.empty() && ++unalike_ < 0) return;
  unalike_ = learn_alike(first, token) ? 0 : -kLongPatience;
}

bool JsonRows::learn_alike(std::size_t first, std::size_t token) {
  alike_.clear();
  const std::size_t open = open_.size();
  open_.push_back({0, kNoKey});
  const bool learned = learn_glue(first, token, open);
  open_.resize(open);
  if (!learned) alike_.clear();
  return learned;
}

/// Follows the tokens of a record that is sound, and keeps what lies between its values.
bool JsonRows::learn_glue(std::size_t first, std::size_t token, std::size_t depth) {
  std::vector<bool> used(columns_.size());
  std::size_t glue = position(first);
  for (std::size_t t = first + 1; t < token;) {
    const char c = data_[position(t)];
    if (c == '}' || c == ',') {
      if (c == '}') open_.pop_back();
      if (open_.size() == depth) {
        alike_.emplace_back(std::string_view(data_ + glue, position(t) + 1 - glue));
        return alike_.size() > 1;
      }
      ++t;
      continue;
    }
    Open& open = open_.back();
    const std::size_t key_begin = position(t) + 1;
    const std::uint32_t index =
        keys_.find(open.node, open.before, data_ + key_begin, trimmed(position(t + 1)) - key_begin);
    if (index == kNoKey) return false;
    open.before = index;
    const JsonKey& key = keys_.key(index);
    const std::size_t value = position(t + 2);
    if (data_[value] == '{') {
      if (key.child < 0) return false;
      open_.push_back({static_cast<std::uint32_t>(key.child), kNoKey});
      t += 3;
      continue;
    }
    const auto column = static_cast<std::size_t>(key.column);
    if (data_[value] == '[' || key.column < 0 || key.shared || used[column] || alike_.size() == kMostValues)
      return false;
    used[column] = true;
    alike_.emplace_back(std::string_view(data_ + glue, value - glue), column);
    glue = trimmed(position(t + 3));
    t += 3;
  }
  return false;
}

}  // namespace evclean
