// SPDX-License-Identifier: Apache-2.0
#include "parser.hpp"

#include <fmt/format.h>
#include <pg_query.h>

#include <algorithm>
#include <charconv>

#include "evclean/expression.hpp"

namespace evclean::sql {

ParserAnswer run_parser(const std::string& sql) {
  const auto free_tree = [](PgQuery__ParseResult* r) { pg_query__parse_result__free_unpacked(r, nullptr); };
  const std::unique_ptr<PgQueryProtobufParseResult, void (*)(PgQueryProtobufParseResult*)> result(
      new PgQueryProtobufParseResult(pg_query_parse_protobuf(sql.c_str())), [](PgQueryProtobufParseResult* r) {
        pg_query_free_protobuf_parse_result(*r);
        delete r;
      });
  if (result->error != nullptr) {
    const int place = result->error->cursorpos;
    const std::size_t offset = place > 0 ? byte_offset(sql, static_cast<std::size_t>(place) - 1) : sql.size();
    return {ParseTree(nullptr, free_tree), result->error->message, offset};
  }
  ParseTree tree(pg_query__parse_result__unpack(nullptr, result->parse_tree.len,
                                                reinterpret_cast<const std::uint8_t*>(result->parse_tree.data)),
                 free_tree);
  return {std::move(tree), tree ? "" : "PostgreSQL's parser gave no tree", 0};
}

TreePtr parse_expression(std::string_view text, const Allowed& allowed) {
  static const std::string prefix = "SELECT (";
  const Scanned scanned = scan(text);
  check_enclosed(scanned);
  const Swapped swapped(scanned);
  // The line end closes a comment the text may end with.
  const ParserAnswer answer = run_parser(prefix + swapped.text() + "\n)");
  if (!answer.tree) {
    const std::size_t offset = std::max(answer.offset, prefix.size()) - prefix.size();
    const bool inside = offset < swapped.text().size();
    fail_syntax(scanned, answer.message, inside ? swapped.source_offset(offset) : scanned.text.size());
  }
  const PgQuery__SelectStmt& select = *answer.tree->stmts[0]->stmt->select_stmt;
  return TreeReader(scanned, swapped, prefix.size(), allowed).read(select.target_list[0]->res_target->val);
}

std::string_view string_of(const PgQuery__Node* node) {
  return node->node_case == PG_QUERY__NODE__NODE_STRING ? std::string_view(node->string->sval) : std::string_view();
}

std::size_t TreeReader::position(int location) const {
  const std::size_t offset = static_cast<std::size_t>(std::max(location, 0));
  return swapped_.source_offset(offset < prefix_ ? 0 : offset - prefix_);
}

std::vector<TreePtr> TreeReader::read_all(PgQuery__Node** nodes, std::size_t count) const {
  std::vector<TreePtr> trees;
  trees.reserve(count);
  for (std::size_t i = 0; i < count; ++i) trees.push_back(read(nodes[i]));
  return trees;
}

void TreeReader::refuse(std::string_view what, std::size_t position) const {
  throw ExpressionError(fmt::format("{} not available in {}", what, allowed_.where), position);
}

TreePtr TreeReader::read(const PgQuery__Node* node) const {
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF:
      return read_column(*node->column_ref);
    case PG_QUERY__NODE__NODE_A_CONST:
      return read_constant(*node->a_const);
    case PG_QUERY__NODE__NODE_A_EXPR:
      return read_operation(*node->a_expr);
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
      return read_logic(*node->bool_expr);
    case PG_QUERY__NODE__NODE_NULL_TEST:
      return read_null_test(*node->null_test);
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
      return read_truth_test(*node->boolean_test);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
      return read_case(*node->case_expr);
    case PG_QUERY__NODE__NODE_TYPE_CAST:
      return read_cast(*node->type_cast);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
      return read_call(*node->func_call);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR: {
      const PgQuery__CoalesceExpr& expr = *node->coalesce_expr;
      return make_call("coalesce", read_all(expr.args, expr.n_args), position(expr.location), false);
    }
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR: {
      const PgQuery__MinMaxExpr& expr = *node->min_max_expr;
      const bool greatest = expr.op == PG_QUERY__MIN_MAX_OP__IS_GREATEST;
      return make_call(greatest ? "greatest" : "least", read_all(expr.args, expr.n_args), position(expr.location),
                       false);
    }
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION: {
      const std::size_t place = position(node->sqlvalue_function->location);
      const std::string_view word = scanned_.spelling(scanned_.tokens[scanned_.at(place)]);
      throw ExpressionError(
          fmt::format("{} depends on the moment or the machine; a job must give the same result every "
                      "time, so write the value itself",
                      word),
          place);
    }
    case PG_QUERY__NODE__NODE_SUB_LINK:
      return read_subquery(*node->sub_link);
    case PG_QUERY__NODE__NODE_SET_TO_DEFAULT: {
      const std::size_t place = position(node->set_to_default->location);
      throw ExpressionError("default is a word of SQL: write \"default\"", place);
    }
    case PG_QUERY__NODE__NODE_ROW_EXPR:
      return read_row(*node->row_expr);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
      refuse("an array is", position(node->a_array_expr->location));
    case PG_QUERY__NODE__NODE_PARAM_REF:
      refuse("a parameter is", position(node->param_ref->location));
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
      refuse("collate is", position(node->collate_clause->location));
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
      refuse("grouping is", position(node->grouping_func->location));
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
      refuse("a named argument is", position(node->named_arg_expr->location));
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
      refuse("[...] or a field of a value is", read(node->a_indirection->arg)->position);
    case PG_QUERY__NODE__NODE_XML_EXPR:
      refuse("xml is", position(node->xml_expr->location));
    default:
      refuse("this is", 0);
  }
}

TreePtr TreeReader::read_row(const PgQuery__RowExpr& row) const {
  const std::size_t place = row.n_args > 1 ? read(row.args[1])->position : position(row.location);
  if (allowed_.subquery) refuse("several values in parentheses as one are", position(row.location));
  throw ExpressionError("one expression and nothing else: several values stand here, separated by commas", place);
}

TreePtr TreeReader::read_column(const PgQuery__ColumnRef& column) const {
  const std::size_t place = position(column.location);
  for (std::size_t i = 0; i < column.n_fields; ++i) {
    if (column.fields[i]->node_case == PG_QUERY__NODE__NODE_A_STAR) {
      if (allowed_.subquery) throw ExpressionError("* stands alone in the list after select, or in count(*)", place);
      refuse("* is", place);
    }
  }
  Tree tree;
  tree.kind = TreeKind::kColumn;
  tree.position = place;
  if (const Name* name = swapped_.find(string_of(column.fields[0]))) {
    tree.name = name->dotted();
    tree.quoted = name->quoted();
    if (name->parts.size() > 1) tree.qualifier_bytes = name->parts.front().text.size();
  } else {
    // One of SQL's words that may be a name: the parser folded it, the token has it as written.
    tree.name = scanned_.spelling(scanned_.tokens[scanned_.at(place)]);
  }
  return std::make_shared<const Tree>(std::move(tree));
}

TreePtr TreeReader::read_constant(const PgQuery__AConst& constant) const {
  const std::size_t place = position(constant.location);
  if (constant.isnull) return make_literal(Null{}, place);
  switch (constant.val_case) {
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
      return make_literal(constant.boolval->boolval != 0, place);
    case PG_QUERY__A__CONST__VAL_SVAL:
      return make_literal(std::string(constant.sval->sval), place);
    case PG_QUERY__A__CONST__VAL_BSVAL:
      refuse("a bit string is", place);
    case PG_QUERY__A__CONST__VAL_IVAL:
      // The 1 that the grammar puts into substring(x for 2) has no place in the text.
      if (constant.location < 0) return make_literal(std::int64_t{constant.ival->ival}, place);
      return read_number(place);
    default:
      return read_number(place);
  }
}

/// Reads a number from its text, since the parser has 32-bit integers only. A minus sign before it is part of it.
TreePtr TreeReader::read_number(std::size_t place) const {
  std::size_t index = scanned_.at(place);
  bool negative = false;
  for (; scanned_.number(index) == Number::kNo && index + 1 < scanned_.tokens.size(); ++index) {
    negative = negative != scanned_.is(index, '-');
  }
  const std::string text = fmt::format("{}{}", negative ? "-" : "", scanned_.spelling(scanned_.tokens[index]));
  std::int64_t whole = 0;
  const char* end = text.data() + text.size();
  if (scanned_.number(index) == Number::kInteger) {
    const auto [stop, error] = std::from_chars(text.data(), end, whole);
    if (error == std::errc() && stop == end) return make_literal(whole, place);
  }
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) throw ExpressionError(fmt::format("{} is out of range", text), place);
  return make_literal(value, place);
}

TreePtr TreeReader::read_logic(const PgQuery__BoolExpr& expr) const {
  const char* name = expr.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR  ? "and"
                     : expr.boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR ? "or"
                                                                        : "not";
  return make_call(name, read_all(expr.args, expr.n_args), position(expr.location));
}

TreePtr TreeReader::read_null_test(const PgQuery__NullTest& test) const {
  const bool is_null = test.nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL;
  return make_call(is_null ? "is null" : "is not null", {read(test.arg)}, position(test.location));
}

TreePtr TreeReader::read_truth_test(const PgQuery__BooleanTest& test) const {
  static constexpr std::string_view kNames[] = {
      "", "is true", "is not true", "is false", "is not false", "is unknown", "is not unknown"};
  return make_call(std::string(kNames[test.booltesttype]), {read(test.arg)}, position(test.location));
}

TreePtr TreeReader::read_case(const PgQuery__CaseExpr& expr) const {
  Tree tree;
  tree.kind = TreeKind::kCase;
  tree.position = position(expr.location);
  const TreePtr subject = expr.arg != nullptr ? read(expr.arg) : nullptr;
  for (std::size_t i = 0; i < expr.n_args; ++i) {
    const PgQuery__CaseWhen& when = *expr.args[i]->case_when;
    TreePtr condition = read(when.expr);
    if (subject) condition = make_call("=", {subject, condition}, condition->position);
    tree.args.push_back(std::move(condition));
    tree.args.push_back(read(when.result));
  }
  tree.args.push_back(expr.defresult != nullptr ? read(expr.defresult) : make_literal(Null{}, tree.position));
  return std::make_shared<const Tree>(std::move(tree));
}

}  // namespace evclean::sql
