// SPDX-License-Identifier: Apache-2.0
#include "flat_json.hpp"

#include <cctype>
#include <optional>

namespace evclean::s3 {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::map<std::string, std::string> object() {
    std::map<std::string, std::string> members;
    if (!take('{')) return {};
    while (!take('}')) {
      const auto name = string();
      if (!name || !take(':')) return {};
      if (const auto value = plain_value()) {
        members[*name] = *value;
      } else if (!skip_nested()) {
        return {};
      }
      if (!take(',') && peek() != '}') return {};
    }
    return members;
  }

 private:
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      char c = text_[at_++];
      if (c == '\\' && at_ < text_.size()) c = escaped(text_[at_++]);
      out += c;
    }
    if (at_ == text_.size()) return std::nullopt;
    ++at_;
    return out;
  }

  /// Keys, tokens and times are ASCII; \u only stands for such characters there.
  char escaped(char c) {
    if (c == 'n') return '\n';
    if (c == 't') return '\t';
    if (c != 'u' || at_ + 4 > text_.size()) return c;
    const int value = std::stoi("0x0" + std::string(text_.substr(at_, 4)), nullptr, 16);
    at_ += 4;
    return static_cast<char>(value);
  }

  std::optional<std::string> plain_value() {
    const char first = peek();
    if (first == '"') return string();
    if (first == '{' || first == '[') return std::nullopt;
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']' &&
           !std::isspace(static_cast<unsigned char>(text_[at_])))
      ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool skip_nested() {
    int depth = 0;
    do {
      const char c = peek();
      if (c == '\0') return false;
      if (c == '"') {
        if (!string()) return false;
        continue;
      }
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      ++at_;
    } while (depth > 0);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::map<std::string, std::string> flat_json(std::string_view text) { return Reader(text).object(); }

}  // namespace evclean::s3
