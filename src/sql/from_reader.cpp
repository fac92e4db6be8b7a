// SPDX-License-Identifier: Apache-2.0
// SelectReader's FROM: tables, subqueries, joins.
#include <fmt/format.h>

#include "select_reader.hpp"

namespace evclean::sql {

FromPtr SelectReader::read_from(const PgQuery__Node* node) const {
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
      return read_table(*node->range_var);
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
      return read_nested(*node->range_subselect);
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
      return read_join(*node->join_expr);
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
      refuse("a function in FROM is", place_of("from"));
    case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
      throw ExpressionError("TABLESAMPLE is not available: the step sample: draws rows", place_of("tablesample"));
    default:
      refuse("this in FROM is", place_of("from"));
  }
}

void SelectReader::read_alias(const PgQuery__Alias* alias, FromItem& item) const {
  if (alias == nullptr) return;
  item.alias = name_of(alias->aliasname, item.position);
  item.column_aliases = names_of(alias->colnames, alias->n_colnames);
}

FromPtr SelectReader::read_table(const PgQuery__RangeVar& table) const {
  FromItem item;
  item.position = trees_.position(table.location);
  const Name* name = swapped_.find(table.relname);
  item.table = name != nullptr ? name->dotted() : scanned_.spelling(scanned_.tokens[scanned_.at(item.position)]);
  read_alias(table.alias, item);
  return std::make_shared<const FromItem>(std::move(item));
}

FromPtr SelectReader::read_nested(const PgQuery__RangeSubselect& nested) const {
  if (nested.lateral) refuse("LATERAL is", place_of("lateral"));
  FromItem item;
  item.query = read(*nested.subquery->select_stmt);
  item.position = item.query->position;
  read_alias(nested.alias, item);
  return std::make_shared<const FromItem>(std::move(item));
}

FromPtr SelectReader::read_join(const PgQuery__JoinExpr& join) const {
  FromItem item;
  item.left = read_from(join.larg);
  item.right = read_from(join.rarg);
  item.position = item.right->position;
  if (join.alias != nullptr || join.join_using_alias != nullptr) {
    refuse("a name for a whole join is", item.left->position);
  }
  switch (join.jointype) {
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
      item.how = JoinKind::kLeft;
      break;
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
      item.how = JoinKind::kRight;
      break;
    case PG_QUERY__JOIN_TYPE__JOIN_FULL:
      item.how = JoinKind::kFull;
      break;
    default:
      item.how = JoinKind::kInner;
  }
  item.natural = join.is_natural;
  item.on = expression(join.quals);
  for (std::size_t i = 0; i < join.n_using_clause; ++i) {
    const Name* name = swapped_.find(string_of(join.using_clause[i]));
    item.using_keys.push_back(name != nullptr ? Word{name->dotted(), name->position}
                                              : Word{std::string(string_of(join.using_clause[i])), item.position});
  }
  return std::make_shared<const FromItem>(std::move(item));
}

}  // namespace evclean::sql
