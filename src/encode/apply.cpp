// SPDX-License-Identifier: Apache-2.0
#include "apply.hpp"

#include <arrow/api.h>

#include <algorithm>

#include "category_text.hpp"
#include "column_encoder.hpp"
#include "evclean/arrow_status.hpp"
#include "evclean/record_batch.hpp"
#include "split_rule.hpp"

namespace evclean {
namespace {

using Kind = EncodedColumn::Kind;
using Arrays = std::vector<std::shared_ptr<arrow::Array>>;

constexpr const char* kSplit = "split";
constexpr std::int64_t kBatchBytes = 16 << 20;

class Apply {
 public:
  Apply(const Dataset& data, const ApplySpec& spec, const EncodeContext& context, OperatorReport& report)
      : data_(data),
        mapping_(spec.mapping),
        step_(spec.step),
        earlier_(spec.earlier),
        context_(context),
        report_(report) {
    ids_ = find_columns(data, step_.id, context);
    if (step_.split) rule_.emplace(*step_.split, find_columns(data, step_.split->by, context));
    if (spec.label) {
      label_ = data.find(mapping_.label->column);
      classes_.emplace(mapping_.label->classes);
    }
    for (const FittedColumn& column : mapping_.columns) {
      columns_.push_back(data.find(column.column));
      encoders_.emplace_back(column, data.fields()[static_cast<std::size_t>(columns_.back())].type);
    }
  }

  DatasetPtr run() {
    lay_out();
    auto made = std::make_shared<Dataset>(fields_, context_.workspace);
    context_.workspace.comm.agree([&] { encode_all(*made); });
    made->finish();
    say_split();
    say_columns();
    report_.rows_out = made->rows();
    report_.spilled_bytes += made->spilled_bytes();
    return made;
  }

 private:
  void lay_out() {
    const auto pass_on = [&](int column) {
      if (column >= 0) fields_.push_back(data_.fields()[static_cast<std::size_t>(column)]);
    };
    for (const int id : ids_) pass_on(id);
    if (rule_) fields_.push_back({kSplit, ValueType::kString});
    pass_on(earlier_.split);
    if (label_ >= 0) fields_.push_back({mapping_.label->column, label_type()});
    pass_on(earlier_.label);
    for (const int column : earlier_.features) pass_on(column);
    for (std::size_t c = 0; c < encoders_.size(); ++c) {
      for (const std::string& feature : mapping_.columns[c].features) {
        fields_.push_back({feature, encoders_[c].feature_type()});
      }
    }
    std::set<std::string> names;
    for (const Field& field : fields_) {
      if (!names.insert(field.name).second) {
        fail_encode(context_, step_.place,
                    fmt::format("two columns are to be called '{}', one of them a feature of the mapping: leave it out "
                                "of id, or rename it first",
                                field.name));
      }
    }
    // Of a sample it is no mistake: other rows may have values.
    if (fields_.empty() && !context_.sample) fail_without_columns();
    for (const int column : context_.carried) pass_on(column);
  }

  [[noreturn]] void fail_without_columns() const {
    std::vector<std::string> names;
    for (const FittedColumn& column : mapping_.columns) names.push_back(fmt::format("'{}'", column.column));
    if (names.empty()) fail_encode(context_, step_.place, "the mapping has no feature, so no column is left");
    fail_encode(context_, step_.place,
                fmt::format("no feature is left, as there is no value to fit on in column{} {}: encode others, or "
                            "leave the step out",
                            names.size() == 1 ? "" : "s", fmt::join(names, ", ")));
  }

  ValueType label_type() const {
    if (!mapping_.label->classes.empty()) return ValueType::kInt64;
    return number_type(data_.fields()[static_cast<std::size_t>(label_)].type);
  }

  /// A few columns become many: batches are cut so that what is made of one stays small.
  void encode_all(Dataset& made) {
    const auto width = static_cast<std::int64_t>(std::max<std::size_t>(fields_.size(), 1) * sizeof(std::int64_t));
    const std::int64_t most = std::max<std::int64_t>(kBatchBytes / width, 1);
    for (const std::int64_t part : data_.mine()) {
      for (std::int64_t i = 0; i < data_.batches(part); ++i) {
        const Batch batch = data_.batch(part, i);
        for (std::int64_t first = 0; first < batch.num_rows; first += most) {
          context_.workspace.pause();
          made.append(part, encode(slice_batch(batch, first, std::min(most, batch.num_rows - first))));
        }
      }
    }
  }

  Batch encode(const Batch& batch) {
    Batch made;
    made.num_rows = batch.num_rows;
    const auto pass_on = [&](int column) {
      if (column >= 0) made.columns.push_back(batch.columns[static_cast<std::size_t>(column)]);
    };
    for (const int id : ids_) pass_on(id);
    if (rule_) made.columns.push_back(sides(batch));
    pass_on(earlier_.split);
    if (label_ >= 0) made.columns.push_back(labels(batch.array(label_)));
    pass_on(earlier_.label);
    for (const int column : earlier_.features) pass_on(column);
    Arrays features;
    for (std::size_t c = 0; c < encoders_.size(); ++c) encoders_[c].encode(*batch.array(columns_[c]), features);
    for (auto& feature : features) made.columns.push_back(std::move(feature));
    for (const int column : context_.carried) pass_on(column);
    for (const Field& field : fields_) made.names.push_back(field.name);
    return made;
  }

  std::shared_ptr<arrow::Array> sides(const Batch& batch) {
    const std::vector<bool> test = rule_->test_rows(batch, keyless_);
    arrow::StringBuilder builder;
    for (const bool is_test : test) {
      check_arrow(builder.Append(is_test ? "test" : "train"), "encoding");
      test_rows_ += is_test ? 1 : 0;
    }
    return take_arrow(builder.Finish(), "encoding");
  }

  std::shared_ptr<arrow::Array> labels(const std::shared_ptr<arrow::Array>& values) const {
    if (mapping_.label->classes.empty()) return as_numbers(values);
    arrow::Int64Builder builder;
    CategoryText text(*values, mapping_.label->type);
    for (std::int64_t row = 0; row < values->length(); ++row) {
      const std::int64_t number = classes_->find(text.at(row));
      if (number < 0) {
        fail_encode(context_, step_.place,
                    fmt::format("the label '{}' has the value '{}', which is no class of the mapping",
                                mapping_.label->column, text.at(row).substr(0, 60)));
      }
      check_arrow(builder.Append(number), "encoding");
    }
    return take_arrow(builder.Finish(), "encoding");
  }

  void say_split() {
    if (!rule_) return;
    const std::vector<std::int64_t> all = context_.workspace.comm.sum({test_rows_, keyless_});
    report_.notes.push_back(
        fmt::format("{} rows to train with, {} to test with", with_commas(data_.rows() - all[0]), with_commas(all[0])));
    if (all[1] > 0)
      report_.notes.push_back(fmt::format("{} rows without a key are to train with", with_commas(all[1])));
  }

  /// What a reader of the numbers could not see in them.
  void say_columns() {
    std::vector<std::int64_t> counts;
    for (const ColumnEncoder& encoder : encoders_) {
      counts.insert(counts.end(), {encoder.counts().missing, encoder.counts().unknown});
    }
    counts = context_.workspace.comm.sum(std::move(counts));
    for (std::size_t c = 0; c < encoders_.size(); ++c)
      say_column(mapping_.columns[c], counts[2 * c], counts[2 * c + 1]);
  }

  void say_column(const FittedColumn& column, std::int64_t missing, std::int64_t unknown) {
    const auto say = [&](std::int64_t count, const char* what) {
      if (count > 0) {
        report_.notes.push_back(
            fmt::format("{}: column '{}': {} {}", kind_word(column.kind), column.column, with_commas(count), what));
      }
    };
    const bool ordinal = column.kind == Kind::kOrdinal;
    say(unknown, ordinal ? "values of no category are -1" : "values of no category are 0 in all its features");
    switch (column.kind) {
      case Kind::kOrdinal:
        return say(missing, "missing values are -1");
      case Kind::kStandardise:
        return say(missing, "missing values are 0, the mean");
      case Kind::kKeep:
        return say(missing, "missing values stay missing (NaN in a matrix): fill them if a model needs them");
      case Kind::kOneHot:
      case Kind::kHash:
        return say(missing, "missing values are 0 in all its features");
      case Kind::kMissing:
        return;
    }
  }

  const Dataset& data_;
  const Mapping& mapping_;
  const EncodeStep& step_;
  const EarlierColumns& earlier_;
  const EncodeContext& context_;
  OperatorReport& report_;
  std::vector<int> ids_, columns_;
  int label_ = -1;
  std::optional<SplitRule> rule_;
  std::optional<CategoryNumbers> classes_;
  std::vector<ColumnEncoder> encoders_;
  Fields fields_;
  std::int64_t test_rows_ = 0, keyless_ = 0;
};

}  // namespace

DatasetPtr apply_mapping(const Dataset& data, const ApplySpec& spec, const EncodeContext& context,
                         OperatorReport& report) {
  return Apply(data, spec, context, report).run();
}

}  // namespace evclean
