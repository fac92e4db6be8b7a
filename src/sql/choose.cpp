// SPDX-License-Identifier: Apache-2.0
// case, coalesce, greatest, least. A branch sees only the rows that take it, so what it would count or cost elsewhere
// does not happen.
#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <algorithm>
#include <numeric>

#include "evclean/arrow_status.hpp"
#include "kernels.hpp"
#include "output.hpp"

namespace evclean::sql {
namespace {

using Rows = std::vector<std::int32_t>;

Rows all_rows(std::int64_t count) {
  Rows rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

/// Results of branches, each for some rows, put back in row order.
class Merger {
 public:
  explicit Merger(std::int64_t rows) : sources_(static_cast<std::size_t>(rows)) {}

  void add(Value value, const Rows& rows) {
    const auto branch = static_cast<std::int32_t>(branches_.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      sources_[static_cast<std::size_t>(rows[i])] = {branch, static_cast<std::int32_t>(i)};
    }
    branches_.push_back(std::move(value));
  }

  template <typename T>
  Value merge() const {
    std::vector<Reader<T>> readers;
    for (const Value& branch : branches_) readers.emplace_back(branch);
    const auto rows = static_cast<std::int64_t>(sources_.size());
    Output<T> output(rows);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto [branch, position] = sources_[static_cast<std::size_t>(row)];
      if (branch >= 0 && readers[static_cast<std::size_t>(branch)].valid(position)) {
        output.set(row, readers[static_cast<std::size_t>(branch)].get(position));
      } else {
        output.null(row);
      }
    }
    return Value::of(output.finish());
  }

 private:
  struct Source {
    std::int32_t branch = -1;  ///< -1: null
    std::int32_t position = 0;
  };
  std::vector<Value> branches_;
  std::vector<Source> sources_;
};

/// Evaluates a node for some rows of a frame.
Value evaluate_for(Node& node, const Frame& frame, const Rows& rows) {
  if (static_cast<std::int64_t>(rows.size()) == frame.num_rows) return node.evaluate(frame);
  Rows storage;
  return node.evaluate(frame.narrow(rows, storage));
}

class CaseNode final : public Node {
 public:
  CaseNode(Nodes conditions, Nodes results, NodePtr otherwise)
      : Node(otherwise->type),
        conditions_(std::move(conditions)),
        results_(std::move(results)),
        otherwise_(std::move(otherwise)) {
    costly = otherwise_->costly;
    for (const NodePtr& node : conditions_) costly = costly || node->costly;
    for (const NodePtr& node : results_) costly = costly || node->costly;
  }

  Value evaluate(const Frame& frame) override {
    Merger merger(frame.num_rows);
    Rows open = all_rows(frame.num_rows);
    for (std::size_t i = 0; i < conditions_.size() && !open.empty(); ++i) {
      Rows taken;
      open = split(evaluate_for(*conditions_[i], frame, open), open, taken);
      if (!taken.empty()) merger.add(evaluate_for(*results_[i], frame, taken), taken);
    }
    if (!open.empty()) merger.add(evaluate_for(*otherwise_, frame, open), open);
    return visit_type(type, [&](auto tag) { return merger.merge<decltype(tag)>(); });
  }

 private:
  /// Rows where the condition is true go to `taken`; gives the others.
  static Rows split(const Value& condition, const Rows& rows, Rows& taken) {
    const Reader<bool> reader(condition);
    Rows others;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      (reader.valid(at) && reader.get(at) ? taken : others).push_back(rows[i]);
    }
    return others;
  }

  Nodes conditions_;
  Nodes results_;
  NodePtr otherwise_;
};

class CoalesceNode final : public Node {
 public:
  explicit CoalesceNode(Nodes args) : Node(args[0]->type), args_(std::move(args)) {
    for (const NodePtr& arg : args_) costly = costly || arg->costly;
  }

  Value evaluate(const Frame& frame) override {
    return visit_type(type, [&](auto tag) { return choose<decltype(tag)>(frame); });
  }

 private:
  template <typename T>
  Value choose(const Frame& frame) {
    Merger merger(frame.num_rows);
    Rows open = all_rows(frame.num_rows);
    for (const NodePtr& arg : args_) {
      Value value = evaluate_for(*arg, frame, open);
      Rows missing;
      const Reader<T> reader(value);
      for (std::size_t i = 0; i < open.size(); ++i) {
        if (!reader.valid(static_cast<std::int64_t>(i))) missing.push_back(open[i]);
      }
      if (missing.empty() && static_cast<std::int64_t>(open.size()) == frame.num_rows) return value;
      merger.add(std::move(value), open);
      if (missing.empty()) break;
      open = std::move(missing);
    }
    return merger.merge<T>();
  }

  Nodes args_;
};

class ExtremeNode final : public Node {
 public:
  ExtremeNode(Nodes args, bool greatest)
      : Node(args[0]->type), args_(std::move(args)), kernel_(greatest ? "max_element_wise" : "min_element_wise") {
    for (const NodePtr& arg : args_) costly = costly || arg->costly;
  }
  Value evaluate(const Frame& frame) override {
    // Booleans have no kernel of their own; as bytes they have.
    std::vector<arrow::Datum> values;
    for (const NodePtr& arg : args_) {
      arrow::Datum value(to_array(arg->evaluate(frame), frame.num_rows));
      if (type == ValueType::kBool) value = take_arrow(arrow::compute::Cast(value, arrow::uint8()), "greatest");
      values.push_back(std::move(value));
    }
    arrow::Datum result = take_arrow(arrow::compute::CallFunction(kernel_, values), "greatest");
    if (type == ValueType::kBool) result = take_arrow(arrow::compute::Cast(result, arrow::boolean()), "greatest");
    return Value::of(result.make_array());
  }

 private:
  Nodes args_;
  std::string kernel_;
};

}  // namespace

NodePtr case_node(Nodes conditions, Nodes results, NodePtr otherwise) {
  return std::make_unique<CaseNode>(std::move(conditions), std::move(results), std::move(otherwise));
}
NodePtr coalesce_node(Nodes args) { return std::make_unique<CoalesceNode>(std::move(args)); }
NodePtr extreme_node(Nodes args, bool greatest) { return std::make_unique<ExtremeNode>(std::move(args), greatest); }

}  // namespace evclean::sql
