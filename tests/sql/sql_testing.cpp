// SPDX-License-Identifier: Apache-2.0
#include "sql_testing.hpp"

#include <arrow/api.h>
#include <fmt/format.h>

#include "evclean/arrow_status.hpp"

namespace evclean::testing {

SpanColumn raw_column(const Cells& cells) {
  SpanColumn column;
  auto block = std::make_shared<TextBlock>(std::size_t{64});
  for (const auto& cell : cells) {
    if (!cell) {
      column.spans.push_back(Span{});
      continue;
    }
    const std::uint32_t offset = block->append(*cell);
    column.spans.push_back(Span::of(offset, static_cast<std::uint32_t>(cell->size())));
  }
  column.text = std::move(block);
  column.nulls_marked = true;
  return column;
}

std::shared_ptr<arrow::Array> typed_column(ValueType type, const Cells& cells) {
  const SpanColumn raw = raw_column(cells);
  if (type == ValueType::kString) return string_array(raw);
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(cells.size());
  Evidence evidence;
  std::int64_t misfits = 0;
  auto array = convert(raw, ColumnType{type, DateOrder::kNone}, PlaceOf{&batch}, evidence, misfits);
  EXPECT_EQ(0, misfits);
  return array;
}

void Sample::add(const std::string& name, ValueType type, const Cells& cells, bool as_array) {
  fields.push_back({name, type});
  batch.num_rows = static_cast<std::int64_t>(cells.size());
  if (type == ValueType::kString && !as_array) {
    batch.put(name, raw_column(cells));
  } else {
    batch.put(name, typed_column(type, cells));
  }
}

Sample four_rows() {
  const auto null = std::nullopt;
  Sample sample;
  sample.add("text", ValueType::kString, {"abc", null, "straße", ""});
  sample.add("other", ValueType::kString, {"ABC", "x", "ß", null}, true);
  sample.add("n", ValueType::kInt64, {"1", null, "-7", "100"});
  sample.add("m", ValueType::kInt64, {"0", "3", "2", "7"});
  sample.add("f", ValueType::kFloat64, {"1.5", "-2.0", null, "1000000.25"});
  sample.add("flag", ValueType::kBool, {"true", "false", null, "true"});
  sample.add("day", ValueType::kDate, {"2024-02-29", null, "2023-12-31", "1969-07-20"});
  sample.add("time", ValueType::kTimestamp,
             {"2024-02-29 12:30:45.5", null, "2023-12-31 23:59:59", "1969-07-20 20:17:40"});
  sample.add("req.id", ValueType::kString, {"a1", "b2", null, "d4"});
  sample.add("User", ValueType::kString, {"ann", "bob", "eve", null});
  return sample;
}

std::string evaluated(const std::string& text, const Sample& sample, EvalCounters* counters, const Macros& macros) {
  EvalCounters own;
  try {
    BoundExpression bound = Expression::parse(text, macros).bind(sample.fields);
    const auto array = bound.evaluate(sample.batch, counters != nullptr ? *counters : own);
    check_arrow(array->ValidateFull(), text.c_str());
    EXPECT_EQ(bound.type(), value_type(*array->type())) << text;
    std::string values(type_name(bound.type()));
    values += ":";
    for (std::int64_t row = 0; row < array->length(); ++row) {
      values += fmt::format(" {}", array->IsNull(row) ? "null" : value_text(*array, row));
    }
    return values;
  } catch (const ExpressionError& error) {
    return fmt::format("error at {}: {}", static_cast<std::int64_t>(error.position()), error.what());
  }
}

std::string constant(const std::string& text, EvalCounters* counters) {
  Sample one;
  one.add("x", ValueType::kInt64, {"1"});
  return evaluated(text, one, counters);
}

std::string error_of(const std::string& text, const Fields& fields, const Macros& macros) {
  try {
    Expression::parse(text, macros).bind(fields, [](int) { return std::string("'abc' at f.log:17"); });
    return "no error";
  } catch (const ExpressionError& error) {
    return fmt::format("{}: {}", static_cast<std::int64_t>(error.position()), error.what());
  }
}

}  // namespace evclean::testing
