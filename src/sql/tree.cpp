// SPDX-License-Identifier: Apache-2.0
#include "evclean/sql_tree.hpp"

#include <algorithm>
#include <utility>

namespace evclean::sql {

bool same(const Tree& a, const Tree& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.args.size() != b.args.size() || a.distinct != b.distinct || a.exact != b.exact)
    return false;
  if (a.kind == TreeKind::kSubquery) return a.query == b.query && a.field == b.field;
  if (a.kind == TreeKind::kColumn && !(a.field.empty() && b.field.empty())) return a.field == b.field;
  if (a.name != b.name || a.literal != b.literal || (a.filter == nullptr) != (b.filter == nullptr)) return false;
  if (a.filter && !same(*a.filter, *b.filter)) return false;
  return std::equal(a.args.begin(), a.args.end(), b.args.begin(),
                    [](const TreePtr& x, const TreePtr& y) { return same(*x, *y); });
}

TreePtr rewrite(const TreePtr& tree, const std::function<TreePtr(const TreePtr&)>& replace) {
  if (TreePtr other = replace(tree)) return other;
  std::shared_ptr<Tree> copy;
  const auto put = [&](const TreePtr& before, const auto& set) {
    TreePtr after = rewrite(before, replace);
    if (after == before) return;
    if (!copy) copy = std::make_shared<Tree>(*tree);
    set(*copy, std::move(after));
  };
  for (std::size_t i = 0; i < tree->args.size(); ++i) {
    put(tree->args[i], [i](Tree& to, TreePtr part) { to.args[i] = std::move(part); });
  }
  if (tree->filter) put(tree->filter, [](Tree& to, TreePtr part) { to.filter = std::move(part); });
  return copy ? copy : tree;
}

void walk(const TreePtr& tree, const std::function<bool(const Tree&)>& look) {
  if (!look(*tree)) return;
  for (const TreePtr& arg : tree->args) walk(arg, look);
  if (tree->filter) walk(tree->filter, look);
}

}  // namespace evclean::sql
