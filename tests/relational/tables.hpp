// SPDX-License-Identifier: Apache-2.0
// Tables for tests: made alike on every rank, spread over the ranks, and read back as lines of text.
#pragma once

#include <arrow/api.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "evclean/exchange.hpp"
#include "evclean/record_batch.hpp"
#include "evclean/relational.hpp"
#include "evclean/types.hpp"

namespace evclean::testing_tables {

struct Scene {
  explicit Scene(std::int64_t memory_bytes = 1 << 30)
      : comm(Comm::world()), workspace{comm, std::make_shared<MemoryBudget>(memory_bytes), "/var/tmp", [] {}} {}
  Comm comm;
  Workspace workspace;
};

/// A column from values of T; a value that `missing` says true of is null.
template <typename Builder, typename Value>
Column make_column(Builder& builder, std::int64_t rows, Value value) {
  for (std::int64_t i = 0; i < rows; ++i) {
    if (!value(i).ok()) std::abort();
  }
  return builder.Finish().ValueOrDie();
}

struct Shape {
  std::int64_t rows = 1000;
  std::int64_t keys = 20;   ///< distinct values of `word` and `number`
  double missing = 0.1;     ///< share of nulls
  double hot = 0.0;         ///< share of rows with one key
  bool long_words = false;  ///< some keys of some hundred bytes, some with NUL
};

inline Fields table_fields() {
  return {{"word", ValueType::kString}, {"number", ValueType::kInt64}, {"amount", ValueType::kFloat64},
          {"wanted", ValueType::kBool}, {"day", ValueType::kDate},     {"moment", ValueType::kTimestamp},
          {"note", ValueType::kString}};
}

/// Random rows of all types. Amounts are whole 1024ths, so that plain arithmetic on them is exact.
inline Batch make_table(unsigned seed, const Shape& shape) {
  std::mt19937_64 random(seed);
  const auto missing = [&] { return std::uniform_real_distribution<>()(random) < shape.missing; };
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  const auto key = [&] { return std::uniform_real_distribution<>()(random) < shape.hot ? 0 : below(shape.keys); };
  const auto word = [&](std::int64_t k) {
    const std::string text = fmt::format("w{}", k % 7 == 3 ? k * 1000003 : k);
    if (shape.long_words && k % 5 == 1) return fmt::format("{}{:x>300}", text, k);
    if (shape.long_words && k % 5 == 2) return text + std::string("\0\1\2", static_cast<std::size_t>(k % 4));
    return text;
  };
  arrow::StringBuilder words, notes;
  arrow::Int64Builder numbers;
  arrow::DoubleBuilder amounts;
  arrow::BooleanBuilder wanted;
  arrow::Date32Builder days;
  arrow::TimestampBuilder moments(arrow_type(ValueType::kTimestamp), arrow::default_memory_pool());
  Batch table;
  table.num_rows = shape.rows;
  for (const Field& field : table_fields()) table.names.push_back(field.name);
  const std::int64_t n = shape.rows;
  table.columns.push_back(
      make_column(words, n, [&](std::int64_t) { return missing() ? words.AppendNull() : words.Append(word(key())); }));
  table.columns.push_back(make_column(numbers, n, [&](std::int64_t) {
    return missing() ? numbers.AppendNull() : numbers.Append(key() - shape.keys / 2);
  }));
  table.columns.push_back(make_column(amounts, n, [&](std::int64_t) {
    return missing() ? amounts.AppendNull() : amounts.Append(static_cast<double>(below(1 << 20) - (1 << 18)) / 1024);
  }));
  table.columns.push_back(make_column(
      wanted, n, [&](std::int64_t) { return missing() ? wanted.AppendNull() : wanted.Append(below(3) != 0); }));
  table.columns.push_back(make_column(days, n, [&](std::int64_t) {
    return missing() ? days.AppendNull() : days.Append(static_cast<std::int32_t>(below(60) - 30));
  }));
  table.columns.push_back(make_column(moments, n, [&](std::int64_t) {
    return missing() ? moments.AppendNull() : moments.Append(below(4'000'000'000) - 1'000'000'000);
  }));
  table.columns.push_back(make_column(notes, n, [&](std::int64_t) {
    return missing() ? notes.AppendNull() : notes.Append(fmt::format("n{}", below(50)));
  }));
  return table;
}

/// Deals parts of a table to the ranks in turn; batches of different lengths.
inline DatasetPtr spread(const Batch& table, const Fields& fields, const Workspace& workspace,
                         std::int64_t part_rows = 97) {
  auto data = std::make_shared<Dataset>(fields, workspace);
  std::int64_t part = 0;
  for (std::int64_t first = 0; first < table.num_rows; first += part_rows, ++part) {
    if (part % workspace.comm.size() != workspace.comm.rank()) continue;
    const std::int64_t rows = std::min(part_rows, table.num_rows - first);
    const std::int64_t half = rows / 3;
    data->append(part, slice_batch(table, first, half));
    data->append(part, slice_batch(table, first + half, rows - half));
  }
  data->finish();
  return data;
}

inline std::string cell(const Batch& batch, int column, std::int64_t row) {
  const arrow::Array& array = *batch.array(column);
  return array.IsNull(row) ? "~" : value_text(array, row);
}

inline std::string line(const Batch& batch, std::int64_t row) {
  std::string text;
  for (std::size_t c = 0; c < batch.columns.size(); ++c) text += cell(batch, static_cast<int>(c), row) + "|";
  return text;
}

/// All rows of a dataset, on every rank. Collective.
inline std::vector<std::string> lines(const Dataset& data, const Workspace& workspace) {
  std::vector<std::string> all;
  for (const Batch& batch : gather_everywhere(data, workspace)) {
    for (std::int64_t row = 0; row < batch.num_rows; ++row) all.push_back(line(batch, row));
  }
  return all;
}

/// Compares two values as a sort does: -1, 0, 1; nulls last.
inline int compare(const Batch& batch, int column, std::int64_t a, std::int64_t b) {
  const arrow::Array& array = *batch.array(column);
  if (array.IsNull(a) || array.IsNull(b)) return static_cast<int>(array.IsNull(a)) - static_cast<int>(array.IsNull(b));
  const auto order = [](auto x, auto y) { return x < y ? -1 : y < x ? 1 : 0; };
  switch (array.type_id()) {
    case arrow::Type::STRING: {
      const auto& values = static_cast<const arrow::StringArray&>(array);
      return order(values.GetView(a), values.GetView(b));
    }
    case arrow::Type::DOUBLE: {
      const auto& values = static_cast<const arrow::DoubleArray&>(array);
      return order(values.Value(a), values.Value(b));
    }
    case arrow::Type::BOOL: {
      const auto& values = static_cast<const arrow::BooleanArray&>(array);
      return order(values.Value(a), values.Value(b));
    }
    case arrow::Type::DATE32: {
      const auto& values = static_cast<const arrow::Date32Array&>(array);
      return order(values.Value(a), values.Value(b));
    }
    default: {
      const auto& values = static_cast<const arrow::Int64Array&>(array);
      return order(values.Value(a), values.Value(b));
    }
  }
}

}  // namespace evclean::testing_tables
