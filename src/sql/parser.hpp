// SPDX-License-Identifier: Apache-2.0
// From text to tree through PostgreSQL's grammar. The expression's front is here, that for queries in
// select_reader.cpp: scan, swap, parse and TreeReader are the same for both.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <pg_query/pg_query.pb-c.h>

#include "evclean/select.hpp"
#include "placeholders.hpp"
#include "tokens.hpp"

namespace evclean::sql {

/// What may stand in an expression beyond functions of a row, and what messages call the whole.
struct Allowed {
  bool aggregates = false;
  std::function<SelectPtr(const PgQuery__SelectStmt&)> subquery;  ///< empty: none may
  std::string_view where = "an expression";
};

/// Parses one expression and nothing else. Errors: ExpressionError.
TreePtr parse_expression(std::string_view text, const Allowed& allowed = {});

using ParseTree = std::unique_ptr<PgQuery__ParseResult, void (*)(PgQuery__ParseResult*)>;

/// Runs PostgreSQL's parser over `sql`. On a syntax error gives an empty tree, the message and the offset in `sql`.
struct ParserAnswer {
  ParseTree tree;
  std::string message;
  std::size_t offset = 0;
};
ParserAnswer run_parser(const std::string& sql);

/// Turns nodes of PostgreSQL's tree into ours.
class TreeReader {
 public:
  /// `prefix`: bytes that stand before swapped.text() in what was parsed.
  TreeReader(const Scanned& scanned, const Swapped& swapped, std::size_t prefix, Allowed allowed = {})
      : scanned_(scanned), swapped_(swapped), prefix_(prefix), allowed_(std::move(allowed)) {}

  /// Errors: ExpressionError for what is not available in an expression, by name and position.
  TreePtr read(const PgQuery__Node* node) const;
  /// Where something of the parsed text stands in the user's.
  std::size_t position(int location) const;
  /// Throws: `what` (with its verb: "a subquery is") is not available here.
  [[noreturn]] void refuse(std::string_view what, std::size_t position) const;

 private:
  TreePtr read_column(const PgQuery__ColumnRef& column) const;
  TreePtr read_constant(const PgQuery__AConst& constant) const;
  TreePtr read_number(std::size_t position) const;
  TreePtr read_operation(const PgQuery__AExpr& expr) const;
  TreePtr read_operator(const PgQuery__AExpr& expr) const;
  TreePtr read_like(const PgQuery__AExpr& expr) const;
  TreePtr read_between(const PgQuery__AExpr& expr, bool negated, bool symmetric) const;
  TreePtr read_in(const PgQuery__AExpr& expr) const;
  TreePtr read_logic(const PgQuery__BoolExpr& expr) const;
  TreePtr read_null_test(const PgQuery__NullTest& test) const;
  TreePtr read_truth_test(const PgQuery__BooleanTest& test) const;
  TreePtr read_case(const PgQuery__CaseExpr& expr) const;
  TreePtr read_cast(const PgQuery__TypeCast& cast) const;
  TreePtr read_interval(const PgQuery__TypeCast& cast, std::size_t position) const;
  TreePtr read_call(const PgQuery__FuncCall& call) const;
  TreePtr read_extract(const PgQuery__FuncCall& call) const;
  TreePtr read_subquery(const PgQuery__SubLink& link) const;
  void check_call(const PgQuery__FuncCall& call, const std::string& name, std::size_t place) const;
  TreePtr read_row(const PgQuery__RowExpr& row) const;
  std::vector<TreePtr> read_all(PgQuery__Node** nodes, std::size_t count) const;
  std::string function_name(const PgQuery__FuncCall& call) const;
  std::string type_text(const PgQuery__TypeName& type) const;

  const Scanned& scanned_;
  const Swapped& swapped_;
  std::size_t prefix_;
  Allowed allowed_;
};

/// The text of a String node.
std::string_view string_of(const PgQuery__Node* node);

/// Makes the message of a syntax error one that helps: a word of SQL used as a name, a clause or alias after the
/// expression. Throws ExpressionError.
[[noreturn]] void fail_syntax(const Scanned& scanned, std::string message, std::size_t position, bool query = false);

/// Refuses, before parsing, a text that would leave the parentheses put around it, or hold a second statement.
void check_enclosed(const Scanned& scanned);

}  // namespace evclean::sql
