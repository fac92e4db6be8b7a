// SPDX-License-Identifier: Apache-2.0
// Steps that compute: filter, set, flag, parse; and which columns each step settles.
#include <algorithm>

#include "compiler.hpp"
#include "evclean/suggest.hpp"

namespace evclean {
namespace {

void append(std::vector<int>& to, const std::vector<int>& from) {
  for (const int value : from) {
    if (std::find(to.begin(), to.end(), value) == to.end()) to.push_back(value);
  }
}

StepError from_expression(const ExpressionError& error, const std::string& text, JobPlace place, bool final) {
  const bool placed = error.position() != std::string::npos;
  return StepError{error.what(), place, placed ? caret(text, error.position()) : std::string(), final};
}

}  // namespace

Expression PipelineCompiler::Impl::parse(const std::string& text, JobPlace place) const {
  try {
    return Expression::parse(text, options.macros);
  } catch (const ExpressionError& error) {
    throw from_expression(error, text, place, true);
  }
}

std::vector<int> PipelineCompiler::Impl::columns_of(const Expression& expression,
                                                    const std::vector<std::string>& visible, JobPlace place) const {
  try {
    return expression.columns(visible);
  } catch (const ExpressionError& error) {
    throw from_expression(error, expression.text(), place, closed);
  }
}

BoundExpression PipelineCompiler::Impl::bind(const Expression& expression, JobPlace place, ValueType wanted,
                                             bool condition) const {
  const auto sample = [this](int position) {
    const int slot = columns[static_cast<std::size_t>(position)].slot;
    if (!options.sample) return std::string();
    for (std::size_t s = 0; s < slots.size(); ++s) {
      if (slot == static_cast<int>(s) || slots[s].name == columns[static_cast<std::size_t>(position)].name) {
        return options.sample(static_cast<int>(s));
      }
    }
    return std::string();
  };
  try {
    BoundExpression bound = expression.bind(fields(), sample);
    if (condition && bound.type() != wanted) {
      throw StepError{
          fmt::format("'{}' is a {}, not a condition (true or false)", expression.text(), type_name(bound.type())),
          place,
          {},
          false};
    }
    return bound;
  } catch (const ExpressionError& error) {
    throw from_expression(error, expression.text(), place, false);
  }
}

std::vector<int> PipelineCompiler::Impl::used_by_values(const std::vector<NamedText>& values) const {
  std::vector<std::string> visible = names();
  std::vector<bool> fresh(visible.size(), false);  // assigned earlier in this very step
  std::vector<int> positions;
  for (const NamedText& value : values) {
    for (const int position : columns_of(parse(value.value, value.value_place), visible, value.value_place)) {
      if (!fresh[static_cast<std::size_t>(position)]) append(positions, {position});
    }
    const auto same = std::find(visible.begin(), visible.end(), value.name);
    if (same == visible.end()) {
      visible.push_back(value.name);
      fresh.push_back(true);
    } else {
      fresh[static_cast<std::size_t>(same - visible.begin())] = true;
    }
  }
  return positions;
}

std::vector<int> PipelineCompiler::Impl::used() const {
  std::vector<int> all(columns.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
  if (at == static_cast<int>(steps.size())) return all;
  const StepBody& body = spec().body;
  if (const auto* filter = std::get_if<FilterStep>(&body)) {
    return columns_of(parse(filter->expression.value, filter->expression.place), names(), filter->expression.place);
  }
  if (const auto* set = std::get_if<SetStep>(&body)) return used_by_values(set->values);
  if (const auto* flag = std::get_if<FlagStep>(&body)) return used_by_values(flag->values);
  if (const auto* map = std::get_if<MapStep>(&body)) return {require(map->column)};
  if (const auto* fill = std::get_if<FillStep>(&body)) {
    if (fill->none || fill->all) return all;
    std::vector<int> positions;
    for (const NamedText& value : fill->values) append(positions, {require({value.name, value.place})});
    return positions;
  }
  return {};
}

Ops PipelineCompiler::Impl::compile(const FilterStep& filter) {
  Ops ops = settle_ops(used(), true);
  const Expression condition = parse(filter.expression.value, filter.expression.place);
  ops.push_back(make_filter_op(bind(condition, filter.expression.place, ValueType::kBool, true)));
  return ops;
}

Ops PipelineCompiler::Impl::compile(const SetStep& set) {
  Ops ops = settle_ops(used(), true);
  for (const NamedText& value : set.values) {
    BoundExpression bound = bind(parse(value.value, value.value_place), value.value_place, ValueType::kString, false);
    put(value.name, bound.type());
    ops.push_back(make_set_op(value.name, std::move(bound)));
  }
  return ops;
}

Ops PipelineCompiler::Impl::compile(const FlagStep& flag) {
  Ops ops = settle_ops(used(), true);
  for (const NamedText& value : flag.values) {
    BoundExpression bound = bind(parse(value.value, value.value_place), value.value_place, ValueType::kBool, true);
    put(value.name, ValueType::kBool);
    ops.push_back(make_flag_op(value.name, std::move(bound)));
  }
  return ops;
}

Ops PipelineCompiler::Impl::compile(const ParseStep& parse_step) {
  const int source = require(parse_step.column);
  Ops ops = settle_ops({source}, false);
  ParsePlan plan;
  plan.column = parse_step.column.value;
  plan.all = parse_step.all;
  for (const Text& text : parse_step.patterns) {
    try {
      plan.patterns.emplace_back(text.value);
    } catch (const Error& error) {
      throw StepError{error.what(), text.place, {}, true};
    }
    const auto& groups = plan.patterns.back().groups();
    if (groups.empty()) {
      throw StepError{
          fmt::format("pattern '{}' has no named group: write (?<name>...)", text.value), text.place, {}, true};
    }
    plan.groups.emplace_back();
    for (const auto& group : groups) {
      const std::string column = parse_step.prefix + group.name;
      auto target = std::find_if(plan.targets.begin(), plan.targets.end(),
                                 [&](const ParseTarget& known) { return known.column == column; });
      if (target == plan.targets.end()) target = plan.targets.insert(target, {column, add_slot(column, at, false)});
      plan.groups.back().emplace_back(group.number, static_cast<int>(target - plan.targets.begin()));
    }
  }
  for (const ParseTarget& target : plan.targets) {
    const int existing = find(target.column);
    if (existing >= 0) {
      Ops mark = settle_ops({existing}, false);
      for (auto& op : mark) ops.push_back(std::move(op));
    }
    put(target.column, ValueType::kString, target.slot);
  }
  ops.push_back(make_parse_op(std::move(plan), options.nulls));
  return ops;
}

Ops PipelineCompiler::Impl::compile_step() {
  return std::visit([this](const auto& step) { return compile(step); }, spec().body);
}

}  // namespace evclean
