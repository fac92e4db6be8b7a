// SPDX-License-Identifier: Apache-2.0
#include "access_line.hpp"

#include <string>

#include "byte_index.hpp"
#include "is_digit.hpp"

namespace evclean {
namespace {

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/// A cursor over one line. take_*() move it and return false, with `expected` set, where the line does not go on so.
class Cursor {
 public:
  Cursor(const char* text, std::size_t begin, std::size_t end, AccessFields& fields)
      : text_(text), at_(begin), end_(end), fields_(fields) {}

  bool take_literal(std::string_view literal, std::string_view expected) {
    if (std::string_view(text_ + at_, end_ - at_).starts_with(literal)) {
      at_ += literal.size();
      return true;
    }
    return stop(at_, expected);
  }

  /// [^ ]+
  bool take_word(AccessColumn column, std::string_view expected) {
    const std::size_t begin = at_;
    at_ = find_either(text_, begin, end_, ' ', ' ');
    if (at_ == begin) return stop(at_, expected);
    put(column, begin, at_);
    return true;
  }

  /// (?!- [^\[])[^\[]+ and a blank before the bracket, which is left to stand. A user may have blanks, but "- x" are
  /// two fields: the line has one too many before its time (a virtual host, say), and its address is no address.
  bool take_user() {
    const std::size_t begin = at_;
    const std::size_t bracket = find_either(text_, begin, end_, '[', '[');
    if (bracket == end_ || bracket < begin + 2 || text_[bracket - 1] != ' ') return stop(bracket, "user [time]");
    if (bracket > begin + 2 && text_[begin] == '-' && text_[begin + 1] == ' ') return stop(begin + 1, "user [time]");
    put(kUser, begin, bracket - 1);
    at_ = bracket - 1;
    return true;
  }

  /// [^\]]+
  bool take_time() {
    const std::size_t begin = at_;
    at_ = find_either(text_, begin, end_, ']', ']');
    if (at_ == begin || at_ == end_) return stop(at_, "the time and ]");
    put(kTime, begin, at_);
    return true;
  }

  /// (?:[^"\\]|\\.)*" : the span is [begin, end) without the closing quote, which is taken.
  bool take_quoted(std::size_t& begin, std::size_t& end, bool& escaped) {
    begin = at_;
    escaped = false;
    for (at_ = find_either(text_, at_, end_, '"', '\\'); at_ < end_ && text_[at_] == '\\';) {
      escaped = escaped || (at_ + 1 < end_ && text_[at_ + 1] == '"');
      if (++at_ < end_) take_character();
      at_ = find_either(text_, at_, end_, '"', '\\');
    }
    if (at_ >= end_) return stop(end_, "a closing quote");
    end = at_++;
    return true;
  }

  bool take_quoted_field(AccessColumn column) {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool escaped = false;
    if (!take_quoted(begin, end, escaped)) return false;
    put(column, begin, end);
    fields_.escaped[column] = escaped;
    return true;
  }

  bool take_request() {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool escaped = false;
    if (!take_quoted(begin, end, escaped)) return false;
    if (!split_request(begin, end)) put(kPath, begin, end);
    fields_.escaped[kPath] = escaped;
    return true;
  }

  bool take_end() {
    if (at_ == end_) return true;
    if (text_[at_] != ' ') return stop(at_, "a blank or the end of the line");
    put(kExtra, at_ + 1, end_);
    return true;
  }

 private:
  bool stop(std::size_t at, std::string_view expected) {
    fields_.stopped = at;
    fields_.expected = expected;
    return false;
  }

  void put(AccessColumn column, std::size_t begin, std::size_t end) {
    fields_.spans[column] = Span::of(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin));
  }

  /// One UTF-8 character.
  void take_character() {
    ++at_;
    while (at_ < end_ && (static_cast<unsigned char>(text_[at_]) & 0xC0) == 0x80) ++at_;
  }

  /// [A-Za-z][A-Za-z_-]* (?:[^ "\\]|\\[^ ])+ [A-Z]+/\d+(?:\.\d+)?
  bool split_request(std::size_t begin, std::size_t end) {
    std::size_t at = begin;
    if (at == end || !is_letter(text_[at])) return false;
    while (at < end && (is_letter(text_[at]) || text_[at] == '_' || text_[at] == '-')) ++at;
    const std::size_t method_end = at;
    if (at == end || text_[at] != ' ') return false;
    const std::size_t path = ++at;
    for (at = find_either(text_, at, end, ' ', '\\'); at < end && text_[at] == '\\';) {
      if (++at < end && text_[at] == ' ') return false;
      at = find_either(text_, at + 1, end, ' ', '\\');
    }
    if (at >= end || at == path || !is_protocol(at + 1, end)) return false;
    put(kMethod, begin, method_end);
    put(kPath, path, at);
    put(kProtocol, at + 1, end);
    return true;
  }

  bool is_protocol(std::size_t at, std::size_t end) const {
    const std::size_t name = at;
    while (at < end && text_[at] >= 'A' && text_[at] <= 'Z') ++at;
    if (at == name || at == end || text_[at] != '/') return false;
    const std::size_t major = ++at;
    while (at < end && is_digit(text_[at])) ++at;
    if (at == major) return false;
    if (at == end) return true;
    if (text_[at] != '.') return false;
    const std::size_t minor = ++at;
    while (at < end && is_digit(text_[at])) ++at;
    return at == end && at > minor;
  }

  const char* text_;
  std::size_t at_;
  std::size_t end_;
  AccessFields& fields_;
};

}  // namespace

std::string_view access_column_name(AccessColumn column) {
  constexpr std::array<std::string_view, kAccessColumns> kNames = {
      "ip", "ident", "user", "time", "method", "path", "protocol", "status", "bytes", "referer", "user_agent", "extra"};
  return kNames[column];
}

std::string access_pattern(AccessFormat format) {
  std::string pattern =
      R"re((?sJ)^(?<ip>[^ ]+) (?<ident>[^ ]+) (?<user>(?!- [^\[])[^\[]+) \[(?<time>[^\]]+)\] )re"
      R"re("(?:(?<method>[A-Za-z][A-Za-z_-]*) (?<path>(?:[^ "\\]|\\[^ ])+) (?<protocol>[A-Z]+/\d+(?:\.\d+)?))re"
      R"re(|(?<path>(?:[^"\\]|\\.)*))" (?<status>[^ ]+) (?<bytes>[^ ]+))re";
  if (format == AccessFormat::kCombined) {
    pattern += R"re( "(?<referer>(?:[^"\\]|\\.)*)" "(?<user_agent>(?:[^"\\]|\\.)*)")re";
  }
  return pattern + R"re((?: (?<extra>.*))?$)re";
}

bool scan_access_line(const char* text, std::size_t begin, std::size_t end, AccessFormat format, AccessFields& fields) {
  fields = AccessFields{};
  Cursor cursor(text, begin, end, fields);
  const bool request = cursor.take_word(kIp, "an address") && cursor.take_literal(" ", "a blank") &&
                       cursor.take_word(kIdent, "ident") && cursor.take_literal(" ", "a blank") && cursor.take_user() &&
                       cursor.take_literal(" [", " [time]") && cursor.take_time() &&
                       cursor.take_literal("] \"", "] \"request\"") && cursor.take_request();
  if (!request || !cursor.take_literal(" ", "a blank") || !cursor.take_word(kStatus, "a status") ||
      !cursor.take_literal(" ", "a blank") || !cursor.take_word(kBytes, "bytes")) {
    return false;
  }
  if (format == AccessFormat::kCombined) {
    const bool quoted = cursor.take_literal(" \"", " \"referer\"") && cursor.take_quoted_field(kReferer) &&
                        cursor.take_literal(" \"", " \"user agent\"") && cursor.take_quoted_field(kUserAgent);
    if (!quoted) return false;
  }
  return cursor.take_end();
}

void unescape_quotes(std::string_view field, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 1 < field.size()) {
      if (field[i + 1] != '"') out += '\\';
      ++i;
    }
    out += field[i];
  }
}

}  // namespace evclean
