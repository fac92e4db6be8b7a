// SPDX-License-Identifier: Apache-2.0
// Expressions in PostgreSQL's grammar (libpg_query), bound to column types and evaluated column-wise (job
// contract, 2.4).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/batch.hpp"
#include "evclean/value_type.hpp"

namespace evclean {

/// Things an evaluation counts for the report.
struct EvalCounters {
  std::int64_t division_by_zero = 0;
  std::int64_t int_overflow = 0;
  std::int64_t regex_limit = 0;
};

/// Macros of the job file: "bucket(x)" -> "x / 100".
using Macros = std::map<std::string, std::string>;

/// A mistake in a macro, used or not.
struct MacroProblem {
  std::string signature;
  std::string message;
  bool in_body = false;
  std::size_t position = std::string::npos;  ///< in the body
};
/// All of them: heads that cannot be one, bodies that do not parse, unknown functions, macros that call themselves.
std::vector<MacroProblem> check_macros(const Macros& macros);

/// A problem in an expression: where it stands in the user's text, and what to do about it.
class ExpressionError : public std::exception {
 public:
  ExpressionError(std::string message, std::size_t position) : message_(std::move(message)), position_(position) {}
  const char* what() const noexcept override { return message_.c_str(); }
  std::size_t position() const noexcept { return position_; }

 private:
  std::string message_;
  std::size_t position_;  ///< byte offset in the user's text; npos: nowhere in particular
};

class BoundExpression;
namespace sql {
struct Tree;
}

/// One parsed expression. Immutable; cheap to copy.
class Expression {
 public:
  /// Parses one expression and nothing else. Errors: ExpressionError (syntax with PostgreSQL's words, unknown function
  /// with did-you-mean, what is refused: subquery, alias, now(), random(), aggregates here).
  static Expression parse(std::string_view text, const Macros& macros = {});
  /// One whose tree is known already (queries take expressions apart and put them together anew).
  static Expression of(std::shared_ptr<const sql::Tree> tree);
  ~Expression();
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  Expression(const Expression&);
  Expression& operator=(const Expression&);

  const std::string& text() const;
  /// Resolves the names in the expression against column names: positions of the columns it reads, ascending, without
  /// repeats. Rule: exact, then unique case-insensitive, else error with candidates. Errors: ExpressionError.
  std::vector<int> columns(const std::vector<std::string>& names) const;
  /// The same with null in place of some columns, by position in `names`: null fits beside any type.
  Expression with_null(const std::vector<int>& columns, const std::vector<std::string>& names) const;
  /// Checks types. `sample(column)` may give a value and its place for messages about string columns ("'abc' at
  /// f.log:17"). Errors: ExpressionError (a string column compared with a number, a function given the wrong type, …).
  BoundExpression bind(const Fields& fields, const std::function<std::string(int)>& sample = {}) const;

 private:
  struct Impl;
  Expression();
  std::shared_ptr<const Impl> impl_;
};

/// An expression with types. Not shared between threads (it owns compiled patterns and caches).
class BoundExpression {
 public:
  ~BoundExpression();
  BoundExpression(BoundExpression&&) noexcept;
  BoundExpression& operator=(BoundExpression&&) noexcept;

  /// Type of the result; an expression that is only ever null is a string.
  ValueType type() const;
  /// Evaluates over a batch whose columns used here are typed, or raw and settled as strings.
  /// Shape: one value a row. Never throws for data.
  std::shared_ptr<arrow::Array> evaluate(const Batch& batch, EvalCounters& counters);
  /// For filters: rows where the result is true (null is not true), ascending.
  std::vector<std::int32_t> rows_true(const Batch& batch, EvalCounters& counters);

 private:
  friend class Expression;
  struct Impl;
  explicit BoundExpression(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One line about a function, for `evclean functions`.
struct FunctionInfo {
  std::string signature;  ///< device_class(user_agent) -> string
  std::string about;
  std::string example;  ///< human_bytes(1536) = '1.5 KiB'; a test evaluates every one
};
std::vector<FunctionInfo> known_functions();
/// The same for aggregates; their examples are columns of a query over a table with a column x of 1, 2, 3 and null.
std::vector<FunctionInfo> known_aggregates();

}  // namespace evclean
