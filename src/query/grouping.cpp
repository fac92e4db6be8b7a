// SPDX-License-Identifier: Apache-2.0
#include "grouping.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace evclean::query {
namespace {

std::optional<AggregateKind> kind_of(const Tree& call) {
  static const std::map<std::string, AggregateKind> kinds{{"count(*)", AggregateKind::kCountRows},
                                                          {"count", AggregateKind::kCount},
                                                          {"sum", AggregateKind::kSum},
                                                          {"min", AggregateKind::kMin},
                                                          {"max", AggregateKind::kMax},
                                                          {"avg", AggregateKind::kAvg},
                                                          {"mean", AggregateKind::kAvg},
                                                          {"stddev", AggregateKind::kStddev},
                                                          {"stddev_samp", AggregateKind::kStddev},
                                                          {"first", AggregateKind::kFirst},
                                                          {"last", AggregateKind::kLast},
                                                          {"approx_quantile", AggregateKind::kQuantile}};
  const auto found = kinds.find(call.name);
  return found == kinds.end() ? std::nullopt : std::optional(found->second);
}

/// One of the argument's own values, of its type: null over nothing but null.
bool gives_a_value(AggregateKind kind) {
  return kind == AggregateKind::kMin || kind == AggregateKind::kMax || kind == AggregateKind::kFirst ||
         kind == AggregateKind::kLast;
}

bool wants_number(AggregateKind kind) {
  return kind == AggregateKind::kSum || kind == AggregateKind::kAvg || kind == AggregateKind::kStddev ||
         kind == AggregateKind::kQuantile;
}

std::optional<double> number_of(const Tree& tree) {
  if (const auto* value = std::get_if<double>(&tree.literal)) return *value;
  if (const auto* value = std::get_if<std::int64_t>(&tree.literal)) return static_cast<double>(*value);
  return std::nullopt;
}

double quantile_of(const Tree& call) {
  const auto share = call.args[1]->kind == TreeKind::kLiteral ? number_of(*call.args[1]) : std::nullopt;
  if (share && *share >= 0 && *share <= 1) return *share;
  throw ExpressionError("approx_quantile(x, q) takes a share q from 0 to 1 that is written out",
                        call.args[1]->position);
}

void check_shape(const Tree& call, AggregateKind kind) {
  const std::size_t wanted = kind == AggregateKind::kCountRows ? 0 : kind == AggregateKind::kQuantile ? 2 : 1;
  if (call.args.size() != wanted) {
    throw ExpressionError(call.name == "count" && call.args.empty()
                              ? std::string("count takes a column, or a star: count(*)")
                              : fmt::format("{} takes {} argument{}, not {}", call.name, wanted, wanted == 1 ? "" : "s",
                                            call.args.size()),
                          call.position);
  }
  const bool any_way = kind == AggregateKind::kCount || kind == AggregateKind::kMin || kind == AggregateKind::kMax;
  if (call.distinct && !any_way) {
    throw ExpressionError(fmt::format("distinct is not available in {}: only count(distinct x)", call.name),
                          call.position);
  }
}

}  // namespace

bool has_aggregate(const TreePtr& tree) {
  bool found = false;
  sql::walk(tree, [&](const Tree& part) {
    found = found || sql::is_aggregate(part);
    return !found;
  });
  return found;
}

Grouping::Grouping(Planner& planner, PlanPtr input, Trees keys) : planner_(planner), input_(std::move(input)) {
  for (const TreePtr& key : keys) {
    const TreePtr value = planner_.attach(key, input_);
    const bool repeated =
        std::any_of(keys_.begin(), keys_.end(), [&](const TreePtr& other) { return sql::same(*other, *key); });
    if (repeated) continue;
    keys_.push_back(key);
    column_for(value, sql::to_text(*key));
  }
  key_count_ = columns_.size();
}

/// A column of the projection that holds a tree's value.
std::string Grouping::column_for(const TreePtr& tree, std::string_view name) {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (sql::same(*values_[i], *tree)) return columns_[i].field;
  }
  const ValueType type = planner_.type_of(tree, input_->columns);
  const Column* known = tree->kind == TreeKind::kColumn ? find_column(input_->columns, tree->field) : nullptr;
  columns_.push_back(known != nullptr ? *known : planner_.new_column(std::string(name), type));
  values_.push_back(tree);
  return columns_.back().field;
}

void Grouping::add(const TreePtr& tree) {
  sql::walk(tree, [&](const Tree& part) {
    const bool is_key = std::any_of(keys_.begin(), keys_.end(), [&](const TreePtr& k) { return sql::same(*k, part); });
    if (is_key || !sql::is_aggregate(part)) return !is_key;
    const bool known =
        std::any_of(calls_.begin(), calls_.end(), [&](const TreePtr& call) { return sql::same(*call, part); });
    if (known) return false;
    for (const TreePtr& arg : part.args) Planner::refuse_aggregates(arg, "another aggregate");
    if (part.filter) Planner::refuse_aggregates(part.filter, "filter");
    aggregates_.push_back(planned(part));
    calls_.push_back(std::make_shared<const Tree>(part));
    return false;
  });
}

ValueType Grouping::argument_type(const Tree& call) {
  const ValueType type = planner_.type_of(call.args[0], input_->columns);
  const AggregateKind kind = *kind_of(call);
  if (!wants_number(kind) || type == ValueType::kInt64 || type == ValueType::kFloat64 || type == ValueType::kBool) {
    return type;
  }
  // The words of an operator that wants numbers are right here too: an example, and the cures.
  try {
    planner_.type_of(sql::make_call("neg", {call.args[0]}, call.position), input_->columns);
  } catch (const ExpressionError& error) {
    const std::string message = error.what();
    throw ExpressionError(message.starts_with("- ") ? call.name + message.substr(1) : message, error.position());
  }
  return type;
}

PlannedAggregate Grouping::planned(const Tree& call) {
  PlannedAggregate aggregate;
  aggregate.kind = *kind_of(call);
  check_shape(call, aggregate.kind);
  aggregate.text = sql::to_text(call);
  ValueType type = ValueType::kInt64;
  if (!call.args.empty()) {
    // null alone has no type of its own: a number will do.
    const bool any_type = is_null_literal(*call.args[0]) && wants_number(aggregate.kind);
    const TreePtr written = any_type ? cast_tree(call.args[0], ValueType::kInt64) : call.args[0];
    type = any_type ? ValueType::kInt64 : argument_type(call);
    if (aggregate.kind == AggregateKind::kQuantile) aggregate.quantile = quantile_of(call);
    if (aggregate.kind == AggregateKind::kCount && call.distinct) aggregate.kind = AggregateKind::kCountDistinct;
    aggregate.argument = column_for(planner_.attach(written, input_), sql::to_text(*written));
  }
  if (call.filter) {
    const TreePtr filter = planner_.condition(call.filter, input_->columns, "filter");
    aggregate.filter = column_for(planner_.attach(filter, input_), sql::to_text(*filter));
  }
  results_.push_back(planner_.new_column(aggregate.text, aggregate_type(aggregate.kind, type)));
  results_.back().null = gives_a_value(aggregate.kind) && is_null_literal(*call.args[0]);
  return aggregate;
}

PlanPtr Grouping::make() {
  PlanPtr project = make_plan(PlanKind::kProject, {std::move(input_)});
  project->columns = columns_;
  project->values = values_;
  PlanPtr group = make_plan(PlanKind::kGroup, {std::move(project)});
  group->columns.assign(columns_.begin(), columns_.begin() + static_cast<std::ptrdiff_t>(key_count_));
  for (const Column& key : group->columns) group->group_keys.push_back(key.field);
  group->columns.insert(group->columns.end(), results_.begin(), results_.end());
  group->aggregates = aggregates_;
  return group;
}

TreePtr Grouping::over(const TreePtr& tree) const {
  return sql::rewrite(tree, [&](const TreePtr& part) -> TreePtr {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (sql::same(*keys_[i], *part)) return is_null_literal(*part) ? part : column_tree(columns_[i], part->position);
    }
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if (sql::same(*calls_[i], *part)) return value_tree(results_[i], part->position);
    }
    if (part->kind == TreeKind::kColumn) {
      throw ExpressionError(
          fmt::format("{0} is neither in GROUP BY nor in an aggregate: add it to GROUP BY, or write min({0}), "
                      "max({0}) or first({0})",
                      part->name),
          part->position);
    }
    return nullptr;
  });
}

}  // namespace evclean::query
