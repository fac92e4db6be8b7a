// SPDX-License-Identifier: Apache-2.0
// Nodes that search with PCRE2. Patterns are constants, compiled when the expression is bound.
#pragma once

#include <string>
#include <string_view>

#include "binder.hpp"

namespace evclean::sql {

/// text ~ pattern. A literal that every match must hold is looked for first, and results are kept a distinct text.
NodePtr regex_match_node(NodePtr text, const Operand& pattern, bool caseless);

/// The first match's group (0: all of it); null when there is none.
NodePtr regex_group_node(NodePtr text, const Operand& pattern, std::size_t group);
/// The first group when the pattern has one, else the match.
NodePtr regex_first_node(NodePtr text, const Operand& pattern);
NodePtr regex_count_node(NodePtr text, const Operand& pattern);
/// Replaces the first match, or all with `global`. \1 or $1 is a group, \& or $0 the match, $$ a dollar.
NodePtr regex_replace_node(NodePtr text, const Operand& pattern, const Operand& replacement, bool global,
                           bool caseless);

/// A text that every match of the pattern holds, or an empty one when none is certain.
/// `whole` (out): the pattern is nothing but that text.
std::string required_text(std::string_view pattern, bool& whole);

}  // namespace evclean::sql
