// SPDX-License-Identifier: Apache-2.0
// The clauses of one SELECT in the order in which they act: with, from, where, group by, having, select, distinct,
// order by, limit.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "grouping.hpp"
#include "planner.hpp"

namespace evclean::query {
namespace {

/// One column of the list after select, stars written out.
struct Item {
  TreePtr value;     ///< as written
  TreePtr resolved;  ///< names are columns
  std::string name;
};

/// What stands at the position that `order by 2` or `group by 2` means; null when it is no position.
const Item* by_position(const TreePtr& tree, const std::vector<Item>& items, std::string_view clause) {
  if (tree->kind != TreeKind::kLiteral) return nullptr;
  const auto* number = std::get_if<std::int64_t>(&tree->literal);
  const auto* text = std::get_if<std::string>(&tree->literal);
  if (text != nullptr) {
    throw ExpressionError(fmt::format("{} '{}' is a text, the same for every row: a column's name stands without "
                                      "quotes or in double ones",
                                      clause, *text),
                          tree->position);
  }
  if (number == nullptr) {
    if (is_null_literal(*tree)) return nullptr;
    throw ExpressionError(
        fmt::format("{} {} is the same for every row: write a column, or its position", clause, sql::to_text(*tree)),
        tree->position);
  }
  if (*number >= 1 && *number <= static_cast<std::int64_t>(items.size())) {
    return &items[static_cast<std::size_t>(*number) - 1];
  }
  throw ExpressionError(fmt::format("{} {} is no column of the result, which has {}", clause, *number, items.size()),
                        tree->position);
}

/// The column of the result that a bare name means; null: none.
const Item* by_alias(const Tree& tree, const std::vector<Item>& items) {
  if (tree.kind != TreeKind::kColumn || tree.qualifier_bytes > 0) return nullptr;
  std::vector<std::string> names;
  for (const Item& item : items) names.push_back(item.name);
  const int found = sql::find_name(tree.name, names, nullptr);
  return found < 0 ? nullptr : &items[static_cast<std::size_t>(found)];
}

}  // namespace

Planned Planner::select(const sql::Select& select, const CommonTables* common, const Scope* outer) {
  CommonTables own;
  own.outer = common;
  add_common(select, own, outer);
  return select.all_of.empty() ? body(select, &own, outer) : union_all(select, &own, outer);
}

void Planner::add_common(const sql::Select& query, CommonTables& common, const Scope* outer) {
  for (const sql::CommonTable& table : query.with) {
    Planned planned = select(*table.query, &common, outer);
    if (table.column_aliases.size() > planned.columns.size()) {
      throw ExpressionError(fmt::format("{} has {} columns, and {} names are given", table.name.text,
                                        planned.columns.size(), table.column_aliases.size()),
                            table.name.position);
    }
    PlanPtr project = make_plan(PlanKind::kProject, {std::move(planned.plan)});
    project->columns = planned.columns;
    for (const Column& column : planned.columns) project->values.push_back(column_tree(column));
    for (std::size_t i = 0; i < table.column_aliases.size(); ++i) project->columns[i].name = table.column_aliases[i];
    auto shared = std::make_shared<SharedPlan>(SharedPlan{table.name.text, std::move(project)});
    shared_.push_back(shared);
    common.tables.emplace_back(table.name.text, std::move(shared));
  }
}

namespace {

/// Stars written out. Names of what has no alias are given later.
std::vector<Item> written_out(const sql::Select& select, const Scope& scope) {
  std::vector<Item> items;
  for (const sql::SelectItem& item : select.items) {
    if (item.value) {
      items.push_back({item.value, nullptr, item.alias});
      continue;
    }
    const Columns& columns = item.star_of.text.empty() ? scope.all() : scope.all_of(item.star_of);
    for (const Column& column : columns) {
      items.push_back({column_tree(column, item.position), nullptr, column.name});
    }
  }
  return items;
}

void name_items(std::vector<Item>& items, const Scope& scope) {
  std::vector<std::string> names;
  for (const Item& item : items) {
    const bool is_column = item.value->kind == TreeKind::kColumn;
    names.push_back(!item.name.empty() ? item.name
                    : is_column        ? scope.find(*item.value)->name
                                       : default_name(*item.value, names.size() + 1));
  }
  make_unique(names);
  for (std::size_t i = 0; i < items.size(); ++i) items[i].name = names[i];
}

/// Columns of a result that are built one by one.
class Projection {
 public:
  explicit Projection(PlanPtr input) : plan_(make_plan(PlanKind::kProject, {std::move(input)})) {
    plan_->columns.clear();
  }
  /// `fresh` names a new column for a value that is no column, or one that stands here already.
  const Column& add(const TreePtr& value, const std::string& name, const std::function<Column()>& fresh) {
    const Column* known =
        value->kind == TreeKind::kColumn ? find_column(plan_->inputs[0]->columns, value->field) : nullptr;
    const bool passes = known != nullptr && find_column(plan_->columns, value->field) == nullptr;
    plan_->columns.push_back(passes ? Column{known->field, name, known->type, known->null} : fresh());
    if (is_null_literal(*value)) plan_->columns.back().null = true;
    plan_->values.push_back(value);
    return plan_->columns.back();
  }
  const PlanPtr& plan() const { return plan_; }

 private:
  PlanPtr plan_;
};

}  // namespace

/// Everything of a SELECT that stands over the rows of FROM and WHERE, resolved; later over those of the group.
struct Planner::Body {
  std::vector<Item> items;
  TreePtr having;
  Trees order;

  Trees all() const {
    Trees trees = order;
    for (const Item& item : items) trees.push_back(item.resolved);
    if (having) trees.push_back(having);
    return trees;
  }
  void change(const std::function<TreePtr(const TreePtr&)>& to) {
    for (Item& item : items) item.resolved = to(item.resolved);
    for (TreePtr& tree : order) tree = to(tree);
    if (having) having = to(having);
  }
};

Planned Planner::body(const sql::Select& select, const CommonTables* common, const Scope* outer) {
  Source source = from(select.from, common, outer);
  PlanPtr plan = std::move(source.plan);
  NameRules rules{&source.scope, outer, common, {}};
  if (select.where) {
    refuse_aggregates(select.where, "WHERE");
    filter(condition(resolve(select.where, rules), plan->columns, "WHERE"), plan);
  }
  Body body{written_out(select, source.scope), nullptr, {}};
  for (Item& item : body.items) item.resolved = resolve(item.value, rules);
  name_items(body.items, source.scope);
  rules.alias = [&](const Tree& name) {
    const Item* item = by_alias(name, body.items);
    return item == nullptr ? nullptr : item->resolved;
  };
  for (const sql::OrderItem& item : select.order_by) {
    const Item* named = by_position(item.value, body.items, "ORDER BY");
    if (named == nullptr) named = by_alias(*item.value, body.items);
    body.order.push_back(named != nullptr ? named->resolved : resolve(item.value, rules));
  }
  if (select.having) body.having = resolve(select.having, rules);
  const Trees parts = body.all();
  if (select.having || !select.group_by.empty() || std::any_of(parts.begin(), parts.end(), has_aggregate)) {
    Trees keys;
    for (const TreePtr& key : select.group_by) {
      const Item* named = by_position(key, body.items, "GROUP BY");
      keys.push_back(named != nullptr ? named->resolved : resolve(key, rules));
      refuse_aggregates(keys.back(), "GROUP BY");
    }
    Grouping grouping(*this, std::move(plan), std::move(keys));
    for (const TreePtr& tree : parts) grouping.add(tree);
    plan = grouping.make();
    body.change([&](const TreePtr& tree) { return grouping.over(tree); });
    if (body.having) filter(condition(body.having, plan->columns, "HAVING"), plan);
  }
  return arrange(std::move(plan), select, body);
}

/// Select, distinct, order by, limit.
Planned Planner::arrange(PlanPtr plan, const sql::Select& select, Body& body) {
  const Trees before = body.order;
  std::vector<TreePtr> written;
  for (const Item& item : body.items) written.push_back(item.resolved);
  body.having = nullptr;
  body.change([&](const TreePtr& tree) { return attach(tree, plan); });
  Projection projection(plan);
  const auto add = [&](const TreePtr& value, const std::string& name) {
    const ValueType type = type_of(value, plan->columns);
    return projection.add(value, name, [&] { return new_column(name, type); });
  };
  for (const Item& item : body.items) add(item.resolved, item.name);
  Planned planned{projection.plan(), projection.plan()->columns};
  std::vector<Order> order;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto shown =
        std::find_if(written.begin(), written.end(), [&](const TreePtr& tree) { return sql::same(*tree, *before[i]); });
    const sql::OrderItem& item = select.order_by[i];
    if (shown == written.end() && select.distinct) {
      throw ExpressionError("with DISTINCT, ORDER BY can only use what is selected", item.value->position);
    }
    const std::string field = shown != written.end()
                                  ? planned.columns[static_cast<std::size_t>(shown - written.begin())].field
                                  : add(body.order[i], sql::to_text(*before[i])).field;
    order.push_back({field, item.descending, item.nulls_first});
  }
  if (select.distinct) planned.plan = make_plan(PlanKind::kDistinct, {std::move(planned.plan)});
  return tail(std::move(planned), select, std::move(order));
}

Planned Planner::tail(Planned planned, const sql::Select& select, std::vector<Order> order) {
  if (!order.empty()) {
    planned.plan = make_plan(PlanKind::kSort, {std::move(planned.plan)});
    planned.plan->order = std::move(order);
  } else if (select.limit || select.offset > 0) {
    planned.plan = make_plan(PlanKind::kLimit, {std::move(planned.plan)});
  }
  if (select.limit) planned.plan->limit = *select.limit;
  planned.plan->offset = select.offset;
  return planned;
}

}  // namespace evclean::query
