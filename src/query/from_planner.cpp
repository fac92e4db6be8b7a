// SPDX-License-Identifier: Apache-2.0
// FROM: tables, tables of WITH, subqueries and joins.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "evclean/suggest.hpp"
#include "planner.hpp"

namespace evclean::query {
namespace {

/// Columns of the program's own (where a row's record stands) begin with it; a query does not see them.
constexpr char kHidden = '\x01';

JoinHow join_how(sql::JoinKind kind) {
  switch (kind) {
    case sql::JoinKind::kLeft:
      return JoinHow::kLeft;
    case sql::JoinKind::kRight:
      return JoinHow::kRight;
    case sql::JoinKind::kFull:
      return JoinHow::kFull;
    case sql::JoinKind::kInner:
      break;
  }
  return JoinHow::kInner;
}

PlanPtr join_of(PlanPtr left, PlanPtr right, JoinHow how) {
  PlanPtr join = make_plan(PlanKind::kJoin, {left, right});
  join->how = how;
  join->columns.insert(join->columns.end(), right->columns.begin(), right->columns.end());
  return join;
}

/// The columns' names of alias(a, b).
void rename(Columns& columns, const sql::FromItem& item) {
  if (item.column_aliases.size() > columns.size()) {
    throw ExpressionError(fmt::format("{} has {} columns, and {} names are given", item.alias, columns.size(),
                                      item.column_aliases.size()),
                          item.position);
  }
  for (std::size_t i = 0; i < item.column_aliases.size(); ++i) columns[i].name = item.column_aliases[i];
}

std::shared_ptr<SharedPlan> find_common(const CommonTables* common, const std::string& name) {
  for (; common != nullptr; common = common->outer) {
    std::vector<std::string> names;
    for (const auto& [table, plan] : common->tables) names.push_back(table);
    const int found = sql::find_name(name, names, nullptr);
    if (found >= 0) return common->tables[static_cast<std::size_t>(found)].second;
  }
  return nullptr;
}

/// Names that both sides have, for NATURAL.
std::vector<sql::Word> shared_names(const Scope& left, const Scope& right, std::size_t position) {
  std::vector<sql::Word> words;
  const auto right_names = names_of(right.all());
  for (const std::string& name : names_of(left.all())) {
    if (std::find(right_names.begin(), right_names.end(), name) != right_names.end()) words.push_back({name, position});
  }
  return words;
}

}  // namespace

PlanPtr Planner::scan(const std::string& table, const Fields& fields) {
  PlanPtr plan = make_plan(PlanKind::kScan, {});
  plan->table = table;
  for (const Field& field : fields) {
    if (!field.name.empty() && field.name.front() == kHidden) continue;
    plan->columns.push_back({fields_.fresh(field.name), field.name, field.type,
                             // Without values a column is string for want of anything better.
                             field.type == ValueType::kString && empty_.holds(table, field.name)});
    plan->sources.push_back(field.name);
    origins_[plan->columns.back().field] = {table, field.name};
  }
  return plan;
}

Planner::Source Planner::use(const std::shared_ptr<SharedPlan>& shared, const std::string& name) {
  PlanPtr plan = make_plan(PlanKind::kShared, {});
  plan->shared = shared;
  plan->table = shared->name;
  ++shared->uses;
  for (const Column& column : shared->plan->columns) {
    plan->columns.push_back({fields_.fresh(column.name), column.name, column.type, column.null});
    plan->sources.push_back(column.field);
    if (const auto origin = origins_.find(column.field); origin != origins_.end()) {
      origins_[plan->columns.back().field] = origin->second;
    }
  }
  return {plan, Scope({name, plan->columns})};
}

Planner::Source Planner::from_table(const sql::FromItem& item, const CommonTables* common) {
  const std::string& name = item.alias.empty() ? item.table : item.alias;
  Source source;
  if (const auto shared = find_common(common, item.table)) {
    source = use(shared, name);
  } else {
    std::vector<std::string> names;
    for (const auto& [table, fields] : tables_) names.push_back(table);
    std::vector<std::string> candidates;
    const int found = sql::find_name(item.table, names, &candidates);
    if (!candidates.empty()) {
      throw ExpressionError(fmt::format("{} may be {}: write the one that is meant as it is spelt", item.table,
                                        fmt::join(candidates, " or ")),
                            item.position);
    }
    if (found < 0) {
      throw ExpressionError(fmt::format("no table {}{}; there {} {}", item.table, did_you_mean(item.table, names),
                                        names.size() == 1 ? "is" : "are", fmt::join(names, ", ")),
                            item.position);
    }
    const std::string& table = names[static_cast<std::size_t>(found)];
    source.plan = scan(table, tables_.at(table));
    const bool nameless = source.plan->columns.empty() && empty_.tables.count(table) > 0;
    source.scope = Scope({name, source.plan->columns, nameless || empty_.open.count(table) > 0});
  }
  if (item.column_aliases.empty()) return source;
  Columns columns = source.plan->columns;
  rename(columns, item);
  source.scope = Scope({name, std::move(columns)});
  return source;
}

Planner::Source Planner::from_item(const sql::FromItem& item, const CommonTables* common, const Scope* outer) {
  if (item.left) return from_join(item, common, outer);
  if (!item.query) return from_table(item, common);
  Planned planned = select(*item.query, common, outer);
  Columns columns = planned.columns;
  rename(columns, item);
  return {std::move(planned.plan), Scope({item.alias, std::move(columns)})};
}

Planner::Source Planner::from(const std::vector<sql::FromPtr>& items, const CommonTables* common, const Scope* outer) {
  if (items.empty()) {
    Source none{make_plan(PlanKind::kOneRow, {}), Scope()};
    none.plan->columns.push_back(new_column("one row", ValueType::kInt64));
    return none;
  }
  Source source = from_item(*items.front(), common, outer);
  for (std::size_t i = 1; i < items.size(); ++i) {
    before_comma_ = &source.scope;
    Source next = from_item(*items[i], common, outer);
    before_comma_ = nullptr;
    source.plan = join_of(std::move(source.plan), std::move(next.plan), JoinHow::kInner);
    source.scope = Scope::beside(std::move(source.scope), std::move(next.scope), items[i]->position);
  }
  return source;
}

Planner::Source Planner::from_join(const sql::FromItem& item, const CommonTables* common, const Scope* outer) {
  Source left = from_item(*item.left, common, outer);
  Source right = from_item(*item.right, common, outer);
  Source source{join_of(left.plan, right.plan, join_how(item.how)),
                Scope::beside(left.scope, right.scope, item.position)};
  if (item.natural || !item.using_keys.empty()) {
    merge_keys(item, source, left.scope, right.scope);
  } else if (item.on) {
    refuse_aggregates(item.on, "ON");
    sql::walk(item.on, [](const Tree& part) {
      if (part.kind != TreeKind::kSubquery) return true;
      throw ExpressionError("a subquery in ON is not available: write it in WHERE", part.position);
    });
    const TreePtr on = resolve(item.on, {&source.scope, outer, common, {}});
    split_conditions(condition(on, source.plan->columns, "ON"), source.plan->conditions);
  }
  return source;
}

void Planner::merge_keys(const sql::FromItem& item, Source& source, const Scope& left, const Scope& right) {
  const auto words = item.natural ? shared_names(left, right, item.position) : item.using_keys;
  Columns merged;
  std::vector<std::string> hidden;
  Trees values;
  for (const sql::Word& word : words) {
    Tree name;
    name.kind = TreeKind::kColumn;
    name.name = word.text;
    name.position = word.position;
    const Column* a = left.find(name);
    const Column* b = right.find(name);
    if (a == nullptr) left.fail_unknown(name);
    if (b == nullptr) right.fail_unknown(name);
    const Trees both{value_tree(*a, word.position), value_tree(*b, word.position)};
    TreePtr equal = sql::make_call("=", both, word.position);
    type_of(equal, source.plan->columns);
    source.plan->conditions.push_back(std::move(equal));
    hidden.insert(hidden.end(), {a->field, b->field});
    if ((item.how == sql::JoinKind::kInner || item.how == sql::JoinKind::kLeft) && !a->field.empty()) {
      merged.push_back(*a);
    } else if (item.how == sql::JoinKind::kRight && !b->field.empty()) {
      merged.push_back(*b);
    } else {
      const TreePtr value = sql::make_call("coalesce", both, word.position, false);
      merged.push_back(new_column(a->name, type_of(value, source.plan->columns)));
      values.push_back(value);
    }
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    source.plan = project_beside(std::move(source.plan), merged[i], values[i]);
  }
  source.scope.merge(merged, hidden);
}

}  // namespace evclean::query
