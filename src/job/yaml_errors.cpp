// SPDX-License-Identifier: Apache-2.0
#include "yaml_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "evclean/suggest.hpp"

namespace evclean::job {

namespace {

/// Begins of yaml-cpp's messages, and what they mean to somebody who writes a job.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kMeanings{{
    {"unknown token", "this character cannot begin a value"},
    {"the referenced anchor is not defined", "'*' begins an alias, and there is no anchor of that name"},
    {"alias not found after *", "'*' begins an alias, and no name follows"},
    {"anchor not found after &", "'&' begins an anchor, and no name follows"},
    {"unknown escape character", "a backslash in double quotes begins an escape, and this one is unknown"},
    {"illegal map value", "a ':' where no key can be: quote a value that contains ': ', or check the indentation"},
    {"end of map not found",
     "this belongs to no key above: check the indentation, and that nothing follows a closing quote"},
    {"end of sequence not found", "this belongs to no list above: check the indentation"},
    {"end of map flow not found", "a '{' is not closed with '}'"},
    {"end of sequence flow not found", "a '[' is not closed with ']'"},
    {"illegal flow end", "a closing bracket without its opening one"},
    {"illegal block entry", "a '- ' where no list can be: check the indentation"},
    {"cannot assign multiple anchors", "two '&' anchors for one value"},
}};

std::string meaning_of(const std::string& parser_message) {
  for (const auto& [begin, meaning] : kMeanings) {
    if (parser_message.compare(0, begin.size(), begin) == 0) return std::string(meaning);
  }
  return parser_message;
}

/// Characters that begin something in YAML and are common in globs, patterns and expressions.
bool is_special_begin(std::string_view rest) {
  return !rest.empty() && std::string_view("@*%!&`\\").find(rest.front()) != std::string_view::npos;
}

bool is_indented_by_tab(std::string_view line) {
  const std::size_t text = line.find_first_not_of(" \t");
  return line.substr(0, text).find('\t') != std::string_view::npos;
}

/// Tells whether only a closed quote stands between the value's begin and the offset: 'GET' = method.
bool follows_a_quote(YamlSource& source, std::size_t offset) {
  const std::size_t begin = source.line_begin(offset);
  const std::string_view before = source.from(begin).substr(0, offset - begin);
  const std::size_t last = before.find_last_not_of(' ');
  return last != std::string_view::npos && (before[last] == '\'' || before[last] == '"');
}

/// Tells whether the line before is a word, ':' and a value without a blank between them: YAML reads that as a text,
/// which goes on here.
bool follows_a_glued_key(YamlSource& source, std::size_t offset) {
  const std::size_t begin = source.line_begin(offset);
  if (begin == 0) return false;
  const std::string_view line = source.line_of(begin - 1);
  const std::size_t word = std::min(line.find_first_not_of(" -"), line.size());
  const std::size_t colon = line.find_first_of(": '\"#", word);
  return colon != std::string_view::npos && colon > word && line[colon] == ':' && colon + 1 < line.size() &&
         std::string_view(" \t\r/").find(line[colon + 1]) == std::string_view::npos;
}

std::string advice(YamlSource& source, std::size_t offset, const std::string& parser_message) {
  const auto begins = [&](const char* words) { return parser_message.rfind(words, 0) == 0; };
  const bool nameless = begins("alias not found") || begins("anchor not found");  // the place is behind '*' or '&' then
  if (begins("unknown escape") || nameless || is_special_begin(source.from(offset))) {
    return ": put it in single quotes";
  }
  if (begins("illegal map value") && follows_a_glued_key(source, offset)) {
    return "; the line above has no blank behind its ':'";
  }
  if (is_indented_by_tab(source.line_of(offset))) return " (YAML indents with blanks, not tabs)";
  if (parser_message == "end of map not found" && follows_a_quote(source, offset)) {
    return ": text after a closing quote; put the whole value in quotes";
  }
  return "";
}

}  // namespace

JobProblem problem_with_line(YamlSource& source, std::size_t offset, const std::string& message) {
  const std::size_t begin = source.line_begin(offset);
  const std::string_view line = source.line_of(offset);
  const std::size_t in_line = std::min(offset - begin, line.size());
  return {source.place(offset), fmt::format("{}\n{}", message, caret(line, in_line))};
}

JobProblem yaml_problem(YamlSource& source, std::size_t offset, const std::string& parser_message) {
  offset = std::min(offset, source.text().size());
  const std::string message = meaning_of(parser_message) + advice(source, offset, parser_message);
  return problem_with_line(source, offset, message);
}

}  // namespace evclean::job
