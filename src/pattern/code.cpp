// SPDX-License-Identifier: Apache-2.0
#include "code.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "evclean/error.hpp"
#include "evclean/suggest.hpp"

namespace evclean::pcre {
namespace {

struct CompileContextTraits {
  using Raw = pcre2_compile_context*;
  static Raw null() noexcept { return nullptr; }
  static void close(Raw raw) noexcept { pcre2_compile_context_free(raw); }
};

[[noreturn]] void fail_compile(const std::string& text, int code, std::size_t offset) {
  std::array<PCRE2_UCHAR, 256> words{};
  pcre2_get_error_message(code, words.data(), words.size());
  std::string_view what = reinterpret_cast<const char*>(words.data());
  if (code == PCRE2_ERROR_DUPLICATE_SUBPATTERN_NAME) {
    what =
        "two named groups have the same name; (?J) at the begin of the pattern allows it (the one that takes part "
        "gives the value), or each may have a pattern of its own";
  }
  fail_user("bad regex: {}, at byte {}\n{}", what, offset + 1, caret(text, std::min(offset, text.size())));
}

}  // namespace

Code compile(const std::string& text, const PatternOptions& options, std::uint32_t extra_flags) {
  Handle<CompileContextTraits> context(pcre2_compile_context_create(nullptr));
  if (!context) throw std::bad_alloc();
  // `.` must stop at both bytes of a line end; a text with CR LF inside comes from multi-line records.
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_ANYCRLF);
  // \C could split a character and would make spans that are not UTF-8.
  std::uint32_t flags = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY | extra_flags;
  if (options.caseless) flags |= PCRE2_CASELESS;
  int error = 0;
  std::size_t offset = 0;
  Code code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), flags, &error, &offset, context.get()));
  if (!code) fail_compile(text, error, offset);
  return code;
}

std::vector<Pattern::Group> named_groups(const pcre2_code* code) {
  std::uint32_t count = 0;
  std::uint32_t entry_bytes = 0;
  PCRE2_SPTR table = nullptr;
  pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &count);
  pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &entry_bytes);
  pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
  std::vector<Pattern::Group> groups;
  for (std::uint32_t i = 0; i < count; ++i, table += entry_bytes) {
    // An entry is the group's number in two bytes, then its name with a zero.
    const std::uint32_t number = (std::uint32_t{table[0]} << 8) | table[1];
    groups.push_back({reinterpret_cast<const char*>(table + 2), number});
  }
  std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return groups;
}

}  // namespace evclean::pcre
