// SPDX-License-Identifier: Apache-2.0
#include "column_encoder.hpp"

#include <arrow/api.h>

#include <cmath>
#include <cstring>

#include "category_text.hpp"
#include "evclean/arrow_status.hpp"
#include "evclean/hash.hpp"

namespace evclean {
namespace {

using Kind = EncodedColumn::Kind;

/// An array without nulls, to be filled; zero at first.
template <typename ArrayType>
struct Filled {
  using Value = typename ArrayType::value_type;

  explicit Filled(std::int64_t rows)
      : buffer(take_arrow(arrow::AllocateBuffer(rows * static_cast<std::int64_t>(sizeof(Value))), "encoding")),
        values(reinterpret_cast<Value*>(buffer->mutable_data())),
        rows(rows) {
    if (rows > 0) std::memset(values, 0, static_cast<std::size_t>(rows) * sizeof(Value));
  }
  std::shared_ptr<arrow::Array> finish() && { return std::make_shared<ArrayType>(rows, std::move(buffer)); }

  std::shared_ptr<arrow::Buffer> buffer;
  Value* values;
  std::int64_t rows;
};
using FilledInts = Filled<arrow::Int64Array>;
using FilledDoubles = Filled<arrow::DoubleArray>;

double number_at(const arrow::Array& values, std::int64_t row) {
  switch (values.type_id()) {
    case arrow::Type::INT64:
      return static_cast<double>(static_cast<const arrow::Int64Array&>(values).Value(row));
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(values).Value(row) ? 1.0 : 0.0;
    default:
      return static_cast<const arrow::DoubleArray&>(values).Value(row);
  }
}

}  // namespace

CategoryNumbers::CategoryNumbers(const std::vector<std::string>& categories) {
  for (std::size_t i = 0; i < categories.size(); ++i) numbers_.emplace(categories[i], static_cast<std::int64_t>(i));
}

std::int64_t CategoryNumbers::find(std::string_view text) const {
  const auto found = numbers_.find(text);
  return found == numbers_.end() ? -1 : found->second;
}

ColumnEncoder::ColumnEncoder(const FittedColumn& fitted, ValueType type)
    : fitted_(fitted), type_(type), categories_(fitted.categories) {}

ValueType ColumnEncoder::feature_type() const {
  if (fitted_.kind == Kind::kStandardise) return ValueType::kFloat64;
  return fitted_.kind == Kind::kKeep ? number_type(type_) : ValueType::kInt64;
}

/// The number of each value's category or bucket, or -1.
ColumnEncoder::Codes ColumnEncoder::codes_of(const arrow::Array& values) {
  Codes codes(static_cast<std::size_t>(values.length()), -1);
  CategoryText text(values, fitted_.type);
  for (std::int64_t row = 0; row < values.length(); ++row) {
    if (text.missing(row)) {
      ++counts_.missing;
      continue;
    }
    std::int64_t& code = codes[static_cast<std::size_t>(row)];
    if (fitted_.kind == Kind::kHash) {
      code = static_cast<std::int64_t>(hash_bytes(text.at(row)) % static_cast<std::uint64_t>(fitted_.buckets));
    } else {
      code = categories_.find(text.at(row));
      counts_.unknown += code < 0 ? 1 : 0;
    }
  }
  return codes;
}

/// What is missing is 0, the mean; so is what is no number.
std::shared_ptr<arrow::Array> ColumnEncoder::standardise(const arrow::Array& values) {
  FilledDoubles made(values.length());
  for (std::int64_t row = 0; row < values.length(); ++row) {
    const bool missing = values.IsNull(row) || values.type_id() == arrow::Type::STRING;
    const double number = missing ? NAN : number_at(values, row);
    if (!std::isfinite(number)) {
      ++counts_.missing;
    } else {
      made.values[row] = (number - fitted_.mean) / fitted_.scale;
    }
  }
  return std::move(made).finish();
}

void ColumnEncoder::encode(const arrow::Array& values, std::vector<std::shared_ptr<arrow::Array>>& out) {
  if (fitted_.kind == Kind::kStandardise) return out.push_back(standardise(values));
  if (fitted_.kind == Kind::kKeep) {
    counts_.missing += values.null_count();
    return out.push_back(as_numbers(arrow::MakeArray(values.data())));
  }
  if (fitted_.kind == Kind::kMissing) {
    FilledInts made(values.length());
    for (std::int64_t row = 0; row < values.length(); ++row) made.values[row] = values.IsNull(row) ? 1 : 0;
    return out.push_back(std::move(made).finish());
  }
  const Codes codes = codes_of(values);
  if (fitted_.kind == Kind::kOrdinal) {
    FilledInts made(values.length());
    std::copy(codes.begin(), codes.end(), made.values);
    return out.push_back(std::move(made).finish());
  }
  std::vector<FilledInts> features;
  features.reserve(fitted_.features.size());
  for (std::size_t f = 0; f < fitted_.features.size(); ++f) features.emplace_back(values.length());
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (codes[row] >= 0) features[static_cast<std::size_t>(codes[row])].values[row] = 1;
  }
  for (FilledInts& feature : features) out.push_back(std::move(feature).finish());
}

ValueType number_type(ValueType type) {
  return type == ValueType::kBool ? ValueType::kInt64 : type == ValueType::kInt64 ? type : ValueType::kFloat64;
}

std::shared_ptr<arrow::Array> as_numbers(const std::shared_ptr<arrow::Array>& values) {
  if (values->type_id() == arrow::Type::INT64 || values->type_id() == arrow::Type::DOUBLE) return values;
  if (values->type_id() == arrow::Type::STRING) {
    return take_arrow(arrow::MakeArrayOfNull(arrow::float64(), values->length()), "encoding");
  }
  arrow::Int64Builder builder;
  check_arrow(builder.Reserve(values->length()), "encoding");
  for (std::int64_t row = 0; row < values->length(); ++row) {
    if (values->IsNull(row)) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(static_cast<const arrow::BooleanArray&>(*values).Value(row) ? 1 : 0);
    }
  }
  return take_arrow(builder.Finish(), "encoding");
}

}  // namespace evclean
