// SPDX-License-Identifier: Apache-2.0
#include "mapping.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "evclean/error.hpp"
#include "evclean/json_quoted.hpp"
#include "evclean/types.hpp"
#include "json_value.hpp"

namespace evclean {
namespace {

using Kind = EncodedColumn::Kind;

constexpr std::string_view kWhat = "encode mapping";
constexpr std::array<std::pair<Kind, std::string_view>, 6> kWords{{{Kind::kOneHot, "one_hot"},
                                                                   {Kind::kOrdinal, "ordinal"},
                                                                   {Kind::kHash, "hash"},
                                                                   {Kind::kStandardise, "standardise"},
                                                                   {Kind::kKeep, "keep"},
                                                                   {Kind::kMissing, "missing"}}};

std::string number_text(double value) {
  std::string text;
  append_float64(text, value);
  return text;
}

std::string list_json(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(json_quoted(text));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string column_json(const FittedColumn& column) {
  std::string out = fmt::format(R"({{"column": {}, "encode": "{}", "type": "{}")", json_quoted(column.column),
                                kind_word(column.kind), type_name(column.type));
  if (column.kind == Kind::kOneHot || column.kind == Kind::kOrdinal) {
    out += fmt::format(R"(, "categories": {})", list_json(column.categories));
  }
  if (column.kind == Kind::kHash) out += fmt::format(R"(, "buckets": {})", column.buckets);
  if (column.kind == Kind::kStandardise) {
    out += fmt::format(R"(, "mean": {}, "scale": {})", number_text(column.mean), number_text(column.scale));
  }
  return out + fmt::format(R"(, "features": {}}})", list_json(column.features));
}

/// Takes a mapping's JSON apart; whatever is not as mapping_json writes it is damage.
class MappingReader {
 public:
  explicit MappingReader(const std::string& shown) : shown_(shown) {}

  Mapping read(const JsonValue& top) {
    check_version(top);
    Mapping mapping;
    const JsonValue& fitted = part(top, "fitted", JsonValue::Kind::kObject);
    mapping.rows = integer(fitted, "rows");
    if (const JsonValue* const split = fitted.find("split")) {
      mapping.split = FittedSplit{texts(*split, "by"), number(*split, "test"), integer(*split, "seed")};
    }
    if (const JsonValue* const label = top.find("label")) mapping.label = read_label(*label);
    for (const JsonValue& column : part(top, "columns", JsonValue::Kind::kList).items) {
      mapping.columns.push_back(read_column(column));
    }
    check_features(mapping);
    return mapping;
  }

 private:
  [[noreturn]] void damaged(const std::string& why) const {
    fail_user("encode: {} is not a mapping as evclean writes it ({}): fit it again", shown_, why);
  }

  void check_version(const JsonValue& top) const {
    const JsonValue* const what = top.find("evclean");
    if (what == nullptr || what->text != kWhat) {
      fail_user(
          "encode: {} is not the mapping of a step encode: it is the file that ends in .mapping.json beside the "
          "output of the run that fitted it",
          shown_);
    }
    const std::int64_t version = integer(top, "version");
    if (version != kMappingVersion) {
      fail_user(
          "encode: {} is a mapping of version {}, and this evclean reads version {}: fit it again, or use the "
          "evclean that wrote it",
          shown_, version, kMappingVersion);
    }
  }

  const JsonValue& part(const JsonValue& in, const char* key, JsonValue::Kind kind) const {
    const JsonValue* const value = in.find(key);
    if (value == nullptr || value->kind != kind) damaged(fmt::format("'{}'", key));
    return *value;
  }
  std::string text(const JsonValue& in, const char* key) const { return part(in, key, JsonValue::Kind::kText).text; }
  std::int64_t integer(const JsonValue& in, const char* key) const {
    std::int64_t value = 0;
    if (!parse_int64(part(in, key, JsonValue::Kind::kNumber).text, value) || value < 0)
      damaged(fmt::format("'{}'", key));
    return value;
  }
  double number(const JsonValue& in, const char* key) const {
    double value = 0;
    if (!parse_float64(part(in, key, JsonValue::Kind::kNumber).text, value)) damaged(fmt::format("'{}'", key));
    return value;
  }
  std::vector<std::string> texts(const JsonValue& in, const char* key) const {
    std::vector<std::string> list;
    for (const JsonValue& item : part(in, key, JsonValue::Kind::kList).items) {
      if (item.kind != JsonValue::Kind::kText) damaged(fmt::format("'{}'", key));
      list.push_back(item.text);
    }
    return list;
  }
  ValueType type(const JsonValue& in) const {
    const auto found = type_from_name(text(in, "type"));
    if (!found) damaged("'type'");
    return *found;
  }

  FittedLabel read_label(const JsonValue& value) const {
    FittedLabel label{text(value, "column"), type(value), {}};
    if (value.find("classes") != nullptr) label.classes = texts(value, "classes");
    return label;
  }

  FittedColumn read_column(const JsonValue& value) const {
    FittedColumn column;
    column.column = text(value, "column");
    column.type = type(value);
    column.features = texts(value, "features");
    const std::string word = text(value, "encode");
    const auto kind =
        std::find_if(kWords.begin(), kWords.end(), [&](const auto& known) { return known.second == word; });
    if (kind == kWords.end()) damaged("'encode'");
    column.kind = kind->first;
    std::size_t features = 1;
    if (column.kind == Kind::kOneHot || column.kind == Kind::kOrdinal) column.categories = texts(value, "categories");
    if (column.kind == Kind::kOneHot) features = column.categories.size();
    if (column.kind == Kind::kHash) features = static_cast<std::size_t>(column.buckets = integer(value, "buckets"));
    if (column.kind == Kind::kStandardise) {
      column.mean = number(value, "mean");
      column.scale = number(value, "scale");
      if (column.scale <= 0) damaged("'scale'");
    }
    if (column.features.size() != features) damaged("'features'");
    return column;
  }

  void check_features(const Mapping& mapping) const {
    std::set<std::string> names;
    for (const FittedColumn& column : mapping.columns) {
      for (const std::string& feature : column.features) {
        if (feature.empty() || !names.insert(feature).second) damaged("'features'");
      }
    }
  }

  const std::string& shown_;
};

}  // namespace

std::size_t Mapping::features() const {
  std::size_t count = 0;
  for (const FittedColumn& column : columns) count += column.features.size();
  return count;
}

std::string_view kind_word(Kind kind) {
  return std::find_if(kWords.begin(), kWords.end(), [&](const auto& known) { return known.first == kind; })->second;
}

std::string mapping_json(const Mapping& mapping) {
  std::string out = fmt::format("{{\n  \"evclean\": \"{}\",\n  \"version\": {},\n  \"fitted\": {{\"rows\": {}", kWhat,
                                kMappingVersion, mapping.rows);
  if (mapping.split) {
    out += fmt::format(R"(, "split": {{"by": {}, "test": {}, "seed": {}}})", list_json(mapping.split->by),
                       number_text(mapping.split->test), mapping.split->seed);
  }
  out += "},\n";
  if (mapping.label) {
    out += fmt::format(R"(  "label": {{"column": {}, "type": "{}")", json_quoted(mapping.label->column),
                       type_name(mapping.label->type));
    if (!mapping.label->classes.empty()) out += fmt::format(R"(, "classes": {})", list_json(mapping.label->classes));
    out += "},\n";
  }
  out += "  \"columns\": [";
  for (std::size_t c = 0; c < mapping.columns.size(); ++c) {
    out += fmt::format("{}\n    {}", c == 0 ? "" : ",", column_json(mapping.columns[c]));
  }
  return out + "\n  ]\n}\n";
}

Mapping parse_mapping(std::string_view json, const std::string& shown) {
  const std::optional<JsonValue> top = parse_json(json);
  if (!top) fail_user("encode: {} is not JSON, so no mapping", shown);
  return MappingReader(shown).read(*top);
}

}  // namespace evclean
