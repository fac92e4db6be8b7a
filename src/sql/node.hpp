// SPDX-License-Identifier: Apache-2.0
// A bound expression is a tree of nodes. Each evaluates a whole batch, or the rows of it that a CASE, a coalesce or the
// left side of an `and` has left over: leaves gather those rows, everything above works on dense columns.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "evclean/expression.hpp"
#include "value.hpp"

namespace evclean::sql {

/// What is evaluated now.
struct Frame {
  const Batch& batch;
  const std::vector<std::int32_t>* rows;  ///< rows of the batch, ascending; null: all
  std::int64_t num_rows;
  EvalCounters& counters;

  /// The same frame with only some of its rows; `picked` are positions in this frame. `storage` must outlive the
  /// result.
  Frame narrow(const std::vector<std::int32_t>& picked, std::vector<std::int32_t>& storage) const {
    if (rows == nullptr) return {batch, &picked, static_cast<std::int64_t>(picked.size()), counters};
    storage.clear();
    for (const std::int32_t row : picked) storage.push_back((*rows)[static_cast<std::size_t>(row)]);
    return {batch, &storage, static_cast<std::int64_t>(storage.size()), counters};
  }
};

class Node {
 public:
  explicit Node(ValueType type) : type(type) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Shape: frame.num_rows values. Never throws for data.
  virtual Value evaluate(const Frame& frame) = 0;
  /// The value when it is the same for all rows, known now; else null.
  virtual std::shared_ptr<arrow::Scalar> constant() const { return nullptr; }

  const ValueType type;
  /// Worth leaving out where an `and` has decided already: costs much a row, or may count a problem.
  bool costly = false;
};

using NodePtr = std::unique_ptr<Node>;
using Nodes = std::vector<NodePtr>;

class ConstantNode final : public Node {
 public:
  ConstantNode(ValueType type, std::shared_ptr<arrow::Scalar> value) : Node(type), value_(std::move(value)) {}
  Value evaluate(const Frame&) override { return Value::of(value_); }
  std::shared_ptr<arrow::Scalar> constant() const override { return value_; }

 private:
  std::shared_ptr<arrow::Scalar> value_;
};

/// Makes a constant. `null_of` gives a null of a type.
NodePtr constant_node(bool value);
NodePtr constant_node(std::int64_t value);
NodePtr constant_node(double value);
NodePtr constant_node(std::string_view value);
NodePtr constant_node(Date value);
NodePtr constant_node(Timestamp value);
NodePtr null_of(ValueType type);

/// Reads a column by name; `position` is where it stood among the fields. A batch without it gives nulls.
NodePtr column_node(std::string name, int position, ValueType type);

/// The text of a constant, if it is one and not null. Lifetime: the scalar's.
std::optional<std::string_view> constant_text(const arrow::Scalar* scalar);
inline std::optional<std::string_view> constant_text(const Node& node) { return constant_text(node.constant().get()); }

/// Marks a node costly when it is itself or any of its inputs are.
NodePtr with_cost(NodePtr node, bool costly);

}  // namespace evclean::sql
