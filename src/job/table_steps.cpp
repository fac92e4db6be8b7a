// SPDX-License-Identifier: Apache-2.0
#include "table_steps.hpp"

#include <cmath>

#include "map_reader.hpp"
#include "scalar.hpp"

namespace evclean::job {
namespace {

/// `on`: a column, a list of columns, or a map of left to right names. `keys:` is the same.
std::vector<std::pair<Text, Text>> read_pairs(const YamlNode& node, Problems& problems) {
  std::vector<std::pair<Text, Text>> pairs;
  if (!node.is_map()) {
    for (Text& word : read_words(node, "join.on", problems)) pairs.emplace_back(word, word);
    return pairs;
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const auto right = read_word(node.items[i], "join.on", problems);
    if (node.keys[i].text.empty()) problems.report(node.keys[i], "join.on has an empty column name");
    if (right) pairs.emplace_back(Text{node.keys[i].text, node.keys[i].place}, *right);
  }
  return pairs;
}

void read_keys(MapReader& map, JoinStep& step) {
  const YamlNode* const on = map.take("on");
  const YamlNode* const keys = map.take("keys");
  if (on != nullptr && keys != nullptr) map.problems().report(*keys, "'keys' and 'on' are the same key: write one");
  const YamlNode* const node = on != nullptr ? on : keys;
  if (node == nullptr) {
    map.problems().report(map.node(), "join needs on: the columns to join by, such as on: ip");
    return;
  }
  step.on = read_pairs(*node, map.problems());
  if (step.on.empty()) map.problems().report(*node, "join.on names no column");
}

bool is_empty_list(const YamlNode& node) { return node.is_list() && node.items.empty(); }

/// 30m, 90s, 500ms, 1.5h, 2d, or plain seconds, as microseconds.
std::optional<std::int64_t> read_duration(const YamlNode& node, std::string_view what, Problems& problems) {
  const auto text = read_text(node, what, problems);
  if (!text) return std::nullopt;
  static const std::vector<std::pair<std::string_view, double>> kUnits = {
      {"us", 1.0}, {"ms", 1e3},  {"sec", 1e6},   {"min", 6e7},   {"s", 1e6},
      {"m", 6e7},  {"h", 3.6e9}, {"d", 8.64e10}, {"w", 6.048e11}};
  std::string_view number = text->value;
  double unit = 1e6;
  for (const auto& [word, us] : kUnits) {
    if (number.size() <= word.size() || number.substr(number.size() - word.size()) != word) continue;
    number.remove_suffix(word.size());
    while (!number.empty() && number.back() == ' ') number.remove_suffix(1);
    unit = us;
    break;
  }
  const auto value = parse_decimal(number);
  if (value && *value > 0 && *value * unit < 9e18) return std::llround(*value * unit);
  problems.report(node, "{} cannot be '{}': write a time such as 30m, 90s, 500ms, 2h or 1d", what,
                  printable(text->value, 40));
  return std::nullopt;
}

}  // namespace

std::optional<StepBody> read_join(const YamlNode& value, Problems& problems) {
  JoinStep step;
  MapReader map(value, "join", problems);
  if (const auto* node = map.need("table")) assign(step.table, read_word(*node, "join.table", problems));
  read_keys(map, step);
  if (const auto* node = map.take("how")) {
    assign(step.how, read_choice<std::string>(*node, "join.how",
                                              {{"inner", "inner"},
                                               {"left", "left"},
                                               {"right", "right"},
                                               {"full", "full"},
                                               {"outer", "full"},
                                               {"semi", "semi"},
                                               {"anti", "anti"}},
                                              problems));
  }
  if (const auto* node = map.take("columns")) step.columns = read_words(*node, "join.columns", problems);
  if (const auto* node = map.take("suffix")) {
    if (auto text = read_word(*node, "join.suffix", problems)) step.suffix = std::move(text->value);
  }
  if (const auto* node = map.take("strategy")) {
    assign(step.strategy,
           read_choice<std::string>(*node, "join.strategy",
                                    {{"auto", "auto"}, {"broadcast", "broadcast"}, {"keys", "keys"}, {"rows", "rows"}},
                                    problems));
  }
  map.finish();
  return step;
}

std::optional<StepBody> read_align(const YamlNode& value, Problems& problems) {
  AlignStep step;
  assign(step.table, read_word(value, "align", problems));
  return step;
}

std::optional<StepBody> read_distinct(const YamlNode& value, Problems& problems) {
  if (value.is_null() || is_empty_list(value)) return DistinctStep{};
  return DistinctStep{read_words(value, "distinct", problems)};
}

std::optional<StepBody> read_group(const YamlNode& value, Problems& problems) {
  GroupStep step;
  MapReader map(value, "group", problems);
  const YamlNode* const by = map.need("by");
  if (by != nullptr && !is_empty_list(*by)) step.by = read_words(*by, "group.by", problems);
  const YamlNode* const agg = map.take("agg");
  if (agg != nullptr && (!agg->is_map() || agg->items.empty())) {
    problems.report(*agg, "group.agg takes a map of column to expression, such as {{hits: count(*)}}");
  } else if (agg != nullptr) {
    for (std::size_t i = 0; i < agg->keys.size(); ++i) {
      const YamlNode& key = agg->keys[i];
      if (key.text.empty()) problems.report(key, "group.agg has an empty column name");
      const auto expression = read_expression(agg->items[i], "group.agg." + printable(key.text, 60), problems);
      if (expression) step.aggregates.push_back({key.text, expression->value, key.place, expression->place});
    }
  }
  map.finish();
  return step;
}

std::optional<StepBody> read_sessionize(const YamlNode& value, Problems& problems) {
  SessionizeStep step;
  MapReader map(value, "sessionize", problems);
  if (const auto* node = map.need("by")) step.by = read_words(*node, "sessionize.by", problems);
  if (const auto* node = map.need("time")) assign(step.time, read_word(*node, "sessionize.time", problems));
  step.gap_us = std::int64_t{30} * 60 * 1'000'000;
  if (const auto* node = map.take("gap")) assign(step.gap_us, read_duration(*node, "sessionize.gap", problems));
  map.finish();
  return step;
}

std::optional<StepBody> read_sort(const YamlNode& value, Problems& problems) {
  SortStep step;
  for (Text& word : read_words(value, "sort", problems)) {
    const bool descending = word.value.size() > 1 && word.value[0] == '-';
    if (descending) word.value.erase(0, 1);
    step.columns.push_back({std::move(word), descending});
  }
  if (step.columns.empty()) problems.report(value, "sort names no column");
  return step;
}

std::optional<StepBody> read_sql(const YamlNode& value, Problems& problems) {
  SqlStep step;
  assign(step.query, read_word(value, "sql", problems));
  return step;
}

}  // namespace evclean::job
