// SPDX-License-Identifier: Apache-2.0
#include "json_frame.hpp"

#include <algorithm>
#include <array>

#include "json_text.hpp"

namespace evclean {

namespace {

constexpr int kRecordsToVerify = 3;
constexpr std::size_t kVerifyBytes = 64 << 10;
constexpr int kRecordsToLearn = 20;
constexpr std::size_t kKeysToLearn = 4;
constexpr int kBrokenToFollow = 50;

/// Bytes that mean something outside strings (1) and inside (2).
constexpr std::array<std::uint8_t, 256> kByteClass = [] {
  std::array<std::uint8_t, 256> table{};
  for (int i = 0; i < 32; ++i) table[static_cast<std::size_t>(i)] = 2;
  table['"'] = 3;
  table['\\'] = 3;
  table['{'] = table['}'] = table['['] = table[']'] = 1;
  return table;
}();

std::uint8_t byte_class(char c) { return kByteClass[static_cast<unsigned char>(c)]; }

/// A line that is one whole object, and nothing else.
bool is_object_line(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos || line[begin] != '{') return false;
  const JsonShape shape;
  std::size_t end = 0;
  if (JsonFramer(line, true, shape, SIZE_MAX).find_end(begin, end) != JsonScan::kWhole) return false;
  return line.find_first_not_of(" \t\r", end) == std::string_view::npos;
}

/// Lines decide: a line is a record where lines are objects, and no more sound objects lie over several lines. A line
/// that is broken speaks for neither, unless there is nothing else.
bool mostly_object_lines(std::string_view head) {
  const JsonShape shape;
  const JsonFramer framer(head, false, shape, SIZE_MAX);
  int whole = 0;
  int wide = 0;             // objects over several lines
  int broken = 0;           // each may have been looked at up to the head's end
  bool open_first = false;  // the first may be an object that goes on behind the head: lines may stand within it
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t lf = head.find('\n', at);
    const bool cut = lf == std::string_view::npos;
    const std::string_view line = head.substr(at, cut ? lf : lf - at);
    const std::size_t begin = at + std::min(line.find_first_not_of(" \t\r"), line.size());
    at = cut ? head.size() : lf + 1;
    if (begin >= head.size() || head[begin] != '{') continue;
    if (is_object_line(line)) {
      ++whole;
      continue;
    }
    if (cut && whole + wide + broken > 0) break;  // the head ends within this line
    std::size_t end = 0;
    const JsonScan scan = broken < kBrokenToFollow ? framer.find_end(begin, end) : JsonScan::kDamaged;
    open_first |= scan == JsonScan::kIncomplete && whole + wide + broken == 0;
    const bool sound = scan == JsonScan::kWhole && end > at;
    ++(sound ? wide : broken);
    if (sound) at = end;
  }
  return whole >= (whole == 0 || open_first ? wide + broken : wide);
}

/// True when the text begins with an array of objects (or an empty one).
bool is_array(std::string_view head, std::size_t begin) {
  if (head[begin] != '[') return false;
  const std::size_t inner = head.find_first_not_of(" \t\r\n", begin + 1);
  return inner == std::string_view::npos || head[inner] == '{' || head[inner] == ']';
}

/// The keys (with quotes) of the sound object [at, end), at most kKeysToLearn.
std::vector<std::string> leading_keys(std::string_view text, std::size_t at, const JsonFramer& framer) {
  std::vector<std::string> keys;
  auto skip = [&] { at = std::min(text.find_first_not_of(" \t\r\n", at), text.size()); };
  for (++at; keys.size() < kKeysToLearn; ++at) {
    skip();
    std::size_t end = 0;
    if (at >= text.size() || text[at] != '"' || framer.find_end(at, end) != JsonScan::kWhole) return keys;
    keys.emplace_back(text.substr(at, end - at));
    at = end;
    skip();
    if (at >= text.size() || text[at] != ':') return {};
    ++at;
    skip();
    if (at >= text.size() || framer.find_end(at, end) != JsonScan::kWhole) return {};
    at = end;
    skip();
    if (at >= text.size() || text[at] != ',') return keys;
  }
  return keys;
}

/// The first byte of the head that is neither blank nor in a comment.
std::size_t first_value(std::string_view head, const std::string& comment) {
  std::size_t begin = head.find_first_not_of(" \t\r\n");
  while (!comment.empty() && begin < head.size() && head.substr(begin).starts_with(comment))
    begin = head.find_first_not_of(" \t\r\n", head.find('\n', begin));
  return begin;
}

std::vector<std::string> common_keys(std::string_view head, const JsonShape& known) {
  JsonShape shape = known;
  shape.layout = JsonLayout::kObjects;
  const JsonFramer framer(head, false, shape, SIZE_MAX);
  std::vector<std::string> common;
  std::size_t at = 0;
  for (int i = 0; i < kRecordsToLearn; ++i) {
    std::size_t end = 0;
    if (framer.skip_separators(at) != JsonScan::kWhole || at >= head.size() || head[at] != '{') break;
    if (framer.find_end(at, end) != JsonScan::kWhole) break;
    std::vector<std::string> keys = leading_keys(head, at, framer);
    if (i == 0) common = std::move(keys);
    const auto [stop, ignored] = std::mismatch(common.begin(), common.end(), keys.begin(), keys.end());
    if (i > 0) common.erase(stop, common.end());
    at = end;
  }
  return common;
}

}  // namespace

JsonShape find_json_shape(std::string_view head, JsonShape known) {
  JsonShape shape = std::move(known);
  const std::size_t begin = first_value(head, shape.comment);
  if (begin == std::string_view::npos) return shape;
  const bool one_open_line = head[begin] == '{' && head.find('\n', begin) == std::string_view::npos;
  shape.array = is_array(head, begin);
  bool objects = shape.array || (!shape.wrapper.empty() && head[begin] == '}');
  if (!objects && head[begin] == '{') {
    objects = !mostly_object_lines(head);
    std::size_t end = 0;
    // One line that the head does not hold to its end: lines, unless objects follow one another on it.
    if (one_open_line && JsonFramer(head, false, shape, SIZE_MAX).find_end(begin, end) != JsonScan::kWhole)
      objects = false;
  }
  if (!objects) return shape;
  shape.layout = JsonLayout::kObjects;
  shape.keys = common_keys(head, shape);
  return shape;
}

std::size_t find_wrapped_array(std::string_view text, const std::string& wrapper) {
  const std::size_t key = text.find(wrapper);
  if (key == std::string_view::npos) return 0;
  const std::size_t colon = text.find_first_not_of(" \t\r\n", key + wrapper.size());
  if (colon == std::string_view::npos || text[colon] != ':') return 0;
  const std::size_t value = text.find_first_not_of(" \t\r\n", colon + 1);
  if (value == std::string_view::npos) return 0;
  if (text.substr(value).starts_with("null")) return std::min(text.find('}', value), text.size());
  return text[value] == '[' ? value : 0;
}

std::size_t JsonFramer::skip_blanks(std::size_t at) const {
  while (at < text_.size() && is_json_blank(text_[at])) ++at;
  return at;
}

JsonScan JsonFramer::skip_separators(std::size_t& at) const {
  for (; at < text_.size(); ++at) {
    const char c = text_[at];
    if (is_json_blank(c) || c == ',' || c == ']') continue;
    if (!shape_.comment.empty() && c == shape_.comment[0]) {
      const JsonScan scan = skip_comment(at);
      if (scan == JsonScan::kIncomplete) return scan;
      if (scan == JsonScan::kWhole) continue;
    }
    if (!shape_.wrapper.empty() && (c == '{' || c == '}' || c == '"')) {
      const JsonScan scan = skip_wrapper(at);
      if (scan == JsonScan::kIncomplete) return scan;
      if (scan == JsonScan::kDamaged) return JsonScan::kWhole;  // a record, or what is none
      continue;
    }
    if (c != '[') return JsonScan::kWhole;
    const std::size_t inner = skip_blanks(at + 1);
    if (inner == text_.size()) return at_end_ ? JsonScan::kWhole : JsonScan::kIncomplete;
    if (text_[inner] != '{' && text_[inner] != ']') return JsonScan::kWhole;
  }
  return JsonScan::kWhole;
}

/// Moves to the last byte of a comment. kDamaged: none begins here, or one that does not end in sight.
JsonScan JsonFramer::skip_comment(std::size_t& at) const {
  const std::string_view rest = text_.substr(at);
  const std::size_t lf = rest.find('\n');
  if (rest.starts_with(shape_.comment) && (lf != std::string_view::npos || at_end_)) {
    at += std::min(lf, rest.size() - 1);
    return JsonScan::kWhole;
  }
  const bool may_be = shape_.comment.starts_with(rest.substr(0, shape_.comment.size()));
  return may_be && !at_end_ && rest.size() <= kVerifyBytes ? JsonScan::kIncomplete : JsonScan::kDamaged;
}

/// Moves to the last byte of a piece of the objects around the arrays. kDamaged: none begins here.
JsonScan JsonFramer::skip_wrapper(std::size_t& at) const {
  if (text_[at] == '}') return JsonScan::kWhole;
  std::size_t end = at;
  JsonScan scan = text_[at] == '{' ? open_wrapper(end) : skip_other_member(end);
  if (scan == JsonScan::kIncomplete && (at_end_ || text_.size() - at > kVerifyBytes)) scan = JsonScan::kDamaged;
  if (scan == JsonScan::kWhole) at = end - 1;
  return scan;
}

/// Moves over `{"Records":`, behind which an array is or a null, and over the null.
JsonScan JsonFramer::open_wrapper(std::size_t& at) const {
  constexpr std::string_view kNull = "null";
  const JsonScan key = skip_member(++at, shape_.wrapper, false);
  if (key != JsonScan::kWhole) return key;
  at = skip_blanks(at + 1);
  if (at == text_.size()) return JsonScan::kIncomplete;
  if (text_[at] == '[') return JsonScan::kWhole;
  const std::string_view value = text_.substr(at, kNull.size());
  at += kNull.size();
  if (value == kNull) return JsonScan::kWhole;
  return kNull.starts_with(value) ? JsonScan::kIncomplete : JsonScan::kDamaged;
}

/// Moves over a member of an object that is no array of records; a wrapped array behind others is opened.
JsonScan JsonFramer::skip_other_member(std::size_t& at) const {
  const std::size_t begin = at;
  JsonScan scan = string_end(begin, at);
  if (scan != JsonScan::kWhole) return scan;
  const bool wrapper = text_.substr(begin, at - begin) == shape_.wrapper;
  at = skip_blanks(at);
  if (at == text_.size()) return JsonScan::kIncomplete;
  if (text_[at] != ':') return JsonScan::kDamaged;
  at = skip_blanks(at + 1);
  if (at == text_.size()) return JsonScan::kIncomplete;
  return wrapper && text_[at] == '[' ? JsonScan::kWhole : find_end(at, at);
}

JsonScan JsonFramer::string_end(std::size_t at, std::size_t& end) const {
  for (++at; at < text_.size(); ++at) {
    if ((byte_class(text_[at]) & 2) == 0) continue;
    if (text_[at] == '"') {
      end = at + 1;
      return JsonScan::kWhole;
    }
    if (text_[at] != '\\') {
      end = at;
      return JsonScan::kDamaged;
    }
    ++at;
  }
  end = text_.size();
  return JsonScan::kIncomplete;
}

JsonScan JsonFramer::object_end(std::size_t at, std::size_t& end, bool strict) const {
  std::string brackets;  // those that are open
  for (; at < text_.size(); ++at) {
    const char c = text_[at];
    if ((byte_class(c) & 1) == 0) continue;
    if (c == '"') {
      const JsonScan scan = string_end(at, end);
      if (scan != JsonScan::kWhole) return scan;
      at = end - 1;
    } else if (c == '{' || c == '[') {
      brackets.push_back(c);
      if (strict && brackets.size() > max_depth_) return JsonScan::kDamaged;
    } else {
      end = at;
      if (c == '\\' || brackets.back() + 2 != c) return JsonScan::kDamaged;
      brackets.pop_back();
      if (!brackets.empty()) continue;
      end = at + 1;
      return JsonScan::kWhole;
    }
  }
  end = text_.size();
  return JsonScan::kIncomplete;
}

JsonScan JsonFramer::find_end(std::size_t at, std::size_t& end, bool strict) const {
  const char c = text_[at];
  if (c == '{' || c == '[') return object_end(at, end, strict);
  if (c == '"') return string_end(at, end);
  end = std::min(text_.find_first_of(" \t\r\n,[]{\"", at + 1), text_.size());
  return end < text_.size() || at_end_ ? JsonScan::kWhole : JsonScan::kIncomplete;
}

/// Moves over `"key"`, colon and, if wanted, the value and a comma.
JsonScan JsonFramer::skip_member(std::size_t& at, std::string_view key, bool with_value) const {
  const JsonScan cut = at_end_ ? JsonScan::kDamaged : JsonScan::kIncomplete;
  at = skip_blanks(at);
  if (text_.substr(at, key.size()) != key) return key.starts_with(text_.substr(at)) ? cut : JsonScan::kDamaged;
  at = skip_blanks(at + key.size());
  if (at == text_.size()) return cut;
  if (text_[at] != ':') return JsonScan::kDamaged;
  if (!with_value) return JsonScan::kWhole;
  at = skip_blanks(at + 1);
  if (at == text_.size()) return cut;
  const JsonScan value = find_end(at, at);
  if (value != JsonScan::kWhole) return value == JsonScan::kIncomplete ? cut : value;
  at = skip_blanks(at);
  if (at == text_.size()) return cut;
  return text_[at++] == ',' ? JsonScan::kWhole : JsonScan::kDamaged;
}

JsonScan JsonFramer::starts_record(std::size_t at) const {
  if (at >= text_.size()) return at_end_ ? JsonScan::kDamaged : JsonScan::kIncomplete;
  if (text_[at] != '{') return JsonScan::kDamaged;
  const std::size_t begin = at++;
  if (shape_.keys.empty()) {
    at = skip_blanks(at);
    if (at == text_.size()) return at_end_ ? JsonScan::kDamaged : JsonScan::kIncomplete;
    return text_[at] == '"' || text_[at] == '}' ? JsonScan::kWhole : JsonScan::kDamaged;
  }
  for (std::size_t i = 0; i < shape_.keys.size(); ++i) {
    const JsonScan member = skip_member(at, shape_.keys[i], i + 1 < shape_.keys.size());
    if (member == JsonScan::kIncomplete && text_.size() - begin > kVerifyBytes) return JsonScan::kDamaged;
    if (member != JsonScan::kWhole || at - begin > kVerifyBytes)
      return member == JsonScan::kWhole ? JsonScan::kDamaged : member;
  }
  return JsonScan::kWhole;
}

/// A bracket that closes an array inside a record looks like a separator, but no record follows it; so do braces and
/// members behind an object inside a record, where there is a wrapper.
bool JsonFramer::may_separate(std::string_view gap, bool ends) const {
  const auto closed = std::count(gap.begin(), gap.end(), ']'), opened = std::count(gap.begin(), gap.end(), '[');
  if (shape_.wrapper.empty()) return ends || closed == 0 || opened > 0;
  const std::size_t first = gap.find_first_not_of(" \t\r\n,");
  if (first != std::string_view::npos && (gap[first] == '}' || gap[first] == '"')) return false;
  return closed == opened || (ends && closed == opened + 1);
}

JsonScan JsonFramer::verify(std::size_t at) const {
  const std::size_t begin = at;
  for (int i = 0; i < kRecordsToVerify; ++i) {
    const std::size_t gap = at;
    const JsonScan separators = skip_separators(at);
    if (separators == JsonScan::kIncomplete || (at == text_.size() && !at_end_)) return JsonScan::kIncomplete;
    if (!may_separate(text_.substr(gap, at - gap), at == text_.size())) return JsonScan::kDamaged;
    if (at == text_.size()) return JsonScan::kWhole;
    const JsonScan start = starts_record(at);
    if (start != JsonScan::kWhole) return start;
    std::size_t end = 0;
    const JsonScan scan = find_end(at, end, true);
    if (scan == JsonScan::kDamaged) return scan;
    if (scan == JsonScan::kIncomplete) {
      if (text_.size() - begin > kVerifyBytes) return JsonScan::kWhole;
      return at_end_ ? JsonScan::kDamaged : scan;
    }
    at = end;
  }
  return JsonScan::kWhole;
}

JsonScan JsonFramer::resynchronise(std::size_t from, std::size_t& at, bool loose) const {
  for (at = text_.find('{', from); at != std::string_view::npos; at = text_.find('{', at + 1)) {
    if (!shape_.wrapper.empty() && skip_separators(at) == JsonScan::kIncomplete && !loose) return JsonScan::kIncomplete;
    if (at >= text_.size()) break;
    const JsonScan scan = known_by_keys() ? starts_record(at) : verify(at);
    if (scan == JsonScan::kWhole || (loose && scan == JsonScan::kIncomplete)) return JsonScan::kWhole;
    if (scan == JsonScan::kIncomplete) return scan;
  }
  at = text_.size();
  return JsonScan::kDamaged;
}

}  // namespace evclean
