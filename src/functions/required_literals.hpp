// SPDX-License-Identifier: Apache-2.0
// What a text must contain for a regex to have a chance: clauses of literals, of each of which at least one must occur.
// With them, one pass over a user agent rules out nearly all of more than a thousand regexes.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace evclean::functions {

/// At least one of these occurs (ASCII lower case) in the lower-cased text of every match.
using LiteralClause = std::set<std::string>;

/// How common a literal is in ordinary agents: 0 is rare. Steers the choice only, never what is correct.
using Commonness = std::function<int(std::string_view)>;

constexpr std::size_t kMinLiteralBytes = 3;
constexpr std::size_t kMaxClauses = 4;

/// The clauses of `regex`, most selective first, at most kMaxClauses; literals shorter than kMinLiteralBytes are not
/// used. Empty if nothing is known to be required, or if the regex uses a construct that is not understood.
std::vector<LiteralClause> required_literals(std::string_view regex, const Commonness& commonness);

}  // namespace evclean::functions
