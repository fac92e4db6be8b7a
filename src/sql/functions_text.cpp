// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "evclean/hash.hpp"
#include "kernels.hpp"
#include "registry.hpp"
#include "text_bytes.hpp"

namespace evclean::sql {
namespace {

using Text = std::string_view;
using MaybeText = std::optional<std::string_view>;

/// Texts longer than an input line may be are not made from data: null instead.
constexpr std::size_t kMaxTextBytes = 16u << 20;

Text trim_left(Text text, Text set) {
  while (!text.empty()) {
    const std::size_t end = next_character(text, 0);
    if (set.find(text.substr(0, end)) == Text::npos) break;
    text.remove_prefix(end);
  }
  return text;
}

Text trim_right(Text text, Text set) {
  while (!text.empty()) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && is_continuation(text[begin])) --begin;
    if (set.find(text.substr(begin)) == Text::npos) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

/// Characters from number `from` (1-based), `count` of them; what lies before the first does not count.
MaybeText substring(Text text, std::int64_t from, std::int64_t count) {
  if (count < 0) return std::nullopt;
  std::int64_t end;
  if (__builtin_add_overflow(from, count, &end)) end = INT64_MAX;
  from = std::max<std::int64_t>(from, 1);
  if (end <= from) return Text();
  const std::size_t begin = character_offset(text, from - 1);
  const Text rest = text.substr(begin);
  return rest.substr(0, character_offset(rest, end - from));
}

Text left(Text text, std::int64_t count) {
  if (count >= 0) return text.substr(0, character_offset(text, count));
  return text.substr(0, character_offset(text, std::max<std::int64_t>(count_characters(text) + count, 0)));
}

Text right(Text text, std::int64_t count) {
  const std::int64_t characters = count_characters(text);
  const std::int64_t skipped = count >= 0            ? std::max<std::int64_t>(characters - count, 0)
                               : count < -characters ? characters
                                                     : -count;
  return text.substr(character_offset(text, skipped));
}

/// Fills up to `length` characters with `fill`, before (left) or after; longer text is cut.
struct Pad {
  bool before;
  std::string out;

  MaybeText operator()(Text text, std::int64_t length, Text fill) {
    const std::int64_t missing = std::max<std::int64_t>(length, 0) - count_characters(text);
    if (missing <= 0) return left(text, std::max<std::int64_t>(length, 0));
    if (fill.empty()) return text;
    if (missing > static_cast<std::int64_t>(kMaxTextBytes / 4)) return std::nullopt;
    std::string padding;
    const std::int64_t fill_characters = count_characters(fill);
    for (std::int64_t n = missing / fill_characters; n > 0; --n) padding += fill;
    padding += left(fill, missing % fill_characters);
    out = before ? padding + std::string(text) : std::string(text) + padding;
    return out;
  }
};

struct Replace {
  std::string out;

  MaybeText operator()(Text text, Text from, Text to) {
    if (from.empty()) return text;
    out.clear();
    std::size_t at = 0;
    for (std::size_t found; (found = text.find(from, at)) != Text::npos; at = found + from.size()) {
      out += text.substr(at, found - at);
      out += to;
      if (out.size() > kMaxTextBytes) return std::nullopt;
    }
    if (at == 0) return text;
    out += text.substr(at);
    return out;
  }
};

struct Reverse {
  std::string out;

  Text operator()(Text text) {
    out.clear();
    for (std::size_t end = text.size(); end > 0;) {
      std::size_t begin = end - 1;
      while (begin > 0 && is_continuation(text[begin])) --begin;
      out += text.substr(begin, end - begin);
      end = begin;
    }
    return out;
  }
};

struct Repeat {
  std::string out;

  MaybeText operator()(Text text, std::int64_t count) {
    count = std::max<std::int64_t>(count, 0);
    if (!text.empty() && count > static_cast<std::int64_t>(kMaxTextBytes / text.size())) return std::nullopt;
    out.clear();
    for (; count > 0 && !text.empty(); --count) out += text;
    return out;
  }
};

void add_pad(Registry& registry, const std::string& name, bool before, FunctionInfo info) {
  registry.add_rows(name, std::move(info), Pad{before, {}});
  registry.add_rows(name, {},
                    [pad = Pad{before, {}}](Text text, std::int64_t length) mutable { return pad(text, length, " "); });
}

void add_case(Registry& registry, const std::string& name, NodePtr (*make)(NodePtr), FunctionInfo info) {
  registry.add(name, std::move(info),
               {{ValueType::kString}, [make](CallSite&, Nodes args) { return make(std::move(args[0])); }});
}

void add_trims(Registry& registry) {
  registry.add_rows("trim",
                    {"trim(text[, characters]) -> string",
                     "text without blanks (or the given characters) at both ends; also trim(leading 'x' from text)",
                     "trim('  a ') = 'a'"},
                    [](Text text) { return trim_right(trim_left(text, " "), " "); });
  registry.add_rows("trim", {}, [](Text text, Text set) { return trim_right(trim_left(text, set), set); });
  registry.add_alias("btrim", "trim");
  registry.add_rows("ltrim",
                    {"ltrim(text[, characters]) -> string", "the same at the left end only", "ltrim('xxa', 'x') = 'a'"},
                    [](Text text) { return trim_left(text, " "); });
  registry.add_rows("ltrim", {}, [](Text text, Text set) { return trim_left(text, set); });
  registry.add_rows("rtrim",
                    {"rtrim(text[, characters]) -> string", "the same at the right end only", "rtrim('a  ') = 'a'"},
                    [](Text text) { return trim_right(text, " "); });
  registry.add_rows("rtrim", {}, [](Text text, Text set) { return trim_right(text, set); });
}

void add_parts(Registry& registry) {
  registry.add_rows(
      "substr",
      {"substr(text, from[, count]) -> string",
       "characters from a place (1 is the first); also substring(text from 2 for 3)", "substr('straße', 4, 2) = 'aß'"},
      [](Text text, std::int64_t from, std::int64_t count) { return substring(text, from, count); });
  registry.add_rows("substr", {}, [](Text text, std::int64_t from) {
    return substring(text, std::max<std::int64_t>(from, 1), INT64_MAX);
  });
  registry.add_rows("left",
                    {"left(text, n) -> string", "the first n characters; a negative n leaves out the last ones",
                     "left('abc', 2) = 'ab'"},
                    [](Text text, std::int64_t n) { return left(text, n); });
  registry.add_rows("right",
                    {"right(text, n) -> string", "the last n characters; a negative n leaves out the first ones",
                     "right('abc', 2) = 'bc'"},
                    [](Text text, std::int64_t n) { return right(text, n); });
}

void add_hash(Registry& registry) {
  registry.add_rows("hash",
                    {"hash(x) -> int64", "XXH3-64 of the value's CSV text; the same on every machine",
                     "hash('') = 3244421341483603138"},
                    [](Text text) { return static_cast<std::int64_t>(hash_bytes(text)); });
}

}  // namespace

void add_text_functions(Registry& registry) {
  add_case(registry, "lower", lower_node, {"lower(text) -> string", "lower case", "lower('ÄB') = 'äb'"});
  add_case(registry, "upper", upper_node, {"upper(text) -> string", "upper case", "upper('äb') = 'ÄB'"});
  add_trims(registry);
  add_parts(registry);
  add_hash(registry);
  registry.add_rows("length", {"length(text) -> int64", "characters, not bytes", "length('straße') = 6"},
                    [](Text text) { return count_characters(text); });
  registry.add_alias("char_length", "length");
  registry.add_alias("character_length", "length");
  registry.add_rows("octet_length", {"octet_length(text) -> int64", "bytes of UTF-8", "octet_length('straße') = 7"},
                    [](Text text) { return static_cast<std::int64_t>(text.size()); });
  add_pad(registry, "lpad", true,
          {"lpad(text, length[, fill]) -> string", "fills up at the left, or cuts", "lpad('7', 3, '0') = '007'"});
  add_pad(registry, "rpad", false,
          {"rpad(text, length[, fill]) -> string", "fills up at the right, or cuts", "rpad('ab', 4, '.') = 'ab..'"});
  registry.add_rows("replace",
                    {"replace(text, from, to) -> string", "every occurrence of a text replaced",
                     "replace('a-b-c', '-', '+') = 'a+b+c'"},
                    Replace{});
  registry.add_rows("reverse", {"reverse(text) -> string", "characters in reverse order", "reverse('abc') = 'cba'"},
                    Reverse{});
  registry.add_rows("repeat", {"repeat(text, n) -> string", "the text n times", "repeat('ab', 3) = 'ababab'"},
                    Repeat{});
}

}  // namespace evclean::sql
