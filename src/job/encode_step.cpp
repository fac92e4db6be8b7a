// SPDX-License-Identifier: Apache-2.0
#include "encode_step.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "map_reader.hpp"
#include "pieces.hpp"
#include "scalar.hpp"
#include "sections.hpp"

namespace evclean::job {
namespace {

using Kind = EncodedColumn::Kind;

constexpr std::int64_t kMostBuckets = 10'000;
constexpr std::int64_t kMostCategories = 1'000'000;

struct KindWord {
  std::string_view word;
  Kind kind;
};
constexpr std::array<KindWord, 7> kKindWords{{{"one_hot", Kind::kOneHot},
                                              {"ordinal", Kind::kOrdinal},
                                              {"hash", Kind::kHash},
                                              {"standardise", Kind::kStandardise},
                                              {"standardize", Kind::kStandardise},
                                              {"keep", Kind::kKeep},
                                              {"missing", Kind::kMissing}}};

/// A list of categories, or the word sorted: those that the data has.
std::optional<std::vector<std::string>> read_categories(const YamlNode& node, const std::string& what,
                                                        Problems& problems) {
  if (node.is_scalar() && node.text == "sorted") return std::nullopt;
  std::vector<std::string> categories;
  if (!node.is_list() || node.items.empty()) {
    problems.report(node, "{} takes a list of its categories in their order, or the word sorted", what);
    return categories;
  }
  std::set<std::string> seen;
  for (const YamlNode& item : node.items) {
    const auto text = read_text(item, what, problems);
    if (!text) continue;
    if (!seen.insert(text->value).second) {
      problems.report(item, "{} names the category '{}' twice", what, printable(text->value, 60));
    }
    categories.push_back(text->value);
  }
  return categories;
}

/// What a map says of one column.
void read_entry(const YamlNode& key, const YamlNode& value, const std::string& what, EncodedColumn& column,
                Problems& problems) {
  const std::string name = fmt::format("{}.{}", what, printable(key.text, 60));
  if (key.text.empty()) problems.report(key, "{} has an empty column name", what);
  column.column = {key.text, key.place};
  if (column.kind == Kind::kHash) {
    column.buckets = read_integer(value, name, 1, kMostBuckets, problems).value_or(1);
  } else {
    column.categories = read_categories(value, name, problems);
  }
}

void read_columns(const YamlNode& node, const KindWord& word, EncodeStep& step, Problems& problems) {
  const std::string what = fmt::format("encode.{}", word.word);
  const bool takes_map = word.kind == Kind::kHash || word.kind == Kind::kOneHot || word.kind == Kind::kOrdinal;
  if (word.kind == Kind::kHash && !node.is_map()) {
    problems.report(node, "{} takes a map of column to number of buckets, such as {{path: 64}}", what);
  } else if (node.is_map() && !takes_map) {
    problems.report(node, "{} takes a list of columns, not {}", what, kind_words(node));
  } else if (node.is_map()) {
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      step.columns.push_back({word.kind, {}, std::nullopt, 0});
      read_entry(node.keys[i], node.items[i], what, step.columns.back(), problems);
    }
  } else {
    for (Text& column : read_words(node, what, problems)) {
      step.columns.push_back({word.kind, std::move(column), std::nullopt, 0});
    }
  }
}

void read_missing(const YamlNode& node, EncodeStep& step, Problems& problems) {
  if (node.is_scalar() && core_type(node) == CoreType::kBool) {
    assign(step.all_missing, read_bool(node, "encode.missing", problems));
    return;
  }
  read_columns(node, kKindWords.back(), step, problems);
}

/// Uses of columns, in the order in which they are written.
void read_all_columns(MapReader& map, EncodeStep& step) {
  for (const KindWord& word : kKindWords) map.take(word.word);
  if (!map.is_map()) return;
  const YamlNode& node = map.node();
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    for (const KindWord& word : kKindWords) {
      if (node.keys[i].text != word.word) continue;
      if (word.kind == Kind::kMissing) {
        read_missing(node.items[i], step, map.problems());
      } else {
        read_columns(node.items[i], word, step, map.problems());
      }
    }
  }
  // What is missing is told behind what is there.
  std::stable_partition(step.columns.begin(), step.columns.end(),
                        [](const EncodedColumn& column) { return column.kind != Kind::kMissing; });
}

std::optional<EncodeSplit> read_split(const YamlNode& node, Problems& problems) {
  EncodeSplit split;
  MapReader map(node, "encode.split", problems);
  if (const auto* by = map.need("by")) split.by = read_words(*by, "encode.split.by", problems);
  if (const auto* test = map.take("test")) {
    assign(split.test, read_share(*test, "encode.split.test", problems));
    if (split.test <= 0 || split.test >= 1) {
      problems.report(*test, "encode.split.test is a share between 0 and 1, such as 20%");
    }
  }
  if (const auto* seed = map.take("seed")) {
    assign(split.seed, read_integer(*seed, "encode.split.seed", 0, INT64_MAX, problems));
  }
  map.finish();
  return split;
}

/// Columns of the table that encode writes under their own names: each stands there once, and y is no feature.
void check_names(const EncodeStep& step, Problems& problems) {
  std::set<std::string> plain;
  if (step.split) plain.insert("split");
  const auto add = [&](const Text& name, const char* what) {
    if (!plain.insert(name.value).second) {
      problems.add(name.place, fmt::format("encode: {} '{}' would stand in the table twice", what, name.value));
    }
  };
  if (step.label) add(*step.label, "the label");
  for (const Text& name : step.id) add(name, "the id");
  std::set<std::pair<Kind, std::string>> uses;
  for (const EncodedColumn& column : step.columns) {
    if (step.label && column.column.value == step.label->value) {
      problems.add(column.column.place,
                   fmt::format("encode: '{}' is the label, so it cannot be a feature too", column.column.value));
    }
    if (!uses.insert({column.kind, column.column.value}).second) {
      problems.add(column.column.place,
                   fmt::format("encode: '{}' is named twice for the same", printable(column.column.value, 60)));
    }
  }
}

/// A fitted mapping says all of it.
void check_fitted(const MapReader& map, const EncodeStep& step, Problems& problems) {
  if (!step.fitted) {
    const bool features = std::any_of(step.columns.begin(), step.columns.end(),
                                      [](const EncodedColumn& column) { return column.kind != Kind::kMissing; });
    if (!features && map.is_map()) {
      problems.report(map.node(),
                      "encode names no feature: write one_hot, ordinal, hash, standardise or keep with "
                      "columns, or fitted with a mapping");
    }
    return;
  }
  if (step.columns.empty() && !step.label && !step.all_missing && !step.max_categories) return;
  problems.add(step.fitted->place,
               "encode.fitted applies a mapping as it was fitted: only split and id stand beside it");
}

}  // namespace

std::optional<StepBody> read_encode(const YamlNode& value, Problems& problems) {
  EncodeStep step;
  step.place = value.place;
  MapReader map(value, "encode", problems);
  read_all_columns(map, step);
  if (const auto* node = map.take("label")) step.label = read_word(*node, "encode.label", problems);
  if (const auto* node = map.take("id")) step.id = read_words(*node, "encode.id", problems);
  if (const auto* node = map.take("split")) step.split = read_split(*node, problems);
  if (const auto* node = map.take("max_categories")) {
    step.max_categories = read_integer(*node, "encode.max_categories", 1, kMostCategories, problems);
  }
  if (const auto* node = map.take("fitted")) {
    step.fitted = read_path(*node, "encode.fitted", problems).value_or(Text{{}, node->place});
    step.fitted->value = path_from_job(step.fitted->value, step.fitted->place);
  }
  if (const auto* node = map.take("s3")) {
    step.s3 = read_s3(*node, "encode.s3", S3Use::kRead, problems);
    if (!step.fitted) problems.report(*node, "encode.s3 is for fitted: the other columns come from the table");
  }
  check_names(step, problems);
  check_fitted(map, step, problems);
  map.finish();
  return step;
}

}  // namespace evclean::job
