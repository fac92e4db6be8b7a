// SPDX-License-Identifier: Apache-2.0
// A walker, not a parser: it builds nothing, checks the grammar of all it passes, and remembers where the value at the
// path stands.
#include <algorithm>
#include <charconv>
#include <variant>
#include <vector>

#include "evclean/function.hpp"
#include "hex_value.hpp"
#include "utf8_repair.hpp"

namespace evclean::functions {
namespace {

constexpr int kMaxDepth = 256;  // job contract, 2.10

using Step = std::variant<std::string, std::size_t>;  // a key or an index

/// Reads 'a.b[0]["c.d"]', with or without '$' in front. Empty optional: not a path.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  std::optional<std::vector<Step>> read() {
    std::vector<Step> steps;
    if (text_.starts_with('$')) at_ = 1;
    while (at_ < text_.size()) {
      const bool ok = text_[at_] == '[' ? bracket(steps) : key(steps);
      if (!ok) return std::nullopt;
    }
    return steps;
  }

 private:
  bool key(std::vector<Step>& steps) {
    if (text_[at_] == '.') {
      if (at_ == 0) return false;
      ++at_;
    } else if (at_ != 0) {
      return false;
    }
    const auto end = std::min(text_.find_first_of(".[", at_), text_.size());
    if (end == at_) return false;
    steps.emplace_back(std::string(text_.substr(at_, end - at_)));
    at_ = end;
    return true;
  }

  bool bracket(std::vector<Step>& steps) {
    const char quote = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (quote == '"' || quote == '\'') return quoted_key(steps, quote);
    const auto end = text_.find(']', at_);
    if (end == std::string_view::npos) return false;
    std::size_t index = 0;
    const char* last = text_.data() + end;
    const auto [stop, error] = std::from_chars(text_.data() + at_ + 1, last, index);
    if (error != std::errc{} || stop != last) return false;
    steps.emplace_back(index);
    at_ = end + 1;
    return true;
  }

  bool quoted_key(std::vector<Step>& steps, char quote) {
    const auto end = text_.find(quote, at_ + 2);
    if (end == std::string_view::npos || text_.substr(end + 1, 1) != "]") return false;
    steps.emplace_back(std::string(text_.substr(at_ + 2, end - at_ - 2)));
    at_ = end + 2;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Four hex digits at `at`; the walker has checked them.
std::uint32_t unit_at(std::string_view text, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value * 16 + static_cast<std::uint32_t>(hex_value(text[at + i]));
  return value;
}

/// Appends the escape whose letter stands at `at`; returns the place of its last byte.
std::size_t append_escape(std::string& out, std::string_view text, std::size_t at) {
  static constexpr std::string_view kLetters = "bfnrt", kBytes = "\b\f\n\r\t";
  const auto known = kLetters.find(text[at]);
  if (text[at] != 'u') {
    out += known == std::string_view::npos ? text[at] : kBytes[known];
    return at;
  }
  const std::uint32_t first = unit_at(text, at + 1);
  at += 4;
  const bool pair = first >= 0xD800 && first <= 0xDBFF && text.substr(at + 1, 2) == "\\u";
  const std::uint32_t second = pair ? unit_at(text, at + 3) : 0;
  if (second >= 0xDC00 && second <= 0xDFFF) {
    append_utf8(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
    return at + 6;
  }
  append_utf8(out, first);
  return at;
}

/// The text of a checked string, quotes included in `raw`.
std::string unescaped(std::string_view raw) {
  raw = raw.substr(1, raw.size() - 2);
  if (raw.find('\\') == std::string_view::npos) return std::string(raw);
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\') {
      i = append_escape(out, raw, i + 1);
    } else {
      out += raw[i];
    }
  }
  return out;
}

bool key_is(std::string_view raw, std::string_view key) {
  if (raw.find('\\') != std::string_view::npos) return unescaped(raw) == key;
  return raw.substr(1, raw.size() - 2) == key;
}

class Walker {
 public:
  Walker(std::string_view json, const std::vector<Step>& path) : text_(json), path_(path) {}

  /// The raw text of the value at the path, if the whole text is one JSON value.
  std::optional<std::string_view> find() {
    blanks();
    if (!value(0, true)) return std::nullopt;
    blanks();
    if (at_ != text_.size()) return std::nullopt;
    return found_;
  }

  /// The elements of the array that the whole text is.
  bool elements(std::vector<std::string_view>& found) {
    blanks();
    if (!take('[')) return false;
    if (!closes(']')) {
      do {
        blanks();
        const std::size_t begin = at_;
        if (!value(1, false)) return false;
        found.push_back(text_.substr(begin, at_ - begin));
        blanks();
      } while (take(','));
      if (!take(']')) return false;
    }
    blanks();
    return at_ == text_.size();
  }

 private:
  /// Passes one value at depth `depth`; `on_path` says whether the path has led here.
  bool value(int depth, bool on_path) {
    if (at_ >= text_.size()) return false;
    if (depth >= kMaxDepth && (text_[at_] == '{' || text_[at_] == '[')) return false;
    const std::size_t begin = at_;
    const bool wanted = on_path && static_cast<std::size_t>(depth) == path_.size();
    // A key that stands twice: the last one wins, with all that is below it.
    if (on_path) found_.reset();
    bool ok = false;
    switch (text_[at_]) {
      case '{':
        ok = object(depth, on_path && !wanted);
        break;
      case '[':
        ok = array(depth, on_path && !wanted);
        break;
      case '"':
        ok = string();
        break;
      case 't':
        ok = word("true");
        break;
      case 'f':
        ok = word("false");
        break;
      case 'n':
        ok = word("null");
        break;
      default:
        ok = number();
    }
    if (ok && wanted) found_ = text_.substr(begin, at_ - begin);
    return ok;
  }

  bool object(int depth, bool on_path) {
    const std::string* wanted = on_path ? std::get_if<std::string>(&path_[static_cast<std::size_t>(depth)]) : nullptr;
    ++at_;
    if (closes('}')) return true;
    do {
      blanks();
      const std::size_t begin = at_;
      if (!string()) return false;
      const std::string_view key = text_.substr(begin, at_ - begin);
      blanks();
      if (!take(':')) return false;
      blanks();
      if (!value(depth + 1, wanted != nullptr && key_is(key, *wanted))) return false;
      blanks();
    } while (take(','));
    return take('}');
  }

  bool array(int depth, bool on_path) {
    const std::size_t* wanted = on_path ? std::get_if<std::size_t>(&path_[static_cast<std::size_t>(depth)]) : nullptr;
    ++at_;
    if (closes(']')) return true;
    std::size_t index = 0;
    do {
      blanks();
      if (!value(depth + 1, wanted != nullptr && index == *wanted)) return false;
      ++index;
      blanks();
    } while (take(','));
    return take(']');
  }

  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }

  bool escape() {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    for (int i = 0; i < 4; ++i) {
      if (at_ >= text_.size() || hex_value(text_[at_++]) < 0) return false;
    }
    return true;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  bool digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool closes(char c) {
    blanks();
    return take(c);
  }

  void blanks() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  std::string_view text_;
  const std::vector<Step>& path_;
  std::size_t at_ = 0;
  std::optional<std::string_view> found_;
};

}  // namespace

std::optional<std::string> json_get(std::string_view json, std::string_view path) {
  const auto steps = PathReader(path).read();
  if (!steps) return std::nullopt;
  const auto found = Walker(json, *steps).find();
  if (!found || *found == "null") return std::nullopt;
  return found->front() == '"' ? unescaped(*found) : std::string(*found);
}

bool json_elements(std::string_view json, std::vector<std::string_view>& elements) {
  const std::size_t before = elements.size();
  const std::vector<Step> nowhere;
  if (Walker(json, nowhere).elements(elements)) return true;
  elements.resize(before);
  return false;
}

std::string json_string_text(std::string_view raw) { return unescaped(raw); }

}  // namespace evclean::functions
