// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "evclean/arrow_status.hpp"
#include "kernels.hpp"
#include "output.hpp"
#include "text_bytes.hpp"

namespace evclean::sql {
namespace {

class ArrowTextNode final : public Node {
 public:
  ArrowTextNode(std::string kernel, NodePtr arg)
      : Node(ValueType::kString), kernel_(std::move(kernel)), arg_(std::move(arg)) {
    costly = arg_->costly;
  }
  Value evaluate(const Frame& frame) override {
    const auto text = to_array(arg_->evaluate(frame), frame.num_rows);
    return Value::of(take_arrow(arrow::compute::CallFunction(kernel_, {text}), kernel_.c_str()).make_array());
  }

 private:
  std::string kernel_;
  NodePtr arg_;
};

NodePtr arrow_text(const char* kernel, NodePtr arg) {
  NodePtr node = std::make_unique<ArrowTextNode>(kernel, std::move(arg));
  return node;
}

class ConcatNode final : public Node {
 public:
  ConcatNode(Nodes args, bool skip_null) : Node(ValueType::kString), args_(std::move(args)), skip_null_(skip_null) {
    for (const NodePtr& arg : args_) costly = costly || arg->costly;
  }

  Value evaluate(const Frame& frame) override {
    std::vector<Value> values;
    std::vector<Reader<std::string_view>> readers;
    values.reserve(args_.size());
    for (const NodePtr& arg : args_) {
      values.push_back(arg->evaluate(frame));
      readers.emplace_back(values.back());
    }
    Output<std::string_view> output(frame.num_rows);
    std::string joined;
    for (std::int64_t row = 0; row < frame.num_rows; ++row) {
      if (join(readers, row, joined)) {
        output.set(row, joined);
      } else {
        output.null(row);
      }
    }
    return Value::of(output.finish());
  }

 private:
  bool join(const std::vector<Reader<std::string_view>>& readers, std::int64_t row, std::string& joined) const {
    joined.clear();
    for (const auto& reader : readers) {
      if (reader.valid(row)) {
        joined += reader.get(row);
      } else if (!skip_null_) {
        return false;
      }
    }
    return true;
  }

  Nodes args_;
  bool skip_null_;
};

}  // namespace

NodePtr lower_node(NodePtr text) { return arrow_text("utf8_lower", std::move(text)); }
NodePtr upper_node(NodePtr text) { return arrow_text("utf8_upper", std::move(text)); }

NodePtr concat_node(Nodes args, bool skip_null) { return std::make_unique<ConcatNode>(std::move(args), skip_null); }

}  // namespace evclean::sql
