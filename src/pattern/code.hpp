// SPDX-License-Identifier: Apache-2.0
// PCRE2's objects as handles, and the compilation of a pattern under evclean's rules. Private to this room.
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <string>
#include <string_view>

#include "evclean/handle.hpp"
#include "evclean/pattern.hpp"

namespace evclean::pcre {

struct CodeTraits {
  using Raw = pcre2_code*;
  static Raw null() noexcept { return nullptr; }
  static void close(Raw raw) noexcept { pcre2_code_free(raw); }
};
struct MatchDataTraits {
  using Raw = pcre2_match_data*;
  static Raw null() noexcept { return nullptr; }
  static void close(Raw raw) noexcept { pcre2_match_data_free(raw); }
};
struct MatchContextTraits {
  using Raw = pcre2_match_context*;
  static Raw null() noexcept { return nullptr; }
  static void close(Raw raw) noexcept { pcre2_match_context_free(raw); }
};
struct JitStackTraits {
  using Raw = pcre2_jit_stack*;
  static Raw null() noexcept { return nullptr; }
  static void close(Raw raw) noexcept { pcre2_jit_stack_free(raw); }
};

using Code = Handle<CodeTraits>;
using MatchData = Handle<MatchDataTraits>;
using MatchContext = Handle<MatchContextTraits>;
using JitStack = Handle<JitStackTraits>;

/// Compiles under the rules of the job contract (2.4): UTF, ASCII classes, `.` stops at \n and \r, `$` at the very end.
/// Errors: user Error with PCRE2's words and a caret.
Code compile(const std::string& text, const PatternOptions& options, std::uint32_t extra_flags = 0);

/// Named groups in order of their number.
std::vector<Pattern::Group> named_groups(const pcre2_code* code);

}  // namespace evclean::pcre
