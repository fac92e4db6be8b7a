// SPDX-License-Identifier: Apache-2.0
// A small batch, and ways to evaluate an expression over it and look at the result as CSV text.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evclean/batch.hpp"
#include "evclean/expression.hpp"
#include "evclean/types.hpp"

namespace evclean::testing {

using Cells = std::vector<std::optional<std::string>>;

/// A raw column of text; an empty optional is missing.
SpanColumn raw_column(const Cells& cells);
/// A typed column from the CSV text of its values.
std::shared_ptr<arrow::Array> typed_column(ValueType type, const Cells& cells);

/// Columns with their settled types. Text columns are raw unless `arrays` is set.
struct Sample {
  Fields fields;
  Batch batch;

  void add(const std::string& name, ValueType type, const Cells& cells, bool as_array = false);
};

/// Four rows with every type, nulls included:
///   text  'abc' null 'straße' ''      other 'ABC' 'x' 'ß' null      n 1 null -7 100     m 0 3 2 7
///   f 1.5 -2 null 1000000.25          flag true false null true     day, time: around 2024-02-29, null in row 2
Sample four_rows();

/// The type and the values: "int64: 1 null -7 100".
std::string evaluated(const std::string& text, const Sample& sample, EvalCounters* counters = nullptr,
                      const Macros& macros = {});
/// The only value of an expression without columns: "int64: 3".
std::string constant(const std::string& text, EvalCounters* counters = nullptr);
/// The error of an expression, with its place: "3: unknown column …", or "no error".
std::string error_of(const std::string& text, const Fields& fields = four_rows().fields, const Macros& macros = {});

}  // namespace evclean::testing
