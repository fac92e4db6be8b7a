// SPDX-License-Identifier: Apache-2.0
#include "random_table.hpp"

#include <arrow/api.h>

#include <cstdlib>
#include <iostream>

#include "evclean/arrow_status.hpp"

namespace evclean::testing {
namespace {

void append_random(arrow::ArrayBuilder& builder, ValueType type, int distinct, Random& random) {
  const auto pick = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(distinct));
  switch (type) {
    case ValueType::kString: {
      // Lengths around what is kept inline (16 bytes), the empty text, and some long ones.
      std::string text = pick == 0 ? "" : pick == 1 ? "None" : fmt::format("k{}", pick * 7919);
      if (pick % 5 == 2) text += std::string(static_cast<std::size_t>(pick % 17), 'x');
      if (pick % 11 == 3) text += std::string(40, static_cast<char>('a' + pick % 26));
      return check_arrow(static_cast<arrow::StringBuilder&>(builder).Append(text), "test");
    }
    case ValueType::kInt64:
      return check_arrow(static_cast<arrow::Int64Builder&>(builder).Append(pick - distinct / 2), "test");
    case ValueType::kFloat64:
      return check_arrow(
          static_cast<arrow::DoubleBuilder&>(builder).Append(static_cast<double>(pick - distinct / 2) / 2), "test");
    case ValueType::kBool:
      return check_arrow(static_cast<arrow::BooleanBuilder&>(builder).Append(pick % 2 == 0), "test");
    case ValueType::kDate:
      return check_arrow(static_cast<arrow::Date32Builder&>(builder).Append(static_cast<std::int32_t>(20000 + pick)),
                         "test");
    case ValueType::kTimestamp:
      return check_arrow(
          static_cast<arrow::TimestampBuilder&>(builder).Append((20000 * 2 + pick) * std::int64_t{43'200'000'000}),
          "test");
  }
}

void append_text(arrow::ArrayBuilder& builder, ValueType type, const std::string& text) {
  if (text == "NULL") return check_arrow(builder.AppendNull(), "test");
  switch (type) {
    case ValueType::kString:
      return check_arrow(static_cast<arrow::StringBuilder&>(builder).Append(text), "test");
    case ValueType::kInt64:
      return check_arrow(static_cast<arrow::Int64Builder&>(builder).Append(std::stoll(text)), "test");
    case ValueType::kFloat64:
      return check_arrow(static_cast<arrow::DoubleBuilder&>(builder).Append(std::stod(text)), "test");
    case ValueType::kBool:
      return check_arrow(static_cast<arrow::BooleanBuilder&>(builder).Append(text == "true"), "test");
    case ValueType::kDate:
      return check_arrow(static_cast<arrow::Date32Builder&>(builder).Append(std::stoi(text)), "test");
    case ValueType::kTimestamp:
      return check_arrow(static_cast<arrow::TimestampBuilder&>(builder).Append(std::stoll(text)), "test");
  }
}

std::unique_ptr<arrow::ArrayBuilder> builder_of(ValueType type) {
  return take_arrow(arrow::MakeBuilder(arrow_type(type)), "test");
}

}  // namespace

std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("EVCLEAN_TEST_SEED");
    const std::uint64_t value = given ? std::stoull(given) : 20261123;
    if (given) std::cerr << "seed " << value << "\n";
    return value;
  }();
  return seed;
}

Batch random_batch(Random& random, const std::vector<ColumnShape>& columns, std::int64_t rows) {
  Batch batch;
  batch.num_rows = rows;
  for (const ColumnShape& column : columns) {
    auto builder = builder_of(column.field.type);
    for (std::int64_t row = 0; row < rows; ++row) {
      if (std::uniform_real_distribution<>(0, 1)(random) < column.nulls) {
        check_arrow(builder->AppendNull(), "test");
      } else {
        append_random(*builder, column.field.type, column.distinct, random);
      }
    }
    batch.names.push_back(column.field.name);
    batch.columns.emplace_back(take_arrow(builder->Finish(), "test"));
  }
  return batch;
}

Fields fields_of(const std::vector<ColumnShape>& columns) {
  Fields fields;
  for (const ColumnShape& column : columns) fields.push_back(column.field);
  return fields;
}

Batch batch_of(const Fields& fields, const std::vector<std::vector<std::string>>& rows) {
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(rows.size());
  for (std::size_t c = 0; c < fields.size(); ++c) {
    auto builder = builder_of(fields[c].type);
    for (const auto& row : rows) append_text(*builder, fields[c].type, row[c]);
    batch.names.push_back(fields[c].name);
    batch.columns.emplace_back(take_arrow(builder->Finish(), "test"));
  }
  return batch;
}

std::string value_text(const arrow::Array& array, std::int64_t row) {
  if (array.IsNull(row)) return "NULL";
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(array).GetString(row);
    case arrow::Type::INT64:
      return std::to_string(static_cast<const arrow::Int64Array&>(array).Value(row));
    case arrow::Type::DOUBLE:
      return fmt::format("{}", static_cast<const arrow::DoubleArray&>(array).Value(row));
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
    case arrow::Type::DATE32:
      return fmt::format("d{}", static_cast<const arrow::Date32Array&>(array).Value(row));
    case arrow::Type::TIMESTAMP:
      return fmt::format("t{}", static_cast<const arrow::TimestampArray&>(array).Value(row));
    default:
      fail_bug("type {}", array.type()->ToString());
  }
}

std::vector<std::string> row_texts(const Batch& batch) {
  std::vector<std::string> texts(static_cast<std::size_t>(batch.num_rows));
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    const auto& array = *batch.array(static_cast<int>(c));
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      auto& text = texts[static_cast<std::size_t>(row)];
      if (c > 0) text += '|';
      text += value_text(array, row);
    }
  }
  return texts;
}

}  // namespace evclean::testing
