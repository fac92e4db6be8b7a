// SPDX-License-Identifier: Apache-2.0
#include "scope.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "evclean/suggest.hpp"

namespace evclean::query {

std::vector<std::string> names_of(const Columns& columns) {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  return names;
}

namespace {

std::vector<std::string> names_of(const std::vector<Relation>& relations) {
  std::vector<std::string> names;
  for (const Relation& relation : relations) names.push_back(relation.name);
  return names;
}

[[noreturn]] void fail_case(const Tree& name, const std::vector<std::string>& candidates) {
  throw ExpressionError(
      fmt::format("{} may be {}: write the one that is meant as it is spelt", name.name, fmt::join(candidates, " or ")),
      name.position);
}

/// The rest of a.b after the table.
Tree without_table(const Tree& name) {
  Tree rest = name;
  rest.name = name.name.substr(name.qualifier_bytes + 1);
  rest.qualifier_bytes = 0;
  return rest;
}

}  // namespace

int find_named(const Columns& columns, const Tree& name) {
  std::vector<std::string> candidates;
  const int found = sql::find_name(name.name, names_of(columns), &candidates);
  if (!candidates.empty()) fail_case(name, candidates);
  return found;
}

Scope::Scope(Relation relation) : visible_(relation.columns) { relations_.push_back(std::move(relation)); }

Scope Scope::beside(Scope left, Scope right, std::size_t position) {
  for (Relation& relation : right.relations_) {
    for (const Relation& other : left.relations_) {
      if (other.name != relation.name) continue;
      throw ExpressionError(
          fmt::format("two tables are called {0} here: give one another name, as in {0} as other", relation.name),
          position);
    }
    left.relations_.push_back(std::move(relation));
  }
  left.visible_.insert(left.visible_.end(), right.visible_.begin(), right.visible_.end());
  return left;
}

void Scope::merge(const Columns& merged, const std::vector<std::string>& hidden_fields) {
  Columns visible = merged;
  for (Column& column : visible_) {
    const bool hidden = std::find(hidden_fields.begin(), hidden_fields.end(), column.field) != hidden_fields.end();
    if (!hidden) visible.push_back(std::move(column));
  }
  visible_ = std::move(visible);
}

const Relation* Scope::relation(std::string_view name) const {
  const int found = sql::find_name(name, names_of(relations_), nullptr);
  return found < 0 ? nullptr : &relations_[static_cast<std::size_t>(found)];
}

std::string Scope::table_of(const std::string& field) const {
  for (const Relation& relation : relations_) {
    if (find_column(relation.columns, field) != nullptr) return relation.name;
  }
  return {};
}

/// How a visible column is told from others of its name: by its table, or as the key that USING made of several.
std::string Scope::written(const Column& column) const {
  const std::string table = table_of(column.field);
  if (!table.empty()) return fmt::format("{}.{}", table, column.name);
  std::vector<std::string> sides;
  for (const Relation& relation : relations_) {
    for (const Column& own : relation.columns) {
      if (own.name == column.name && find_column(visible_, own.field) == nullptr)
        sides.push_back(fmt::format("{}.{}", relation.name, own.name));
    }
  }
  return fmt::format("coalesce({})", fmt::join(sides, ", "));
}

const Column* Scope::find_visible(const Tree& name) const {
  const Column* found = nullptr;
  std::vector<std::string> tables;
  for (const Column& column : visible_) {
    if (column.name != name.name) continue;
    found = &column;
    tables.push_back(written(column));
  }
  if (tables.size() > 1) {
    throw ExpressionError(fmt::format("{} is in several tables: write {}", name.name, fmt::join(tables, " or ")),
                          name.position);
  }
  if (found != nullptr) return found;
  const int index = find_named(visible_, name);
  if (index >= 0) return &visible_[static_cast<std::size_t>(index)];
  const bool open = std::any_of(relations_.begin(), relations_.end(), [](const Relation& r) { return r.open; });
  return open ? null_column(name.name) : nullptr;
}

const Column* Scope::null_column(std::string_view name) const {
  null_columns_.push_back(std::make_shared<const Column>(Column{{}, std::string(name), ValueType::kString, true}));
  return null_columns_.back().get();
}

const Column* Scope::find(const Tree& name) const {
  if (name.qualifier_bytes == 0) return find_visible(name);
  const Relation* table = relation(std::string_view(name.name).substr(0, name.qualifier_bytes));
  if (table == nullptr) return find_visible(name);
  const Tree rest = without_table(name);
  const int index = find_named(table->columns, rest);
  if (index >= 0) return &table->columns[static_cast<std::size_t>(index)];
  return table->open ? null_column(rest.name) : nullptr;
}

const Columns& Scope::all_of(const sql::Word& table) const {
  if (const Relation* found = relation(table.text)) return found->columns;
  const auto names = names_of(relations_);
  throw ExpressionError(fmt::format("no table {}{}; there {} {}", table.text, did_you_mean(table.text, names),
                                    names.size() == 1 ? "is" : "are", fmt::join(names, ", ")),
                        table.position);
}

void Scope::fail_unknown(const Tree& name) const {
  if (relations_.empty()) {
    throw ExpressionError(fmt::format("no column {}: without FROM there is one row and no column", name.name),
                          name.position);
  }
  const Relation* table =
      name.qualifier_bytes == 0 ? nullptr : relation(std::string_view(name.name).substr(0, name.qualifier_bytes));
  const std::string word = table != nullptr ? name.name.substr(name.qualifier_bytes + 1) : name.name;
  const auto names = names_of(table != nullptr ? table->columns : visible_);
  std::string message =
      fmt::format("no column {}{}{}", word, table != nullptr ? " in " + table->name : "", did_you_mean(word, names));
  if (name.quoted && name.qualifier_bytes == 0) {
    message += fmt::format("; use single quotes for text: '{}'", name.name);
  } else if (!message.ends_with(')') && !names.empty()) {
    constexpr std::size_t kShown = 12;
    const std::vector<std::string> shown(names.begin(),
                                         names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown)));
    message += fmt::format("; there are {}{}", fmt::join(shown, ", "), names.size() > kShown ? ", …" : "");
  }
  throw ExpressionError(std::move(message), name.position);
}

}  // namespace evclean::query
