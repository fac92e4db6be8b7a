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

/// Bytes that mean something outside strings (1) and inside (2).
constexpr std::array<std::uint8_t, 256> kByteClass = [] {
  std::array<std::uint8_t, 256> table{};
  for (int i = 0; i < 32; ++i) table[static_cast<std::size_t>(i)] = 2;
  table['"'] = 3;
  table['\\'] = 2;
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

/// Lines decide: where most lines that begin like an object are one, a line is a record.
bool mostly_object_lines(std::string_view head) {
  int whole = 0;
  int others = 0;
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t lf = head.find('\n', at);
    const std::string_view line = head.substr(at, lf == std::string_view::npos ? lf : lf - at);
    const bool cut = lf == std::string_view::npos;
    at = cut ? head.size() : lf + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const bool object = is_object_line(line);
    if (cut && !object && whole + others > 0) break;  // the head ends within this line
    (object ? whole : others) += 1;
  }
  return whole >= others;
}

/// True when the text begins with an array of objects (or an empty one).
bool is_array(std::string_view head, std::size_t begin) {
  if (head[begin] != '[') return false;
  const std::size_t inner = head.find_first_not_of(" \t\r\n", begin + 1);
  return inner == std::string_view::npos || head[inner] == '{' || head[inner] == ']';
}

/// The first key of the object at `at`, with its quotes; empty when it has none.
std::string first_key(std::string_view text, std::size_t at) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n", at + 1);
  if (begin == std::string_view::npos || text[begin] != '"') return {};
  const std::size_t end = text.find('"', begin + 1);
  return end == std::string_view::npos ? std::string() : std::string(text.substr(begin, end + 1 - begin));
}

std::string common_first_key(std::string_view head) {
  const JsonShape shape{JsonLayout::kObjects, {}};
  const JsonFramer framer(head, false, shape, SIZE_MAX);
  std::string common;
  std::size_t at = 0;
  for (int i = 0; i < kRecordsToLearn; ++i) {
    std::size_t end = 0;
    if (framer.skip_separators(at) != JsonScan::kWhole || at >= head.size() || head[at] != '{') break;
    if (framer.find_end(at, end) != JsonScan::kWhole) break;
    const std::string key = first_key(head, at);
    if (i > 0 && key != common) return {};
    common = key;
    at = end;
  }
  return common;
}

}  // namespace

JsonShape find_json_shape(std::string_view head) {
  JsonShape shape;
  const std::size_t begin = head.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return shape;
  const bool one_open_line = head[begin] == '{' && head.find('\n') == std::string_view::npos;
  bool objects = is_array(head, begin);
  if (!objects && head[begin] == '{') {
    objects = !mostly_object_lines(head);
    std::size_t end = 0;
    // One line that the head does not hold to its end: lines, unless objects follow one another on it.
    if (one_open_line && JsonFramer(head, false, shape, SIZE_MAX).find_end(begin, end) != JsonScan::kWhole)
      objects = false;
  }
  if (!objects) return shape;
  shape.layout = JsonLayout::kObjects;
  shape.first_key = common_first_key(head);
  return shape;
}

std::size_t JsonFramer::skip_blanks(std::size_t at) const {
  while (at < text_.size() && is_json_blank(text_[at])) ++at;
  return at;
}

JsonScan JsonFramer::skip_separators(std::size_t& at) const {
  for (; at < text_.size(); ++at) {
    const char c = text_[at];
    if (is_json_blank(c) || c == ',' || c == ']') continue;
    if (c != '[') return JsonScan::kWhole;
    const std::size_t inner = skip_blanks(at + 1);
    if (inner == text_.size()) return at_end_ ? JsonScan::kWhole : JsonScan::kIncomplete;
    if (text_[inner] != '{' && text_[inner] != ']') return JsonScan::kWhole;
  }
  return JsonScan::kWhole;
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
      if (brackets.back() + 2 != c) return JsonScan::kDamaged;
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

bool JsonFramer::record_start(std::size_t at) const {
  if (at >= text_.size() || text_[at] != '{') return false;
  const std::size_t key = skip_blanks(at + 1);
  if (!shape_.first_key.empty()) return text_.compare(key, shape_.first_key.size(), shape_.first_key) == 0;
  return key < text_.size() && (text_[key] == '"' || text_[key] == '}');
}

JsonScan JsonFramer::verify(std::size_t at) const {
  const std::size_t begin = at;
  for (int i = 0; i < kRecordsToVerify; ++i) {
    const std::size_t gap = at;
    const JsonScan separators = skip_separators(at);
    if (separators == JsonScan::kIncomplete || (at == text_.size() && !at_end_)) return JsonScan::kIncomplete;
    if (at == text_.size()) return JsonScan::kWhole;
    // A bracket that closes an array inside a record looks like a separator, but no record follows it.
    const bool closed = text_.substr(gap, at - gap).find(']') != std::string_view::npos;
    if (closed && text_.substr(gap, at - gap).find('[') == std::string_view::npos) return JsonScan::kDamaged;
    if (text_[at] == '{' && text_.size() - at < 128 + shape_.first_key.size() && !at_end_) return JsonScan::kIncomplete;
    if (!record_start(at)) return JsonScan::kDamaged;
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
    if (!at_end_ && text_.size() - at < 128 + shape_.first_key.size()) return JsonScan::kIncomplete;
    if (!record_start(at)) continue;
    const JsonScan scan = verify(at);
    if (scan == JsonScan::kWhole || (loose && scan == JsonScan::kIncomplete)) return JsonScan::kWhole;
    if (scan == JsonScan::kIncomplete) return scan;
  }
  at = text_.size();
  return JsonScan::kDamaged;
}

}  // namespace evclean
