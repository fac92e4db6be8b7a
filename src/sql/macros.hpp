// SPDX-License-Identifier: Apache-2.0
// Macros of the job file: functions: {"bucket(x)": "x / 100"}. A call is replaced by the macro's tree with the
// arguments' trees in place of the parameters, so nothing in an argument is captured or read twice as text.
#pragma once

#include <functional>

#include "evclean/expression.hpp"
#include "evclean/sql_tree.hpp"

namespace evclean::sql {

/// Expands every macro in a tree, and checks the names of functions; `aggregates` may be among them or not. Errors:
/// ExpressionError at the call (unknown function, wrong number of arguments, a macro that calls itself, a mistake
/// inside a macro's text).
std::function<TreePtr(const TreePtr&)> macro_expander(const Macros& macros, bool aggregates);

inline TreePtr expand_macros(const TreePtr& tree, const Macros& macros) { return macro_expander(macros, false)(tree); }

}  // namespace evclean::sql
