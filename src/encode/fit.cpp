// SPDX-License-Identifier: Apache-2.0
#include "fit.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>

#include "category_text.hpp"
#include "evclean/types.hpp"
#include "split_rule.hpp"

namespace evclean {
namespace {

using Kind = EncodedColumn::Kind;

constexpr std::int64_t kMostOneHot = 256;
constexpr std::int64_t kMostOrdinal = 100'000;
constexpr std::size_t kMostFeatures = 10'000;

bool is_number(ValueType type) {
  return type == ValueType::kInt64 || type == ValueType::kFloat64 || type == ValueType::kBool;
}

class Fit {
 public:
  Fit(const Dataset& data, const EncodeStep& step, const EarlierColumns& earlier, const EncodeContext& context,
      OperatorReport& report)
      : data_(data), step_(step), earlier_(earlier), context_(context), report_(report) {}

  Mapping run() {
    find_all();
    check();
    take_training_rows();
    measure();
    Mapping mapping;
    mapping.rows = rows_;
    if (step_.split) mapping.split = fitted_split();
    if (step_.label) mapping.label = fit_label();
    for (const EncodedColumn& column : step_.columns) mapping.columns.push_back(fit_column(column));
    if (step_.all_missing) add_indicators(mapping);
    name_features(mapping);
    return mapping;
  }

 private:
  void find_all() {
    for (const EncodedColumn& column : step_.columns) find_column(data_, column.column, context_);
    find_columns(data_, step_.id, context_);
    if (step_.label) find_column(data_, *step_.label, context_);
    if (step_.split) split_columns_ = find_columns(data_, step_.split->by, context_);
    known_split_ = earlier_split(data_, context_);
  }

  void check() const {
    std::vector<NumberColumn> numbers;
    for (const EncodedColumn& column : step_.columns) {
      if (column.kind == Kind::kStandardise || column.kind == Kind::kKeep) {
        numbers.emplace_back().column = column.column;
        numbers.back().word = kind_word(column.kind);
      }
    }
    check_numbers(data_, numbers, context_);
    if (step_.label) check_label(data_, *step_.label, context_);
  }

  /// The rows to train with, of the columns that something is fitted on.
  void take_training_rows() {
    if (!step_.split && known_split_ < 0) {
      train_ = &data_;
      return;
    }
    std::vector<int> wanted;
    for (const EncodedColumn& column : step_.columns) add(wanted, data_.find(column.column.value));
    for (const int column : split_columns_) add(wanted, column);
    if (known_split_ >= 0) add(wanted, known_split_);
    std::vector<int> keys;
    for (const int column : split_columns_) keys.push_back(position(wanted, column));
    std::optional<SplitRule> rule;
    if (step_.split) rule.emplace(*step_.split, keys);
    const int sides = known_split_ < 0 ? -1 : position(wanted, known_split_);
    filtered_ = transform(data_, project(data_.fields(), wanted), context_.workspace, [&](const Batch& batch) {
      Batch rows = project(batch, wanted);
      std::int64_t keyless = 0;
      const std::vector<bool> test = rule ? rule->test_rows(rows, keyless) : test_rows(*rows.array(sides));
      std::vector<std::int32_t> kept;
      for (std::size_t row = 0; row < test.size(); ++row) {
        if (!test[row]) kept.push_back(static_cast<std::int32_t>(row));
      }
      rows.keep(kept);
      return rows;
    });
    train_ = filtered_.get();
  }

  /// Rows of the side to test with, as an earlier step has written it.
  static std::vector<bool> test_rows(const arrow::Array& sides) {
    std::vector<bool> test(static_cast<std::size_t>(sides.length()));
    for (std::int64_t row = 0; row < sides.length(); ++row) {
      test[static_cast<std::size_t>(row)] = !sides.IsNull(row) && value_text(sides, row) == "test";
    }
    return test;
  }

  static void add(std::vector<int>& list, int column) {
    if (std::find(list.begin(), list.end(), column) == list.end()) list.push_back(column);
  }
  static int position(const std::vector<int>& list, int column) {
    return static_cast<int>(std::find(list.begin(), list.end(), column) - list.begin());
  }

  ValueType type_of(const std::string& column) const {
    return data_.fields()[static_cast<std::size_t>(data_.find(column))].type;
  }

  /// Counts, means and deviations of all columns in one go.
  void measure() {
    std::vector<Aggregate> aggregates;
    const auto ask = [&](AggregateKind kind, int column) {
      Aggregate& asked = aggregates.emplace_back();
      asked.kind = kind;
      asked.column = column;
    };
    ask(AggregateKind::kCountRows, -1);
    for (const EncodedColumn& column : step_.columns) {
      const int at = train_->find(column.column.value);
      ask(AggregateKind::kCount, at);
      const bool moments = column.kind == Kind::kStandardise && is_number(type_of(column.column.value));
      ask(moments ? AggregateKind::kAvg : AggregateKind::kCount, at);
      ask(moments ? AggregateKind::kStddev : AggregateKind::kCount, at);
    }
    measured_ = one_row(*train_, std::move(aggregates), context_);
    rows_ = int_at(measured_, 0);
    if (rows_ > 0 || context_.sample) return;
    fail_encode(context_, step_.place,
                data_.rows() == 0
                    ? "the table has no rows to fit on"
                    : fmt::format("none of the {} rows is to train with: choose another key, seed or share",
                                  with_commas(data_.rows())));
  }

  std::size_t index_of(const EncodedColumn& column) const {
    return static_cast<std::size_t>(&column - step_.columns.data());
  }
  std::int64_t values_of(const EncodedColumn& column) const { return int_at(measured_, 1 + index_of(column) * 3); }

  FittedSplit fitted_split() const {
    FittedSplit split{{}, step_.split->test, step_.split->seed};
    for (const Text& name : step_.split->by) split.by.push_back(name.value);
    return split;
  }

  FittedLabel fit_label() const {
    FittedLabel label{step_.label->value, type_of(step_.label->value), {}};
    if (is_number(label.type) || data_.rows() == 0) return label;
    // Of all rows: a class is no knowledge about a row to test with, and each needs its number.
    label.classes =
        categories_in(data_, data_.find(label.column), data_.rows(), *step_.label, "label", kMostOneHot, label.type);
    return label;
  }

  FittedColumn fit_column(const EncodedColumn& column) const {
    FittedColumn fitted;
    fitted.kind = column.kind;
    fitted.column = column.column.value;
    fitted.type = type_of(fitted.column);
    fitted.buckets = column.buckets;
    if (column.kind == Kind::kOneHot || column.kind == Kind::kOrdinal)
      fitted.categories = categories_of(column, fitted);
    if (column.kind == Kind::kStandardise) fit_moments(column, fitted);
    return fitted;
  }

  std::vector<std::string> categories_of(const EncodedColumn& column, const FittedColumn& fitted) const {
    if (column.categories) {
      std::vector<std::string> given;
      for (const std::string& written : *column.categories) given.push_back(category_of(written, fitted.type));
      return given;
    }
    return categories_in(*train_, train_->find(fitted.column), values_of(column), column.column, kind_word(column.kind),
                         column.kind == Kind::kOneHot ? kMostOneHot : kMostOrdinal, fitted.type);
  }

  /// Values of a column in their order; `values` of them are there.
  std::vector<std::string> categories_in(const Dataset& rows, int column, std::int64_t values, const Text& name,
                                         std::string_view word, std::int64_t most, ValueType type) const {
    Aggregate count;
    count.name = "rows";
    OperatorReport ignored;
    const DatasetPtr groups = group(rows, {{column}, {count}}, context_.workspace, ignored);
    report_.bytes_sent += ignored.bytes_sent;
    report_.spilled_bytes += ignored.spilled_bytes;
    const std::int64_t found = groups->rows() - (values < rows.rows() ? 1 : 0);  // null is a group too
    check_count(found, name, word, step_.max_categories.value_or(most));
    std::vector<std::string> categories;
    for (const Batch& batch : gather_everywhere(*groups, context_.workspace)) {
      CategoryText text(*batch.array(0), type);
      for (std::int64_t row = 0; row < batch.num_rows; ++row) {
        if (!text.missing(row)) categories.emplace_back(text.at(row));
      }
    }
    return categories;
  }

  void check_count(std::int64_t found, const Text& name, std::string_view word, std::int64_t most) const {
    if (found <= most) return;
    const bool one_hot = word == kind_word(Kind::kOneHot);
    fail_encode(context_, name.place,
                fmt::format("{}: column '{}' has {} categories, more than {}: {}raise max_categories", word, name.value,
                            with_commas(found), with_commas(most),
                            one_hot ? fmt::format("hash it (hash: {{{}: 64}}), name the categories that matter, or ",
                                                  name.value)
                                    : std::string()));
  }

  void fit_moments(const EncodedColumn& column, FittedColumn& fitted) const {
    if (!is_number(fitted.type) || values_of(column) == 0) {
      report_.notes.push_back(fmt::format("standardise: column '{}' has no value to fit on: it is 0", fitted.column));
      return;
    }
    const std::size_t at = 1 + index_of(column) * 3;
    const double mean = double_at(measured_, at + 1).value_or(0), sample = double_at(measured_, at + 2).value_or(0);
    const auto count = static_cast<long double>(values_of(column));
    // As StandardScaler has it: divided by n, and a column of one value stays where it is.
    const auto deviation =
        static_cast<double>(std::sqrt(static_cast<long double>(sample) * sample * (count - 1) / count));
    if (!std::isfinite(mean) || !std::isfinite(deviation)) {
      fail_encode(context_, column.column.place,
                  fmt::format("standardise: the values of column '{}' are too large to have a deviation (mean {}, "
                              "deviation {})",
                              fitted.column, mean, deviation));
    }
    fitted.mean = mean;
    fitted.scale = deviation > 0 ? deviation : 1;
  }

  /// missing: true, an indicator for every column with something missing.
  void add_indicators(Mapping& mapping) const {
    std::set<std::string> seen;
    for (const EncodedColumn& column : step_.columns) {
      if (column.kind == Kind::kMissing) seen.insert(column.column.value);
    }
    for (const EncodedColumn& column : step_.columns) {
      if (values_of(column) == rows_ || !seen.insert(column.column.value).second) continue;
      FittedColumn indicator;
      indicator.kind = Kind::kMissing;
      indicator.column = column.column.value;
      indicator.type = type_of(indicator.column);
      mapping.columns.push_back(std::move(indicator));
    }
  }

  void name_features(Mapping& mapping) const {
    std::set<std::string> taken;
    for (const Text& name : step_.id) taken.insert(name.value);
    if (step_.label) taken.insert(step_.label->value);
    if (step_.split) taken.insert("split");
    earlier_.take_names(data_, taken);
    for (FittedColumn& column : mapping.columns) {
      const auto name = [&](std::string wanted) { column.features.push_back(free_name(std::move(wanted), taken)); };
      if (column.kind == Kind::kOneHot) {
        for (const std::string& category : column.categories) name(fmt::format("{}_{}", column.column, category));
      } else if (column.kind == Kind::kHash) {
        for (std::int64_t b = 0; b < column.buckets; ++b) name(fmt::format("{}_hash_{}", column.column, b));
      } else {
        name(column.column + (column.kind == Kind::kMissing ? "_missing" : ""));
      }
    }
    const std::size_t features = mapping.features() + earlier_.features.size();
    if (features <= kMostFeatures) return;
    fail_encode(context_, step_.place,
                fmt::format("{} features are more than {}: take fewer categories or buckets",
                            with_commas(static_cast<std::int64_t>(features)), with_commas(kMostFeatures)));
  }

  const Dataset& data_;
  const EncodeStep& step_;
  const EarlierColumns& earlier_;
  const EncodeContext& context_;
  OperatorReport& report_;
  std::vector<int> split_columns_;
  int known_split_ = -1;  ///< the column with train and test of an earlier step
  DatasetPtr filtered_;
  const Dataset* train_ = nullptr;
  Batch measured_;
  std::int64_t rows_ = 0;
};

}  // namespace

void check_numbers(const Dataset& data, const std::vector<NumberColumn>& needed, const EncodeContext& context) {
  std::vector<const NumberColumn*> texts;
  std::vector<Aggregate> aggregates;
  for (const NumberColumn& number : needed) {
    const int at = data.find(number.column.value);
    const ValueType type = data.fields()[static_cast<std::size_t>(at)].type;
    if (type == ValueType::kDate || type == ValueType::kTimestamp) {
      fail_encode(
          context, number.column.place,
          fmt::format("{}: column '{}' is a {}, not a number: make it one first, such as set: {{{}: \"extract("
                      "epoch from {})\"}}",
                      number.word, number.column.value, type_name(type), number.column.value, number.column.value));
    }
    if (type != ValueType::kString) continue;
    texts.push_back(&number);
    Aggregate& first = aggregates.emplace_back();
    first.kind = AggregateKind::kFirst;
    first.column = at;
  }
  if (texts.empty()) return;
  const Batch row = one_row(data, std::move(aggregates), context);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const arrow::Array& value = *row.array(static_cast<int>(i));
    if (value.IsNull(0)) continue;  // no value at all: such a column has no other type
    fail_encode(
        context, texts[i]->column.place,
        fmt::format("{}: column '{}' is text, not a number (such as '{}'): one_hot, ordinal and hash take text, "
                    "or cast it first (cast: {{{}: float64}})",
                    texts[i]->word, texts[i]->column.value, value_text(value, 0).substr(0, 60),
                    texts[i]->column.value));
  }
}

void check_label(const Dataset& data, const Text& label, const EncodeContext& context) {
  std::vector<Aggregate> aggregates(2);
  aggregates[1].kind = AggregateKind::kCount;
  aggregates[1].column = data.find(label.value);
  const Batch row = one_row(data, std::move(aggregates), context);
  const std::int64_t without = int_at(row, 0) - int_at(row, 1);
  if (without == 0) return;
  fail_encode(
      context, label.place,
      fmt::format("the label '{}' is missing in {} of {} rows: leave them out first (filter: \"{} is not null\")",
                  label.value, with_commas(without), with_commas(data.rows()), label.value));
}

Mapping fit_mapping(const Dataset& data, const EncodeStep& step, const EarlierColumns& earlier,
                    const EncodeContext& context, OperatorReport& report) {
  return Fit(data, step, earlier, context, report).run();
}

}  // namespace evclean
