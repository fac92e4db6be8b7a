// SPDX-License-Identifier: Apache-2.0
// Steps that compute: filter, set, flag, parse; and which columns each step settles.
#include <algorithm>
#include <cctype>

#include "compiler.hpp"
#include "evclean/suggest.hpp"

namespace evclean {
namespace {

void append(std::vector<int>& to, const std::vector<int>& from) {
  for (const int value : from) {
    if (std::find(to.begin(), to.end(), value) == to.end()) to.push_back(value);
  }
}

/// The column name that stands at a place of an expression, as the user wrote it.
std::string name_at(const std::string& text, std::size_t at) {
  if (at >= text.size()) return {};
  if (text[at] == '"' || text[at] == '`')
    return text.substr(at + 1, std::min(text.find(text[at], at + 1), text.size()) - at - 1);
  std::size_t end = at;
  const auto in_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || (c & 0x80) != 0;
  };
  while (end < text.size() && in_name(text[end])) ++end;
  return text.substr(at, end - at);
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
    StepError step_error = from_expression(error, expression.text(), place, closed);
    step_error.unknown = name_at(expression.text(), error.position());
    throw step_error;
  }
}

BoundExpression PipelineCompiler::Impl::bind_types(const Expression& expression, const Fields& typed,
                                                   JobPlace place) const {
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
    return expression.bind(typed, sample);
  } catch (const ExpressionError& error) {
    throw from_expression(error, expression.text(), place, false);
  }
}

namespace {

/// null alone, which has no type of its own.
bool is_null_word(std::string text) {
  text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text == "null";
}

}  // namespace

/// A column without any value fits as null of whatever type the expression wants, a filled one where its text reads so.
std::unique_ptr<Op> PipelineCompiler::Impl::bind_fitting(
    const std::vector<int>& empties, const std::string& target,
    const std::function<std::unique_ptr<Op>(const Fields&)>& bind_as) {
  for (const ValueType other : {ValueType::kInt64, ValueType::kFloat64, ValueType::kTimestamp, ValueType::kDate,
                                ValueType::kBool, ValueType::kString}) {
    Fields typed = fields();
    std::vector<UniformColumn> uniform;
    for (const int position : empties) {
      const Sym& column = columns[static_cast<std::size_t>(position)];
      if (column.filled && !reads_as(*column.filled, other)) continue;
      typed[static_cast<std::size_t>(position)].type = other;
      uniform.push_back({column.name, column.filled, column.type, other});
    }
    try {
      return make_uniform_columns_op(bind_as(typed), std::move(uniform), target);
    } catch (const StepError&) {
    }
  }
  return nullptr;
}

std::unique_ptr<Op> PipelineCompiler::Impl::bind(const Text& text, const std::string& target, bool condition,
                                                 ValueType& type,
                                                 const std::function<std::unique_ptr<Op>(BoundExpression)>& make) {
  const bool null = condition && is_null_word(text.value);
  const Expression expression = parse(null ? "cast(null as bool)" : text.value, text.place);
  const auto checked = [&](const Fields& typed, const Expression* other = nullptr) {
    BoundExpression bound = bind_types(other != nullptr ? *other : expression, typed, text.place);
    type = bound.type();
    if (condition && type != ValueType::kBool) {
      throw StepError{fmt::format("'{}' gives {}, not a condition (true or false)", text.value, type_name(type)),
                      text.place,
                      {},
                      false};
    }
    return bound;
  };
  std::vector<int> empties;
  for (const int position : columns_of(expression, names(), text.place)) {
    if (columns[static_cast<std::size_t>(position)].empty_slot >= 0) empties.push_back(position);
  }
  try {
    return make(checked(fields()));
  } catch (const StepError&) {
    if (empties.empty()) throw;
  }
  for (const int position : empties) empties_used.insert(columns[static_cast<std::size_t>(position)].empty_slot);
  if (auto op = bind_fitting(empties, target, [&](const Fields& typed) { return make(checked(typed)); })) return op;
  // Or each of another type: null itself stands for them.
  std::erase_if(empties, [&](int position) { return !columns[static_cast<std::size_t>(position)].unfilled(); });
  const Expression nulls = expression.with_null(empties, names());
  try {
    return make(checked(fields(), &nulls));
  } catch (const StepError&) {
  }
  return make(checked(fields()));  // throws what was wrong in the first place
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
  const auto* fill = std::get_if<FillStep>(&body);
  if (std::holds_alternative<JoinStep>(body) || (fill != nullptr && (fill->none || fill->all))) {
    const auto names = options.reads ? options.reads(at, fields()) : std::nullopt;
    if (!names) return all;
    std::vector<int> positions;
    for (const std::string& name : *names) positions.push_back(find(name));
    return positions;
  }
  if (fill != nullptr) {
    std::vector<int> positions;
    for (const NamedText& value : fill->values) append(positions, {require({value.name, value.place})});
    return positions;
  }
  return {};
}

Ops PipelineCompiler::Impl::compile(const FilterStep& filter) {
  Ops ops = settle_ops(used(), true);
  ValueType type = ValueType::kBool;
  ops.push_back(bind(filter.expression, "", true, type, make_filter_op));
  return ops;
}

Ops PipelineCompiler::Impl::compile(const SetStep& set) {
  Ops ops = settle_ops(used(), true);
  for (const NamedText& value : set.values) {
    ValueType type = ValueType::kString;
    const auto make = [&](BoundExpression bound) { return make_set_op(value.name, std::move(bound)); };
    ops.push_back(bind({value.value, value.value_place}, value.name, false, type, make));
    put(value.name, type);
  }
  return ops;
}

Ops PipelineCompiler::Impl::compile(const FlagStep& flag) {
  Ops ops = settle_ops(used(), true);
  for (const NamedText& value : flag.values) {
    ValueType type = ValueType::kBool;
    const auto make = [&](BoundExpression bound) { return make_flag_op(value.name, std::move(bound)); };
    ops.push_back(bind({value.value, value.value_place}, value.name, true, type, make));
    put(value.name, type);
  }
  return ops;
}

namespace {

Pattern named_pattern(const Text& text) {
  std::optional<Pattern> pattern;
  try {
    pattern.emplace(text.value);
  } catch (const Error& error) {
    throw StepError{error.what(), text.place, {}, true};
  }
  if (pattern->groups().empty()) {
    throw StepError{
        fmt::format("pattern '{}' has no named group: write (?<name>...)", text.value), text.place, {}, true};
  }
  return *std::move(pattern);
}

}  // namespace

/// Patterns come first: what is wrong with them needs no column.
Ops PipelineCompiler::Impl::compile(const ParseStep& parse_step) {
  ParsePlan plan;
  plan.column = parse_step.column.value;
  plan.all = parse_step.all;
  for (const Text& text : parse_step.patterns) plan.patterns.push_back(named_pattern(text));
  Ops ops = settle_ops({require(parse_step.column)}, false);
  for (const Pattern& pattern : plan.patterns) {
    plan.groups.emplace_back();
    for (const auto& group : pattern.groups()) {
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
