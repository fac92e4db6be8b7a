// SPDX-License-Identifier: Apache-2.0
// From tree to nodes: names become columns, types are checked and made equal, constants are computed once.
// Errors: ExpressionError with the place in the user's text.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evclean/sql_tree.hpp"
#include "node.hpp"

namespace evclean::sql {

/// A bound part of an expression with what messages and implicit conversion need to know.
struct Operand {
  NodePtr node;                             ///< null for an interval
  std::shared_ptr<arrow::Scalar> constant;  ///< what the node was found to be; stays when the node moves on
  const Tree* tree = nullptr;
  std::optional<Interval> interval;
  bool is_null = false;  ///< the word null: fits any type

  ValueType type() const { return node->type; }
  std::optional<std::string_view> literal_text() const { return constant_text(constant.get()); }
};
using Operands = std::vector<Operand>;

class Binder {
 public:
  Binder(const Fields& fields, const std::function<std::string(int)>& sample);

  Operand bind(const Tree& tree);
  Operands bind_all(const std::vector<TreePtr>& trees);

  /// Converts without a word: int64 to float64, date to timestamp, null to anything, a constant text to what it reads
  /// as, and anything to text. Empty node when that does not work.
  static NodePtr convert(Operand& operand, ValueType to);
  /// What convert() to a type would cost: 0 none; empty: not possible.
  static std::optional<int> conversion_cost(const Operand& operand, ValueType to);
  /// Finds the type all operands have or convert to, and converts them. `verb` for messages: "compare", "mix".
  Nodes unify(Operands& operands, std::string_view verb);
  /// An operand that must be a boolean; `where` for messages: "and", "case".
  NodePtr condition(Operand& operand, std::string_view where);
  /// Text of any operand, by its CSV text.
  static NodePtr text_of(Operand& operand);

  /// Computes a node without columns now, unless that would count something: rows count, not expressions.
  static NodePtr fold(NodePtr node);
  /// cast_node, computed now for a constant.
  static NodePtr cast(NodePtr node, ValueType to);

  /// "the int64 column status", "the number 400": for messages.
  std::string describe(const Operand& operand) const;
  /// Says how a text column becomes `wanted`.
  std::string cure(const Operand& operand, ValueType wanted) const;
  [[noreturn]] static void fail(const Tree& tree, std::string message);

 private:
  NodePtr bind_node(const Tree& tree, Operand& operand);
  NodePtr bind_column(const Tree& tree);
  NodePtr bind_cast(const Tree& tree);
  NodePtr bind_case(const Tree& tree);
  ValueType common_type(const Operands& operands, std::string_view verb) const;
  [[noreturn]] void fail_mix(const Operand& left, const Operand& right, std::string_view verb) const;

  const Fields& fields_;
  const std::function<std::string(int)>& sample_;
  std::vector<std::string> names_;
  std::int64_t columns_bound_ = 0;
  std::int64_t nodes_bound_ = 0;
};

/// Binds an operator; the tree is a call with is_operator set.
NodePtr bind_operator(Binder& binder, const Tree& tree);

/// Position of the column a name means: exact, else the only one that matches without regard to case.
/// Errors: ExpressionError with candidates.
int resolve_column(const Tree& column, const std::vector<std::string>& names);
/// The same for several. Errors: one ExpressionError that names all columns that are not there, at the first of them.
std::vector<int> resolve_columns(std::vector<const Tree*> columns, const std::vector<std::string>& names);

/// A type's name as SQL writes it (integer, text, double precision, …). Errors: ExpressionError.
ValueType resolve_type(const Tree& cast);

}  // namespace evclean::sql
