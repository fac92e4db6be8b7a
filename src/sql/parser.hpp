// SPDX-License-Identifier: Apache-2.0
// From text to tree through PostgreSQL's grammar. The expression's front is here; a front for queries can stand beside
// it: scan, swap, parse and TreeReader are the same for both.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <pg_query/pg_query.pb-c.h>

#include "placeholders.hpp"
#include "tokens.hpp"
#include "tree.hpp"

namespace evclean::sql {

/// Parses one expression and nothing else. Errors: ExpressionError.
TreePtr parse_expression(std::string_view text);

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
  TreeReader(const Scanned& scanned, const Swapped& swapped, std::size_t prefix)
      : scanned_(scanned), swapped_(swapped), prefix_(prefix) {}

  /// Errors: ExpressionError for what is not available in an expression, by name and position.
  TreePtr read(const PgQuery__Node* node) const;

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
  TreePtr read_row(const PgQuery__RowExpr& row) const;
  std::vector<TreePtr> read_all(PgQuery__Node** nodes, std::size_t count) const;
  std::string function_name(const PgQuery__FuncCall& call) const;
  std::string type_text(const PgQuery__TypeName& type) const;
  std::size_t position(int location) const;

  const Scanned& scanned_;
  const Swapped& swapped_;
  std::size_t prefix_;
};

/// The text of a String node.
std::string_view string_of(const PgQuery__Node* node);

/// Makes the message of a syntax error one that helps: a word of SQL used as a name, a clause or alias after the
/// expression. Throws ExpressionError.
[[noreturn]] void fail_syntax(const Scanned& scanned, std::string message, std::size_t position);

/// Refuses, before parsing, a text that would leave the parentheses put around it, or hold a second statement.
void check_enclosed(const Scanned& scanned);

}  // namespace evclean::sql
