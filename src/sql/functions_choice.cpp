// SPDX-License-Identifier: Apache-2.0
// Functions of any number of values of any one type.
#include <fmt/format.h>

#include "kernels.hpp"
#include "registry.hpp"

namespace evclean::sql {
namespace {

NodePtr bind_coalesce(Binder& binder, const Tree& tree) {
  Operands operands = binder.bind_all(tree.args);
  return coalesce_node(binder.unify(operands, "mix"));
}

NodePtr bind_extreme(Binder& binder, const Tree& tree) {
  Operands operands = binder.bind_all(tree.args);
  return extreme_node(binder.unify(operands, "compare"), tree.name == "greatest");
}

NodePtr bind_nullif(Binder& binder, const Tree& tree) {
  if (tree.args.size() != 2) Binder::fail(tree, "nullif takes two values");
  Tree choice;
  choice.kind = TreeKind::kCase;
  choice.position = tree.position;
  choice.args = {make_call("=", tree.args, tree.position), make_literal(Null{}, tree.position), tree.args[0]};
  return std::move(binder.bind(choice).node);
}

NodePtr bind_concat_call(Binder& binder, const Tree& tree) {
  if (tree.args.empty()) Binder::fail(tree, "concat takes one value or more");
  Nodes args;
  for (Operand& operand : binder.bind_all(tree.args)) args.push_back(Binder::text_of(operand));
  return concat_node(std::move(args), true);
}

}  // namespace

void add_choice_functions(Registry& registry) {
  registry.add_custom("coalesce",
                      {"coalesce(x, y, ...)", "the first value that is not null", "coalesce(null, 'a', 'b') = 'a'"},
                      bind_coalesce);
  registry.add_custom("nullif", {"nullif(x, y)", "null where both are equal, else x", "nullif('-', '-') is null"},
                      bind_nullif);
  registry.add_custom("greatest",
                      {"greatest(x, y, ...)", "the greatest; nulls do not count", "greatest(1, null, 3) = 3"},
                      bind_extreme);
  registry.add_custom("least", {"least(x, y, ...)", "the least; nulls do not count", "least(1, null, 3) = 1"},
                      bind_extreme);
  registry.add_custom("concat",
                      {"concat(x, y, ...) -> string", "the texts joined; nulls are skipped (|| gives null)",
                       "concat('a', null, 1) = 'a1'"},
                      bind_concat_call);
}

}  // namespace evclean::sql
