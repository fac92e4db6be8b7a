// SPDX-License-Identifier: Apache-2.0
#include "step_values.hpp"

#include <algorithm>
#include <map>

#include "encode_step.hpp"
#include "map_reader.hpp"
#include "scalar.hpp"
#include "table_steps.hpp"
#include "type_word.hpp"

namespace evclean::job {

namespace {

bool is_nonempty_map(const YamlNode& value, const std::string& what, const char* shape, Problems& problems) {
  if (value.is_map() && !value.items.empty()) return true;
  problems.report(value, "{} takes a map {}, not {}", what, shape, value.is_map() ? "an empty one" : kind_words(value));
  return false;
}

std::string named(const char* step, const YamlNode& key) { return fmt::format("{}.{}", step, printable(key.text, 60)); }

/// Names of columns on the left: no blank ones.
bool is_column_key(const YamlNode& key, const char* step, Problems& problems) {
  if (!key.text.empty() && key.text != "~") return true;
  problems.report(key, "{} has an empty column name", step);
  return false;
}

std::vector<NamedText> read_expressions(const YamlNode& value, const char* step, Problems& problems) {
  std::vector<NamedText> entries;
  if (!is_nonempty_map(value, step, "of column to expression", problems)) return entries;
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const YamlNode& key = value.keys[i];
    const auto expression = read_expression(value.items[i], named(step, key), problems);
    if (is_column_key(key, step, problems) && expression) {
      entries.push_back({key.text, expression->value, key.place, expression->place});
    }
  }
  return entries;
}

std::optional<StepBody> read_filter(const YamlNode& value, Problems& problems) {
  auto expression = read_expression(value, "filter", problems);
  if (!expression) return std::nullopt;
  return FilterStep{*std::move(expression)};
}

std::optional<StepBody> read_parse(const YamlNode& value, Problems& problems) {
  ParseStep step;
  MapReader map(value, "parse", problems);
  if (const auto* node = map.need("column")) assign(step.column, read_word(*node, "parse.column", problems));
  if (const auto* node = map.need("patterns")) step.patterns = read_words(*node, "parse.patterns", problems);
  if (const auto* node = map.take("prefix")) {
    if (auto text = read_text(*node, "parse.prefix", problems)) step.prefix = std::move(text->value);
  }
  if (const auto* node = map.take("all")) assign(step.all, read_bool(*node, "parse.all", problems));
  map.finish();
  return step;
}

std::optional<StepBody> read_set(const YamlNode& value, Problems& problems) {
  return SetStep{read_expressions(value, "set", problems)};
}

std::optional<StepBody> read_flag(const YamlNode& value, Problems& problems) {
  return FlagStep{read_expressions(value, "flag", problems)};
}

std::optional<StepBody> read_fill(const YamlNode& value, Problems& problems) {
  FillStep step;
  if (value.is_scalar() && value.text == "None") {
    step.none = true;
    return step;
  }
  if (!value.is_map() || value.items.empty()) {
    problems.report(
        value, "fill takes None, {{column: value}} or {{all: value}}, not {}",
        value.is_scalar() ? fmt::format("'{}'", printable(value.text, 40)) : std::string(kind_words(value)));
    return std::nullopt;
  }
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const YamlNode& key = value.keys[i];
    auto text = read_text(value.items[i], named("fill", key), problems);
    if (!is_column_key(key, "fill", problems) || !text) continue;
    if (key.text == "all") {
      step.all = std::move(text);
    } else {
      step.values.push_back({key.text, text->value, key.place, text->place});
    }
  }
  return step;
}

std::optional<StepBody> read_select(const YamlNode& value, Problems& problems) {
  return SelectStep{read_words(value, "select", problems)};
}

std::optional<StepBody> read_drop(const YamlNode& value, Problems& problems) {
  return DropStep{read_words(value, "drop", problems)};
}

/// `rename: {style: ...}` is the style form; with another value and no other of its keys, style is a column's name.
bool is_style_form(const YamlNode& value) {
  const YamlNode* const style = value.find("style");
  if (style == nullptr || !style->is_scalar()) return false;
  const bool has_options = value.find("version") != nullptr || value.find("camel") != nullptr;
  return has_options || nearest(style->text, {"warehouse"}).has_value();
}

RenameStep read_style(const YamlNode& value, Problems& problems) {
  RenameStep step;
  MapReader map(value, "rename", problems);
  assign(step.warehouse, read_choice<bool>(*map.take("style"), "rename.style", {{"warehouse", true}}, problems));
  if (const auto* node = map.take("version")) {
    if (const auto version = read_integer(*node, "rename.version", 1, 1, problems))
      step.version = static_cast<int>(*version);
  }
  if (const auto* node = map.take("camel")) {
    assign(step.camel_split, read_choice<bool>(*node, "rename.camel", {{"split", true}, {"keep", false}}, problems));
  }
  map.finish();
  return step;
}

std::vector<NamedText> read_new_names(const YamlNode& value, Problems& problems) {
  std::vector<NamedText> names;
  std::map<std::string, std::string> taken;
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const YamlNode& key = value.keys[i];
    const auto name = read_word(value.items[i], named("rename", key), problems);
    if (!is_column_key(key, "rename", problems) || !name) continue;
    const auto [first, is_new] = taken.emplace(name->value, key.text);
    if (!is_new) {
      problems.report(value.items[i], "rename gives two columns the name '{}': {} and {}", printable(name->value, 60),
                      printable(first->second, 60), printable(key.text, 60));
    }
    names.push_back({key.text, name->value, key.place, name->place});
  }
  return names;
}

std::optional<StepBody> read_rename(const YamlNode& value, Problems& problems) {
  RenameStep step;
  if (value.is_scalar()) {
    assign(step.warehouse, read_choice<bool>(value, "rename", {{"warehouse", true}}, problems));
    return step;
  }
  if (!is_nonempty_map(value, "rename", "of old to new name (or the word warehouse)", problems)) return std::nullopt;
  if (is_style_form(value)) return read_style(value, problems);
  step.names = read_new_names(value, problems);
  return step;
}

std::optional<StepBody> read_cast(const YamlNode& value, Problems& problems) {
  CastStep step;
  if (!is_nonempty_map(value, "cast", "of column to type", problems)) return std::nullopt;
  bool any = false;
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const YamlNode& key = value.keys[i];
    if (key.text == "on_error") {
      step.null_on_error = read_on_error(value.items[i], problems);
      continue;
    }
    any = true;
    const auto word = read_type_word(value.items[i], named("cast", key), problems);
    if (!is_column_key(key, "cast", problems) || !word) continue;
    step.types.push_back({key.text, word->value, key.place, word->place});
  }
  if (!any) problems.report(value, "cast names no column");
  return step;
}

void read_replacements(const YamlNode& value, MapStep& step, Problems& problems) {
  if (!is_nonempty_map(value, "map.values", "of value to its replacement", problems)) return;
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const YamlNode& key = value.keys[i];
    const YamlNode& item = value.items[i];
    if (key.is_null())
      problems.report(key, "map.values: fill replaces missing values; the text null is written 'null'");
    NamedText entry{key.text, "", key.place, item.place, item.is_null()};
    if (!item.is_null()) {
      auto text = read_text(item, named("map.values", key), problems);
      if (!text) continue;
      entry.value = std::move(text->value);
    }
    step.values.push_back(std::move(entry));
  }
}

std::optional<StepBody> read_map(const YamlNode& value, Problems& problems) {
  MapStep step;
  MapReader map(value, "map", problems);
  if (const auto* node = map.need("column")) assign(step.column, read_word(*node, "map.column", problems));
  if (const auto* node = map.need("values")) read_replacements(*node, step, problems);
  if (const auto* node = map.take("default")) {
    step.otherwise = node->is_null() ? Text{"", node->place, true} : read_text(*node, "map.default", problems);
  }
  map.finish();
  return step;
}

std::optional<StepBody> read_explode(const YamlNode& value, Problems& problems) {
  ExplodeStep step;
  if (value.is_scalar()) {
    assign(step.column, read_word(value, "explode", problems));
    return step;
  }
  MapReader map(value, "explode", problems);
  if (const auto* node = map.need("column")) assign(step.column, read_word(*node, "explode.column", problems));
  if (const auto* node = map.take("as")) step.as = read_word(*node, "explode.as", problems);
  if (const auto* node = map.take("keep_empty")) {
    assign(step.keep_empty, read_bool(*node, "explode.keep_empty", problems));
  }
  map.finish();
  return step;
}

std::optional<StepBody> read_index(const YamlNode& value, Problems& problems) {
  IndexStep step;
  assign(step.name, read_word(value, "index", problems));
  return step;
}

std::optional<StepBody> read_limit(const YamlNode& value, Problems& problems) {
  LimitStep step;
  assign(step.rows, read_integer(value, "limit", 0, INT64_MAX, problems));
  return step;
}

std::optional<StepBody> read_sample(const YamlNode& value, Problems& problems) {
  SampleStep step;
  MapReader map(value, "sample", problems);
  if (const auto* node = map.need("fraction")) assign(step.fraction, read_share(*node, "sample.fraction", problems));
  if (const auto* node = map.take("seed")) {
    assign(step.seed, read_integer(*node, "sample.seed", INT64_MIN, INT64_MAX, problems));
  }
  map.finish();
  return step;
}

}  // namespace

bool read_on_error(const YamlNode& value, Problems& problems) {
  if (value.is_null()) return true;
  return read_choice<bool>(value, "on_error", {{"null", true}, {"reject", false}}, problems).value_or(false);
}

const std::vector<StepWord>& step_words() {
  static const std::vector<StepWord> kWords = {
      {"filter", read_filter},
      {"parse", read_parse},
      {"set", read_set},
      {"flag", read_flag},
      {"fill", read_fill},
      {"select", read_select},
      {"drop", read_drop},
      {"rename", read_rename},
      {"cast", read_cast},
      {"map", read_map},
      {"explode", read_explode},
      {"join", read_join},
      {"align", read_align},
      {"index", read_index},
      {"distinct", read_distinct},
      {"group", read_group},
      {"sessionize", read_sessionize},
      {"sort", read_sort},
      {"limit", read_limit},
      {"sample", read_sample},
      {"sql", read_sql},
      {"encode", read_encode},
  };
  return kWords;
}

}  // namespace evclean::job
