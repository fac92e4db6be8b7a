// SPDX-License-Identifier: Apache-2.0
#include "json_value.hpp"

#include <arrow/util/utf8.h>
#include <fmt/format.h>

namespace evclean {
namespace {

constexpr int kDeepest = 16;

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool read(JsonValue& value, int depth) {
    blanks();
    if (at_ == text_.size() || depth > kDeepest) return false;
    switch (text_[at_]) {
      case '{':
        return read_object(value, depth);
      case '[':
        return read_list(value, depth);
      case '"':
        value.kind = JsonValue::Kind::kText;
        return read_text(value.text);
      default:
        return read_word(value);
    }
  }

  bool at_end() {
    blanks();
    return at_ == text_.size();
  }

 private:
  void blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  bool take(char wanted) {
    blanks();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool read_object(JsonValue& value, int depth) {
    value.kind = JsonValue::Kind::kObject;
    ++at_;
    if (take('}')) return true;
    do {
      blanks();
      value.keys.emplace_back();
      value.items.emplace_back();
      if (at_ == text_.size() || text_[at_] != '"' || !read_text(value.keys.back())) return false;
      if (!take(':') || !read(value.items.back(), depth + 1)) return false;
    } while (take(','));
    return take('}');
  }

  bool read_list(JsonValue& value, int depth) {
    value.kind = JsonValue::Kind::kList;
    ++at_;
    if (take(']')) return true;
    do {
      value.items.emplace_back();
      if (!read(value.items.back(), depth + 1)) return false;
    } while (take(','));
    return take(']');
  }

  bool read_text(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        out += c;
      } else if (!read_escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool read_escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt", kBytes = "\"\\/\b\f\n\r\t";
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    const std::size_t plain = kLetters.find(c);
    if (plain != std::string_view::npos) {
      out += kBytes[plain];
      return true;
    }
    std::uint32_t code = 0, low = 0;
    if (c != 'u' || !read_unit(code) || (code >= 0xdc00 && code < 0xe000)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      if (text_.substr(at_, 2) != "\\u") return false;
      at_ += 2;
      if (!read_unit(low) || low < 0xdc00 || low >= 0xe000) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, code);
    return true;
  }

  bool read_unit(std::uint32_t& code) {
    if (text_.size() - at_ < 4) return false;
    for (int i = 0; i < 4; ++i) {
      const char c = text_[at_++];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return false;
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    return true;
  }

  /// A number or one of the three words. What the number is worth is read by who wants it.
  bool read_word(JsonValue& value) {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n,]}", at_), text_.size());
    value.text = text_.substr(at_, end - at_);
    at_ = end;
    if (value.text == "null") return true;
    if (value.text == "true" || value.text == "false") {
      value.kind = JsonValue::Kind::kBool;
      return true;
    }
    value.kind = JsonValue::Kind::kNumber;
    return !value.text.empty() && value.text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

std::optional<JsonValue> parse_json(std::string_view text) {
  arrow::util::InitializeUTF8();
  if (!arrow::util::ValidateUTF8(text)) return std::nullopt;
  Reader reader(text);
  JsonValue value;
  if (!reader.read(value, 0) || !reader.at_end()) return std::nullopt;
  return value;
}

}  // namespace evclean
