// SPDX-License-Identifier: Apache-2.0
// Macros of the job file: functions: {"bucket(x)": "x / 100"}. A call is replaced by the macro's tree with the
// arguments' trees in place of the parameters, so nothing in an argument is captured or read twice as text.
#pragma once

#include "evclean/expression.hpp"
#include "tree.hpp"

namespace evclean::sql {

/// Expands every macro in a tree. Errors: ExpressionError at the call (unknown function, wrong number of arguments, a
/// macro that calls itself, a mistake inside a macro's text).
TreePtr expand_macros(const TreePtr& tree, const Macros& macros);

}  // namespace evclean::sql
