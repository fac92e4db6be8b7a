// SPDX-License-Identifier: Apache-2.0
// Kleene's three-valued logic, on bits. What costs much, or counts problems, is evaluated only for the rows that the
// cheaper part before it has not decided.
#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "evclean/arrow_status.hpp"
#include "kernels.hpp"
#include "output.hpp"

namespace evclean::sql {
namespace {

std::shared_ptr<arrow::Array> call(const std::string& name, std::vector<arrow::Datum> args) {
  return take_arrow(arrow::compute::CallFunction(name, args), name.c_str()).make_array();
}

class LogicNode final : public Node {
 public:
  /// `absorbing` decides alone: false for and, true for or.
  LogicNode(Nodes args, bool absorbing)
      : Node(ValueType::kBool),
        args_(std::move(args)),
        absorbing_(absorbing),
        kernel_(absorbing ? "or_kleene" : "and_kleene") {
    for (const NodePtr& arg : args_) costly = costly || arg->costly;
  }

  Value evaluate(const Frame& frame) override {
    std::shared_ptr<arrow::Array> result = to_array(args_[0]->evaluate(frame), frame.num_rows);
    for (std::size_t i = 1; i < args_.size(); ++i) {
      const auto other = args_[i]->costly ? evaluate_undecided(*args_[i], *result, frame)
                                          : to_array(args_[i]->evaluate(frame), frame.num_rows);
      if (other) result = call(kernel_, {result, other});
    }
    return Value::of(result);
  }

 private:
  /// Values where `decided` leaves the result open; elsewhere the neutral one. Null pointer: every row is decided.
  std::shared_ptr<arrow::Array> evaluate_undecided(Node& arg, const arrow::Array& decided, const Frame& frame) const {
    const Reader<bool> reader(
        Value::of(std::shared_ptr<arrow::Array>(std::shared_ptr<void>(), const_cast<arrow::Array*>(&decided))));
    std::vector<std::int32_t> open;
    for (std::int64_t row = 0; row < frame.num_rows; ++row) {
      if (!reader.valid(row) || reader.get(row) != absorbing_) open.push_back(static_cast<std::int32_t>(row));
    }
    if (open.empty()) return nullptr;
    if (static_cast<std::int64_t>(open.size()) == frame.num_rows) return to_array(arg.evaluate(frame), frame.num_rows);
    std::vector<std::int32_t> storage;
    const Value part = arg.evaluate(frame.narrow(open, storage));
    return spread(part, open, frame.num_rows);
  }

  std::shared_ptr<arrow::Array> spread(const Value& part, const std::vector<std::int32_t>& open,
                                       std::int64_t rows) const {
    const Reader<bool> reader(part);
    Output<bool> output(rows);
    std::size_t next = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      if (next == open.size() || open[next] != row) {
        output.set(row, !absorbing_);
        continue;
      }
      const auto at = static_cast<std::int64_t>(next++);
      if (reader.valid(at)) {
        output.set(row, reader.get(at));
      } else {
        output.null(row);
      }
    }
    return output.finish();
  }

  Nodes args_;
  bool absorbing_;
  std::string kernel_;
};

class NotNode final : public Node {
 public:
  explicit NotNode(NodePtr arg) : Node(ValueType::kBool), arg_(std::move(arg)) { costly = arg_->costly; }
  Value evaluate(const Frame& frame) override {
    return Value::of(call("invert", {to_array(arg_->evaluate(frame), frame.num_rows)}));
  }

 private:
  NodePtr arg_;
};

class IsNullNode final : public Node {
 public:
  IsNullNode(NodePtr arg, bool negated) : Node(ValueType::kBool), arg_(std::move(arg)), negated_(negated) {
    costly = arg_->costly;
  }
  Value evaluate(const Frame& frame) override {
    const Value value = arg_->evaluate(frame);
    return visit_type(arg_->type, [&](auto tag) {
      const Reader<decltype(tag)> reader(value);
      Output<bool> output(frame.num_rows);
      for (std::int64_t row = 0; row < frame.num_rows; ++row) output.set(row, reader.valid(row) == negated_);
      return Value::of(output.finish());
    });
  }

 private:
  NodePtr arg_;
  bool negated_;
};

class IsBoolNode final : public Node {
 public:
  IsBoolNode(NodePtr arg, bool wanted, bool negated)
      : Node(ValueType::kBool), arg_(std::move(arg)), wanted_(wanted), negated_(negated) {
    costly = arg_->costly;
  }
  Value evaluate(const Frame& frame) override {
    const Value value = arg_->evaluate(frame);
    const Reader<bool> reader(value);
    Output<bool> output(frame.num_rows);
    for (std::int64_t row = 0; row < frame.num_rows; ++row) {
      output.set(row, (reader.valid(row) && reader.get(row) == wanted_) != negated_);
    }
    return Value::of(output.finish());
  }

 private:
  NodePtr arg_;
  bool wanted_;
  bool negated_;
};

}  // namespace

NodePtr and_node(Nodes args) { return std::make_unique<LogicNode>(std::move(args), false); }
NodePtr or_node(Nodes args) { return std::make_unique<LogicNode>(std::move(args), true); }
NodePtr not_node(NodePtr arg) { return std::make_unique<NotNode>(std::move(arg)); }
NodePtr is_null_node(NodePtr arg, bool negated) { return std::make_unique<IsNullNode>(std::move(arg), negated); }
NodePtr is_bool_node(NodePtr arg, bool wanted, bool negated) {
  return std::make_unique<IsBoolNode>(std::move(arg), wanted, negated);
}

}  // namespace evclean::sql
