// SPDX-License-Identifier: Apache-2.0
#include "select_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "macros.hpp"

namespace evclean::sql {
namespace {

constexpr ScanLimits kLimits{64 * 1024, 3000, "a query", "name parts of it in WITH and several tables"};

std::string upper(std::string_view word) {
  std::string text(word);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

/// A semicolon may end the query; nothing may come after it.
void check_single(const Scanned& scanned) {
  if (scanned.tokens.empty()) throw ExpressionError("a query is missing here", 0);
  bool ended = false;
  for (std::size_t i = 0; i < scanned.tokens.size(); ++i) {
    if (scanned.is(i, ';')) {
      ended = true;
    } else if (ended) {
      throw ExpressionError("one SELECT and nothing else: a second statement begins here", scanned.tokens[i].start);
    }
  }
  if (scanned.is(0, ';')) throw ExpressionError("a query is missing here", 0);
}

bool is_plain_union(const PgQuery__SelectStmt& statement) {
  return statement.op == PG_QUERY__SET_OPERATION__SETOP_UNION && statement.all && statement.n_sort_clause == 0 &&
         statement.limit_count == nullptr && statement.limit_offset == nullptr && statement.with_clause == nullptr;
}

}  // namespace

SelectPtr parse_select(std::string_view text, const Macros& macros) {
  const Scanned scanned = scan(text, kLimits);
  check_single(scanned);
  const Swapped swapped(scanned);
  const ParserAnswer answer = run_parser(swapped.text());
  if (!answer.tree && answer.offset >= swapped.text().size() &&
      answer.message.find("at end of input") == answer.message.npos) {
    throw ExpressionError(answer.message, scanned.tokens.front().start);
  }
  if (!answer.tree) {
    const bool inside = answer.offset < swapped.text().size();
    fail_syntax(scanned, answer.message, inside ? swapped.source_offset(answer.offset) : scanned.text.size(), true);
  }
  const PgQuery__Node& statement = *answer.tree->stmts[0]->stmt;
  if (statement.node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
    const Token& first = scanned.tokens.front();
    throw ExpressionError(fmt::format("{} is not available: sql: takes one SELECT, which reads tables and changes none",
                                      upper(scanned.spelling(first))),
                          first.start);
  }
  return SelectReader(scanned, swapped, macros).read(*statement.select_stmt);
}

SelectReader::SelectReader(const Scanned& scanned, const Swapped& swapped, const Macros& macros)
    : scanned_(scanned),
      swapped_(swapped),
      unfold_(macro_expander(macros, true)),
      trees_(scanned, swapped, 0,
             {.aggregates = true,
              .subquery = [this](const PgQuery__SelectStmt& statement) { return read(statement); },
              .where = "a query"}) {}

void SelectReader::refuse(std::string_view what, std::size_t position) const { trees_.refuse(what, position); }

TreePtr SelectReader::expression(const PgQuery__Node* node) const {
  return node == nullptr ? nullptr : unfold_(trees_.read(node));
}

std::size_t SelectReader::place_of(std::string_view lower_word, std::size_t from) const {
  for (std::size_t i = scanned_.at(from); i < scanned_.tokens.size(); ++i) {
    if (scanned_.is_word(i, lower_word)) return scanned_.tokens[i].start;
  }
  return from;
}

std::string SelectReader::name_of(const char* word, std::size_t position) const {
  if (const Name* name = swapped_.find(word)) return name->dotted();
  std::string found = word;
  int depth = 0;
  for (std::size_t i = scanned_.at(position); i < scanned_.tokens.size() && depth >= 0; ++i) {
    depth += scanned_.is(i, '(') ? 1 : scanned_.is(i, ')') ? -1 : 0;
    if (depth == 0 && scanned_.is(i, ',')) break;
    if (depth == 0 && scanned_.is_word(i, word)) found = scanned_.spelling(scanned_.tokens[i]);
  }
  return found;
}

std::vector<std::string> SelectReader::names_of(PgQuery__Node** nodes, std::size_t count) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string word(string_of(nodes[i]));
    const Name* name = swapped_.find(word);
    names.push_back(name != nullptr ? name->dotted() : word);
  }
  return names;
}

void SelectReader::refuse_unsupported(const PgQuery__SelectStmt& statement) const {
  if (statement.into_clause != nullptr) refuse("INTO is", place_of("into"));
  if (statement.n_locking_clause > 0) refuse("FOR UPDATE (or SHARE) is", place_of("for"));
  if (statement.n_window_clause > 0) refuse("WINDOW is", place_of("window"));
  if (statement.group_distinct) refuse("GROUP BY DISTINCT is", place_of("group"));
  if (statement.limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES)
    refuse("WITH TIES is", place_of("ties"));
  if (statement.n_distinct_clause > 0 && statement.distinct_clause[0]->node_case != PG_QUERY__NODE__NODE__NOT_SET) {
    refuse("DISTINCT ON is", place_of("distinct"));
  }
  if (statement.op == PG_QUERY__SET_OPERATION__SETOP_INTERSECT) {
    throw ExpressionError("INTERSECT is not available: x in (select ...) keeps what is in both", place_of("intersect"));
  }
  if (statement.op == PG_QUERY__SET_OPERATION__SETOP_EXCEPT) {
    throw ExpressionError("EXCEPT is not available: x not in (select ...) keeps what is in one only",
                          place_of("except"));
  }
  if (statement.op != PG_QUERY__SET_OPERATION__SETOP_UNION || statement.all) return;
  std::size_t place = place_of("union");
  while (place < scanned_.text.size() && scanned_.is_word(scanned_.at(place) + 1, "all")) {
    const std::size_t next = place_of("union", place + 1);
    if (next == place + 1) break;
    place = next;
  }
  throw ExpressionError("UNION is not available: write UNION ALL, and select distinct * from (...) around it", place);
}

SelectPtr SelectReader::read(const PgQuery__SelectStmt& statement) const {
  refuse_unsupported(statement);
  auto select = std::make_shared<Select>();
  if (statement.with_clause != nullptr) read_with(*statement.with_clause, *select);
  if (statement.op == PG_QUERY__SET_OPERATION__SETOP_UNION) {
    read_parts(*statement.larg, *select);
    read_parts(*statement.rarg, *select);
    select->position = select->all_of.front()->position;
  } else if (statement.n_values_lists > 0) {
    read_values(statement, *select);
  } else {
    read_body(statement, *select);
  }
  read_tail(statement, *select);
  return select;
}

void SelectReader::read_parts(const PgQuery__SelectStmt& statement, Select& select) const {
  if (is_plain_union(statement)) {
    read_parts(*statement.larg, select);
    read_parts(*statement.rarg, select);
  } else {
    select.all_of.push_back(read(statement));
  }
}

void SelectReader::read_with(const PgQuery__WithClause& with, Select& select) const {
  if (with.recursive) refuse("WITH RECURSIVE is", place_of("recursive", trees_.position(with.location)));
  for (std::size_t i = 0; i < with.n_ctes; ++i) {
    const PgQuery__CommonTableExpr& common = *with.ctes[i]->common_table_expr;
    const std::size_t place = trees_.position(common.location);
    if (common.ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
      refuse("in WITH, anything but SELECT is", place);
    }
    CommonTable table{{name_of(common.ctename, place), place}, {}, read(*common.ctequery->select_stmt)};
    table.column_aliases = names_of(common.aliascolnames, common.n_aliascolnames);
    for (const CommonTable& other : select.with) {
      if (other.name.text == table.name.text) {
        throw ExpressionError(fmt::format("WITH has two tables called {}", table.name.text), place);
      }
    }
    select.with.push_back(std::move(table));
  }
}

/// Rows of VALUES are selects without FROM, one after the other.
void SelectReader::read_values(const PgQuery__SelectStmt& statement, Select& select) const {
  constexpr std::size_t kMostRows = 100;  // each is a step of the plan
  std::vector<SelectPtr> rows;
  for (std::size_t i = 0; i < statement.n_values_lists; ++i) {
    const PgQuery__List& list = *statement.values_lists[i]->list;
    auto row = std::make_shared<Select>();
    for (std::size_t c = 0; c < list.n_items; ++c) {
      SelectItem item;
      item.value = expression(list.items[c]);
      item.position = item.value->position;
      item.alias = fmt::format("column{}", c + 1);
      row->items.push_back(std::move(item));
    }
    row->position = row->items.front().position;
    if (!rows.empty() && row->items.size() != rows.front()->items.size()) {
      throw ExpressionError(fmt::format("VALUES wants as many values in every row: {} here, {} in the first",
                                        row->items.size(), rows.front()->items.size()),
                            row->position);
    }
    rows.push_back(std::move(row));
  }
  select.position = rows.front()->position;
  if (rows.size() > kMostRows) {
    throw ExpressionError(
        fmt::format("VALUES takes {} rows at most: write them under rows: of a table, or in a file", kMostRows),
        select.position);
  }
  if (rows.size() == 1) {
    select.items = rows.front()->items;
  } else {
    select.all_of = std::move(rows);
  }
}

void SelectReader::read_body(const PgQuery__SelectStmt& statement, Select& select) const {
  if (statement.n_target_list == 0) {
    throw ExpressionError("nothing stands after select: name columns, or write *", place_of("select"));
  }
  for (std::size_t i = 0; i < statement.n_target_list; ++i) {
    select.items.push_back(read_item(*statement.target_list[i]->res_target));
  }
  select.position = select.items.front().position;
  select.distinct = statement.n_distinct_clause > 0;
  for (std::size_t i = 0; i < statement.n_from_clause; ++i) select.from.push_back(read_from(statement.from_clause[i]));
  for (const SelectItem& item : select.items) {
    if (select.from.empty() && !item.value) {
      throw ExpressionError("FROM is missing: a star stands for the columns of a table", item.position);
    }
  }
  select.where = expression(statement.where_clause);
  for (std::size_t i = 0; i < statement.n_group_clause; ++i) {
    const PgQuery__Node* node = statement.group_clause[i];
    if (node->node_case == PG_QUERY__NODE__NODE_GROUPING_SET) {
      refuse("GROUPING SETS, ROLLUP, CUBE and () are", trees_.position(node->grouping_set->location));
    }
    select.group_by.push_back(expression(node));
  }
  select.having = expression(statement.having_clause);
}

void SelectReader::read_tail(const PgQuery__SelectStmt& statement, Select& select) const {
  for (std::size_t i = 0; i < statement.n_sort_clause; ++i) {
    select.order_by.push_back(read_order(*statement.sort_clause[i]->sort_by));
  }
  if (statement.limit_count != nullptr &&
      !(statement.limit_count->node_case == PG_QUERY__NODE__NODE_A_CONST && statement.limit_count->a_const->isnull)) {
    select.limit = read_count(statement.limit_count, "LIMIT");
  }
  if (statement.limit_offset != nullptr) select.offset = read_count(statement.limit_offset, "OFFSET");
}

SelectItem SelectReader::read_item(const PgQuery__ResTarget& target) const {
  SelectItem item;
  item.position = trees_.position(target.location);
  if (target.val->node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
    const PgQuery__ColumnRef& column = *target.val->column_ref;
    if (column.fields[column.n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR) {
      if (column.n_fields > 1) {
        item.star_of = {name_of(std::string(string_of(column.fields[0])).c_str(), item.position), item.position};
      }
      return item;
    }
  }
  const TreePtr written = trees_.read(target.val);
  item.value = unfold_(written);
  // What a macro has become is still called after the macro.
  const bool is_call = written->kind == TreeKind::kCall && !written->is_operator;
  if (is_call && written->name != item.value->name) item.alias = written->name;
  if (target.name[0] != '\0') item.alias = name_of(target.name, item.position);
  return item;
}

OrderItem SelectReader::read_order(const PgQuery__SortBy& sort) const {
  if (sort.n_use_op > 0) refuse("ORDER BY ... USING is", trees_.position(sort.location));
  return {expression(sort.node), sort.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC,
          sort.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST};
}

std::int64_t SelectReader::read_count(const PgQuery__Node* node, std::string_view word) const {
  // FETCH FIRST ROW ONLY is a 1 without a place.
  if (node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->location < 0) return node->a_const->ival->ival;
  const TreePtr tree = trees_.read(node);
  const auto* count = tree->kind == TreeKind::kLiteral ? std::get_if<std::int64_t>(&tree->literal) : nullptr;
  if (count == nullptr || *count < 0) {
    throw ExpressionError(fmt::format("{} wants a number that is written out, 0 or more", word), tree->position);
  }
  return *count;
}

}  // namespace evclean::sql
