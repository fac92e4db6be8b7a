// SPDX-License-Identifier: Apache-2.0
// TreeReader's operators, casts and calls.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "aggregates.hpp"
#include "evclean/expression.hpp"
#include "evclean/suggest.hpp"
#include "interval.hpp"
#include "lower_word.hpp"
#include "parser.hpp"

namespace evclean::sql {
namespace {

TreePtr negate_if(bool negated, TreePtr tree) {
  const std::size_t position = tree->position;
  return negated ? make_call("not", {std::move(tree)}, position) : tree;
}

constexpr std::array<std::string_view, 20> kBinary = {
    "+", "-", "*", "/", "%", "^", "=", "<>", "<", "<=", ">", ">=", "||", "~", "~*", "!~", "!~*", "~~", "~~*", "!~~"};

std::string_view advice(std::string_view sign) {
  if (sign == "&&" || sign == "&") return " (did you mean 'and'?)";
  if (sign == "|" || sign == "!") return sign == "|" ? " (did you mean 'or'?)" : " (did you mean 'not'?)";
  if (sign == "=~" || sign == "===") return sign == "=~" ? " (did you mean '~'?)" : " (did you mean '='?)";
  if (sign == "->" || sign == "->>" || sign == "#>>") return " (json_get(text, 'a.b[0]') reads JSON)";
  return "";
}

}  // namespace

TreePtr TreeReader::read_operation(const PgQuery__AExpr& expr) const {
  const std::size_t place = position(expr.location);
  switch (expr.kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
      return read_operator(expr);
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
      return make_call("is distinct from", {read(expr.lexpr), read(expr.rexpr)}, place);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
      return make_call("is not distinct from", {read(expr.lexpr), read(expr.rexpr)}, place);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
      return make_call("nullif", {read(expr.lexpr), read(expr.rexpr)}, place, false);
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
      return read_in(expr);
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
      return read_like(expr);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
      return read_between(expr, false, false);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
      return read_between(expr, true, false);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
      return read_between(expr, false, true);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM:
      return read_between(expr, true, true);
    case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
      throw ExpressionError("similar to is not available: use ~ with a regular expression", place);
    default:
      refuse("any(...) and all(...) over a list are", place);
  }
}

TreePtr TreeReader::read_operator(const PgQuery__AExpr& expr) const {
  const std::size_t place = position(expr.location);
  const std::string sign(expr.n_name == 1 ? string_of(expr.name[0]) : "operator(...)");
  if (expr.lexpr == nullptr) {
    TreePtr arg = read(expr.rexpr);
    if (sign == "+") return arg;
    if (sign == "-") return make_call("neg", {std::move(arg)}, place);
  } else if (sign.starts_with("!~~") || sign.starts_with("~~")) {
    return read_like(expr);
  } else if (std::find(kBinary.begin(), kBinary.end(), sign) != kBinary.end()) {
    const bool negated = sign.starts_with("!~");
    TreePtr call = make_call(negated ? sign.substr(1) : sign, {read(expr.lexpr), read(expr.rexpr)}, place);
    return negate_if(negated, std::move(call));
  }
  throw ExpressionError(fmt::format("unknown operator {}{}", sign, advice(sign)), place);
}

TreePtr TreeReader::read_like(const PgQuery__AExpr& expr) const {
  const std::string sign(string_of(expr.name[0]));
  std::vector<TreePtr> args{read(expr.lexpr)};
  const bool has_escape = expr.rexpr->node_case == PG_QUERY__NODE__NODE_FUNC_CALL &&
                          expr.rexpr->func_call->n_funcname == 2 &&
                          string_of(expr.rexpr->func_call->funcname[1]) == "like_escape";
  if (has_escape) {
    const PgQuery__FuncCall& call = *expr.rexpr->func_call;
    args.push_back(read(call.args[0]));
    args.push_back(read(call.args[1]));
  } else {
    args.push_back(read(expr.rexpr));
  }
  const char* name = sign.ends_with('*') ? "ilike" : "like";
  return negate_if(sign.front() == '!', make_call(name, std::move(args), position(expr.location)));
}

TreePtr TreeReader::read_between(const PgQuery__AExpr& expr, bool negated, bool symmetric) const {
  const std::size_t place = position(expr.location);
  const TreePtr value = read(expr.lexpr);
  const TreePtr low = read(expr.rexpr->list->items[0]);
  const TreePtr high = read(expr.rexpr->list->items[1]);
  const auto within = [&](const TreePtr& from, const TreePtr& to) {
    return make_call("and", {make_call(">=", {value, from}, place), make_call("<=", {value, to}, place)}, place);
  };
  TreePtr tree = within(low, high);
  if (symmetric) tree = make_call("or", {std::move(tree), within(high, low)}, place);
  return negate_if(negated, std::move(tree));
}

TreePtr TreeReader::read_in(const PgQuery__AExpr& expr) const {
  const bool negated = string_of(expr.name[0]) == "<>";
  const PgQuery__List& list = *expr.rexpr->list;
  std::vector<TreePtr> args{read(expr.lexpr)};
  for (TreePtr& item : read_all(list.items, list.n_items)) args.push_back(std::move(item));
  return negate_if(negated, make_call("in", std::move(args), position(expr.location)));
}

std::string TreeReader::type_text(const PgQuery__TypeName& type) const {
  const std::size_t place = position(type.location);
  std::string text(string_of(type.names[type.n_names - 1]));
  if (const Name* name = swapped_.find(text)) text = lower_word(name->dotted());
  if (type.n_array_bounds > 0 || type.setof) throw ExpressionError("arrays are not available", place);
  if (type.n_typmods > 0 && text != "interval" && text != "numeric") {
    throw ExpressionError(fmt::format("a type takes no length or precision here: write {}",
                                      scanned_.spelling(scanned_.tokens[scanned_.at(place)])),
                          place);
  }
  return text;
}

TreePtr TreeReader::read_cast(const PgQuery__TypeCast& cast) const {
  const std::size_t place = position(cast.type_name->location);
  std::string type = type_text(*cast.type_name);
  if (type == "interval") return read_interval(cast, place);
  Tree tree;
  tree.kind = TreeKind::kCast;
  tree.name = std::move(type);
  tree.args.push_back(read(cast.arg));
  tree.position = place;
  return std::make_shared<const Tree>(std::move(tree));
}

TreePtr TreeReader::read_interval(const PgQuery__TypeCast& cast, std::size_t place) const {
  // interval '1' day: the parser gives a bit mask of fields (INTERVAL_MASK in PostgreSQL's sources).
  std::string_view unit;
  if (cast.type_name->n_typmods > 0) {
    const PgQuery__Node& mask = *cast.type_name->typmods[0];
    const int bits =
        mask.node_case == PG_QUERY__NODE__NODE_A_CONST && mask.a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL
            ? mask.a_const->ival->ival
            : 0;
    unit = bits == 1 << 1    ? "month"
           : bits == 1 << 2  ? "year"
           : bits == 1 << 3  ? "day"
           : bits == 1 << 10 ? "hour"
           : bits == 1 << 11 ? "minute"
           : bits == 1 << 12 ? "second"
                             : "";
    if (unit.empty()) throw ExpressionError("write the units into the text: interval '1 year 2 months'", place);
  }
  const TreePtr arg = read(cast.arg);
  const auto* text = arg->kind == TreeKind::kLiteral ? std::get_if<std::string>(&arg->literal) : nullptr;
  if (text == nullptr) throw ExpressionError("an interval is written as interval '1 day'", arg->position);
  std::string why;
  const auto interval = parse_interval(*text, unit, why);
  if (!interval) throw ExpressionError(why, arg->position);
  return make_literal(*interval, place);
}

std::string TreeReader::function_name(const PgQuery__FuncCall& call) const {
  const std::string_view last = string_of(call.funcname[call.n_funcname - 1]);
  const Name* name = swapped_.find(last);
  return lower_word(name != nullptr ? std::string_view(name->dotted()) : last);
}

void TreeReader::check_call(const PgQuery__FuncCall& call, const std::string& name, std::size_t place) const {
  const auto refuse_if = [&](bool present, std::string_view what) {
    if (present)
      throw ExpressionError(fmt::format("{} is not available in {}: {} has it", what, allowed_.where, name), place);
  };
  const bool aggregate = allowed_.aggregates && is_aggregate_name(name);
  refuse_if(call.over != nullptr, "a window (over)");
  refuse_if(call.agg_filter != nullptr && !aggregate, "filter (where ...)");
  refuse_if(call.n_agg_order > 0, "order by");
  refuse_if(call.agg_within_group, "within group");
  refuse_if(call.agg_distinct && !aggregate, "distinct");
  refuse_if(call.func_variadic, "variadic");
}

TreePtr TreeReader::read_call(const PgQuery__FuncCall& call) const {
  const std::size_t place = position(call.location);
  const std::string name = function_name(call);
  check_call(call, name, place);
  if (name == "extract") return read_extract(call);
  if (name == "timezone") {
    throw ExpressionError("at time zone is not available: times are UTC; timezone: of the input reads local times",
                          place);
  }
  if (name == "overlay" || name == "normalize" || name == "is_normalized" || name == "overlaps") {
    throw ExpressionError(fmt::format("{} is not available", name), place);
  }
  std::vector<TreePtr> args = read_all(call.args, call.n_args);
  // position(a in b) arrives as position(b, a), which is strpos.
  const bool words = call.funcformat == PG_QUERY__COERCION_FORM__COERCE_SQL_SYNTAX;
  std::string canonical = words && name == "position" ? "strpos" : name;
  if (call.agg_star) canonical += "(*)";
  Tree tree = *make_call(std::move(canonical), std::move(args), place, false);
  tree.distinct = call.agg_distinct;
  if (call.agg_filter != nullptr) tree.filter = read(call.agg_filter);
  return std::make_shared<const Tree>(std::move(tree));
}

TreePtr TreeReader::read_subquery(const PgQuery__SubLink& link) const {
  const std::size_t place = position(link.location);
  if (!allowed_.subquery) refuse("a subquery is", place);
  const bool equals = link.n_oper_name == 0 || string_of(link.oper_name[0]) == "=";
  Tree tree;
  tree.kind = TreeKind::kSubquery;
  tree.position = place;
  switch (link.sub_link_type) {
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
      tree.name = "exists";
      break;
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
      tree.name = "scalar";
      break;
    case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK:
      if (!equals) refuse("any(subquery) with another sign than = is", place);
      tree.name = "in";
      tree.args.push_back(read(link.testexpr));
      break;
    case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK:
      refuse("all(subquery) is", place);
    default:
      refuse("this kind of subquery is", place);
  }
  tree.query = allowed_.subquery(*link.subselect->select_stmt);
  return std::make_shared<const Tree>(std::move(tree));
}

TreePtr TreeReader::read_extract(const PgQuery__FuncCall& call) const {
  if (call.n_args != 2) throw ExpressionError("extract is written extract(year from x)", position(call.location));
  std::vector<TreePtr> args = read_all(call.args, call.n_args);
  // A field's name that is no word of SQL (epoch, dow) was swapped; a text in quotes was not.
  const std::size_t index = scanned_.at(args[0]->position);
  const auto* field = args[0]->kind == TreeKind::kLiteral ? std::get_if<std::string>(&args[0]->literal) : nullptr;
  const Name* name = field != nullptr && scanned_.is_name(index) ? swapped_.find(*field) : nullptr;
  if (name != nullptr) args[0] = make_literal(name->dotted(), name->position);
  return make_call("extract", std::move(args), position(call.location), false);
}

}  // namespace evclean::sql
