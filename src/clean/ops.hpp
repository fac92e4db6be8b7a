// SPDX-License-Identifier: Apache-2.0
// The operations that steps compile to. Factories only: each class lives in its .cpp. To add a step: its struct in
// include/evclean/job.hpp, its keys in src/job, an Op here, its case in compile_columns.cpp or compile_values.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evclean/expression.hpp"
#include "evclean/pattern.hpp"
#include "evclean/pipeline.hpp"

namespace evclean {

/// Marks words for missing in raw columns, and converts those that have a type. A string stays raw.
struct Settlement {
  std::string column;
  int slot = -1;
  ColumnType type;
  bool infer = true;    ///< gather evidence of every value (false: fixed by a preset)
  bool convert = true;  ///< false: mark only (a step that wants the text as it was)
};
std::unique_ptr<Op> make_settle_op(std::vector<Settlement> settlements, NullWords nulls, TimeZone zone);

std::unique_ptr<Op> make_filter_op(BoundExpression condition);
std::unique_ptr<Op> make_set_op(std::string column, BoundExpression value);
std::unique_ptr<Op> make_flag_op(std::string column, BoundExpression condition);

/// A column whose rows are all alike: missing, or filled with one text. It is of type `own` and reads as `as` too.
struct UniformColumn {
  std::string name;
  std::optional<std::string> text;
  ValueType own = ValueType::kString;
  ValueType as = ValueType::kString;
};
/// Runs `inner` with these columns as the other type; behind it they are of their own again, but for `target`.
std::unique_ptr<Op> make_uniform_columns_op(std::unique_ptr<Op> inner, std::vector<UniformColumn> columns,
                                            std::string target);

/// Adds a column without any value.
std::unique_ptr<Op> make_absent_op(std::string column, ValueType type);

/// A group of a pattern series, and the column it fills.
struct ParseTarget {
  std::string column;
  int slot = -1;
};
struct ParsePlan {
  std::string column;
  std::vector<Pattern> patterns;
  std::vector<std::vector<std::pair<std::uint32_t, int>>> groups;  ///< a pattern: (group number, target)
  std::vector<ParseTarget> targets;
  bool all = false;
};
std::unique_ptr<Op> make_parse_op(ParsePlan plan, NullWords nulls);

/// Text for missing values of one column; `text` has been checked against the type.
struct FillValue {
  std::string column;
  ValueType type = ValueType::kString;
  std::string text;
};
std::unique_ptr<Op> make_fill_op(std::vector<FillValue> values);
/// The text as a value of the type, which it has been checked against.
std::shared_ptr<arrow::Scalar> fill_scalar(const FillValue& value);

/// A type as cast: and types: write it, with a format for times.
struct CastType {
  ValueType type = ValueType::kString;
  std::string format;  ///< strptime; empty: the forms of 2.5
  std::string shown;   ///< as the user wrote it
};
/// Reads "int64", "date:%d/%m/%Y", …; empty when it is no type.
std::optional<CastType> parse_cast_type(std::string_view text);
/// `what` begins the reject's reason: "cast" or "types".
std::unique_ptr<Op> make_cast_op(std::string column, CastType type, bool null_on_error, TimeZone zone,
                                 std::string what);

std::unique_ptr<Op> make_keep_columns_op(std::vector<std::string> columns);
std::unique_ptr<Op> make_rename_op(std::vector<std::pair<std::string, std::string>> names);
std::unique_ptr<Op> make_map_op(std::string column, const std::vector<NamedText>& values,
                                std::optional<Text> otherwise);

/// Elements of the JSON arrays of `column` in a raw column `target`, each in a row of its own.
struct ExplodePlan {
  std::string column;
  std::string target;
  bool keep_empty = false;
  bool of_records = false;  ///< no step before it makes rows that are not their whole record
};
std::unique_ptr<Op> make_explode_op(ExplodePlan plan);

std::unique_ptr<Op> make_index_op(std::string column);
std::unique_ptr<Op> make_limit_op(std::int64_t rows);
std::unique_ptr<Op> make_sample_op(double fraction, std::int64_t seed);

/// The column as text, one value a row: raw spans as they are, typed values as CSV shows them. Words for missing have
/// been marked. The result points into `block` when the column does, else into a block of its own.
SpanColumn text_column(const Batch& batch, int column);

}  // namespace evclean
