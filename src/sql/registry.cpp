// SPDX-License-Identifier: Apache-2.0
#include "registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "aggregates.hpp"
#include "evclean/suggest.hpp"

namespace evclean::sql {
namespace {

constexpr auto kMoment = std::to_array<std::string_view>(
    {"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "today", "age"});
constexpr auto kChance = std::to_array<std::string_view>(
    {"random", "rand", "setseed", "gen_random_uuid", "uuid", "uuid_generate_v4", "random_normal"});
constexpr auto kAggregates = std::to_array<std::string_view>({"count",
                                                              "count(*)",
                                                              "sum",
                                                              "min",
                                                              "max",
                                                              "avg",
                                                              "mean",
                                                              "stddev",
                                                              "stddev_samp",
                                                              "stddev_pop",
                                                              "variance",
                                                              "var_samp",
                                                              "var_pop",
                                                              "first",
                                                              "last",
                                                              "approx_quantile",
                                                              "string_agg",
                                                              "array_agg",
                                                              "bool_and",
                                                              "bool_or",
                                                              "median",
                                                              "percentile_cont",
                                                              "percentile_disc",
                                                              "mode"});
/// Names other tools have for what is here.
constexpr auto kElsewhere = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"year", "extract(year from x)"},
    {"month", "extract(month from x)"},
    {"day", "extract(day from x)"},
    {"hour", "extract(hour from x)"},
    {"minute", "extract(minute from x)"},
    {"second", "extract(second from x)"},
    {"ifnull", "coalesce(x, y)"},
    {"nvl", "coalesce(x, y)"},
    {"isnull", "x is null"},
    {"if", "case when c then a else b end"},
    {"iff", "case when c then a else b end"},
    {"iif", "case when c then a else b end"},
    {"isnan", "x is null"},
    {"len", "length(x)"},
    {"instr", "strpos(text, part)"},
    {"charindex", "strpos(text, part)"},
    {"to_date", "parse_time(text, '%d/%m/%Y')"},
    {"strptime", "parse_time(text, '%d/%m/%Y')"},
    {"json_extract", "json_get(text, 'a.b[0]')"},
    {"from_unixtime", "to_timestamp(seconds)"},
    {"unix_timestamp", "extract(epoch from x)"},
    {"datediff", "x - y"},
    {"date_diff", "x - y"},
    {"ucase", "upper(x)"},
    {"lcase", "lower(x)"},
    {"rlike", "x ~ 'pattern'"},
    {"md5", "hash(x)"},
});

bool contains(const auto& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Sum of what converting the arguments costs; empty when one does not fit.
std::optional<int> cost_of(const Overload& overload, const Operands& operands) {
  if (overload.parameters.size() != operands.size()) return std::nullopt;
  int sum = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const auto cost = Binder::conversion_cost(operands[i], overload.parameters[i]);
    if (!cost) return std::nullopt;
    sum += *cost;
  }
  return sum;
}

/// Another overload takes the other kind of number there.
bool takes_any_number(const Function& function, const Overload& overload, std::size_t index) {
  const auto is_number = [](ValueType type) { return type == ValueType::kInt64 || type == ValueType::kFloat64; };
  return std::any_of(function.overloads.begin(), function.overloads.end(), [&](const Overload& other) {
    return other.parameters.size() == overload.parameters.size() && is_number(other.parameters[index]) &&
           is_number(overload.parameters[index]) && other.parameters[index] != overload.parameters[index];
  });
}

[[noreturn]] void fail_arguments(Binder& binder, const Tree& tree, const Function& function, const Operands& operands) {
  const std::string& usage = function.info.signature;
  for (const Overload& overload : function.overloads) {
    if (overload.parameters.size() != operands.size()) continue;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (Binder::conversion_cost(operands[i], overload.parameters[i])) continue;
      if (operands[i].interval)
        Binder::fail(*operands[i].tree, fmt::format("{} takes no interval: {}", tree.name, usage));
      const bool any_number = takes_any_number(function, overload, i);
      const ValueType wanted = any_number ? ValueType::kFloat64 : overload.parameters[i];
      Binder::fail(*operands[i].tree,
                   fmt::format("{} wants {} here, not {}; {}", tree.name, any_number ? "a number" : type_name(wanted),
                               binder.describe(operands[i]), binder.cure(operands[i], wanted)));
    }
  }
  Binder::fail(tree, fmt::format("{} does not take {} argument{}: {}", tree.name, operands.size(),
                                 operands.size() == 1 ? "" : "s", usage));
}

}  // namespace

Registry::Registry() {
  add_text_functions(*this);
  add_search_functions(*this);
  add_number_functions(*this);
  add_time_functions(*this);
  add_regex_functions(*this);
  add_people_functions(*this);
  add_choice_functions(*this);
}

const Registry& Registry::instance() {
  static const Registry registry;
  return registry;
}

const Function* Registry::find(const std::string& name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& [name, function] : functions_) names.push_back(name);
  return names;
}

std::vector<FunctionInfo> Registry::infos() const {
  std::vector<FunctionInfo> infos;
  for (const auto& [name, function] : functions_) {
    if (function.info.signature.starts_with(name + "(")) infos.push_back(function.info);
  }
  return infos;
}

void Registry::add(const std::string& name, FunctionInfo info, Overload overload) {
  Function& function = functions_[name];
  if (function.info.signature.empty()) function.info = std::move(info);
  function.overloads.push_back(std::move(overload));
}

void Registry::add_custom(const std::string& name, FunctionInfo info, CustomBind bind) {
  functions_[name] = {std::move(info), {}, std::move(bind)};
}

void Registry::add_alias(const std::string& alias, const std::string& name) { functions_[alias] = functions_.at(name); }

void check_function_name(const Tree& call, const std::vector<std::string>& macros, bool aggregates) {
  const Registry& registry = Registry::instance();
  if (registry.find(call.name) != nullptr) return;
  if (contains(kMoment, call.name)) {
    Binder::fail(call, fmt::format("{} depends on the moment; a job must give the same result every time, so write the "
                                   "value itself",
                                   call.name));
  }
  if (contains(kChance, call.name)) {
    Binder::fail(call, fmt::format("{} depends on chance; a job must give the same result every time: hash(x) or the "
                                   "step sample: do",
                                   call.name));
  }
  if (contains(kAggregates, call.name) && aggregates) {
    Binder::fail(call, fmt::format("the aggregate {} is not available{}", call.name, aggregate_advice(call.name)));
  }
  if (contains(kAggregates, call.name)) {
    Binder::fail(call, fmt::format("{} is an aggregate: it belongs into the step group: or into sql:", call.name));
  }
  for (const auto& [name, here] : kElsewhere) {
    if (call.name == name) Binder::fail(call, fmt::format("unknown function {}: write {}", call.name, here));
  }
  std::vector<std::string> known = registry.names();
  known.insert(known.end(), macros.begin(), macros.end());
  if (aggregates) known.insert(known.end(), aggregate_names().begin(), aggregate_names().end());
  Binder::fail(call, fmt::format("unknown function {}{}; evclean functions lists them", call.name,
                                 did_you_mean(call.name, known)));
}

NodePtr bind_function(Binder& binder, const Tree& tree) {
  const Function* function = Registry::instance().find(tree.name);
  if (function == nullptr) check_function_name(tree, {});
  if (function->custom) return function->custom(binder, tree);
  Operands operands = binder.bind_all(tree.args);
  const Overload* best = nullptr;
  int least = 0;
  for (const Overload& overload : function->overloads) {
    const auto cost = cost_of(overload, operands);
    if (!cost || (best != nullptr && *cost >= least)) continue;
    best = &overload;
    least = *cost;
  }
  if (best == nullptr) fail_arguments(binder, tree, *function, operands);
  CallSite site{binder, tree, operands};
  Nodes args;
  for (std::size_t i = 0; i < operands.size(); ++i) args.push_back(Binder::convert(operands[i], best->parameters[i]));
  return best->make(site, std::move(args));
}

}  // namespace evclean::sql
