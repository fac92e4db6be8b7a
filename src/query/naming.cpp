// SPDX-License-Identifier: Apache-2.0
// What the columns of a result are called.
#include <fmt/format.h>

#include <algorithm>

#include "planner.hpp"

namespace evclean::query {

std::string default_name(const Tree& tree, std::size_t number) {
  const std::string numbered = fmt::format("column{}", number);
  switch (tree.kind) {
    case TreeKind::kColumn:
      return tree.name;
    case TreeKind::kCase:
      return "case";
    case TreeKind::kCast: {
      const std::string inner = default_name(*tree.args[0], number);
      return inner == numbered ? tree.name : inner;
    }
    case TreeKind::kSubquery:
      if (tree.name == "scalar" && tree.query->items.size() == 1 && tree.query->items[0].value) {
        const sql::SelectItem& item = tree.query->items[0];
        return item.alias.empty() ? default_name(*item.value, number) : item.alias;
      }
      return tree.name == "exists" ? tree.name : numbered;
    case TreeKind::kCall:
      return tree.is_operator ? numbered : tree.name.substr(0, tree.name.find('('));
    case TreeKind::kLiteral:
      break;
  }
  return numbered;
}

void make_unique(std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = names[i];
    const auto taken = [&](const std::string& other) {
      return std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), other) !=
             names.begin() + static_cast<std::ptrdiff_t>(i);
    };
    // A name written out further on keeps it: a, a, a_2 becomes a, a_3, a_2.
    const auto later = [&](const std::string& other) {
      return std::find(names.begin() + static_cast<std::ptrdiff_t>(i) + 1, names.end(), other) != names.end();
    };
    if (!taken(name)) continue;
    for (int number = 2; taken(names[i]) || later(names[i]); ++number) names[i] = fmt::format("{}_{}", name, number);
  }
}

}  // namespace evclean::query
