// SPDX-License-Identifier: Apache-2.0
// case, coalesce, greatest, least. A branch sees only the rows that take it, so what it would count or cost elsewhere
// does not happen.

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

/// True when a comes before b; text by bytes.
template <typename T>
bool before(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, Date>) {
    return a.days < b.days;
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return a.us < b.us;
  } else {
    return a < b;
  }
}

class ExtremeNode final : public Node {
 public:
  ExtremeNode(Nodes args, bool greatest) : Node(args[0]->type), args_(std::move(args)), greatest_(greatest) {
    for (const NodePtr& arg : args_) costly = costly || arg->costly;
  }
  Value evaluate(const Frame& frame) override {
    return visit_type(type, [&](auto tag) { return choose<decltype(tag)>(frame); });
  }

 private:
  template <typename T>
  Value choose(const Frame& frame) {
    std::vector<Value> values;
    std::vector<Reader<T>> readers;
    for (const NodePtr& arg : args_) values.push_back(arg->evaluate(frame));
    for (const Value& value : values) readers.emplace_back(value);
    Output<T> output(frame.num_rows);
    for (std::int64_t row = 0; row < frame.num_rows; ++row) {
      const Reader<T>* best = nullptr;
      for (const Reader<T>& reader : readers) {
        if (!reader.valid(row)) continue;
        if (best == nullptr || is_better(reader.get(row), best->get(row))) best = &reader;
      }
      if (best != nullptr) {
        output.set(row, best->get(row));
      } else {
        output.null(row);
      }
    }
    return Value::of(output.finish());
  }
  template <typename T>
  bool is_better(const T& value, const T& best) const {
    return greatest_ ? before(best, value) : before(value, best);
  }

  Nodes args_;
  bool greatest_;
};

}  // namespace

NodePtr case_node(Nodes conditions, Nodes results, NodePtr otherwise) {
  return std::make_unique<CaseNode>(std::move(conditions), std::move(results), std::move(otherwise));
}
NodePtr coalesce_node(Nodes args) { return std::make_unique<CoalesceNode>(std::move(args)); }
NodePtr extreme_node(Nodes args, bool greatest) { return std::make_unique<ExtremeNode>(std::move(args), greatest); }

}  // namespace evclean::sql
