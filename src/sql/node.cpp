// SPDX-License-Identifier: Apache-2.0
#include "node.hpp"

#include <arrow/api.h>

#include "evclean/arrow_status.hpp"

namespace evclean::sql {
namespace {

template <typename ScalarType, typename T>
NodePtr make_constant(ValueType type, T value) {
  return std::make_unique<ConstantNode>(type, std::make_shared<ScalarType>(std::move(value), arrow_type(type)));
}

class ColumnNode final : public Node {
 public:
  ColumnNode(std::string name, int position, ValueType type)
      : Node(type), name_(std::move(name)), position_(position) {}

  Value evaluate(const Frame& frame) override {
    const Batch& batch = frame.batch;
    const auto index = static_cast<std::size_t>(position_);
    if (position_ < 0 || index >= batch.names.size() || batch.names[index] != name_) position_ = batch.find(name_);
    if (position_ < 0) return Value::of(arrow::MakeNullScalar(arrow_type(type)));
    return batch.is_raw(position_) ? raw_value(batch.raw(position_), frame.rows)
                                   : array_value(batch.array(position_), frame.rows);
  }

 private:
  Value raw_value(const SpanColumn& column, const std::vector<std::int32_t>* rows) const {
    EVCLEAN_CHECK(type == ValueType::kString, "column {} is raw but settled as {}", name_, type_name(type));
    if (rows == nullptr) return Value::of(std::shared_ptr<const SpanColumn>(std::shared_ptr<void>(), &column));
    auto picked = std::make_shared<SpanColumn>();
    picked->text = column.text;
    picked->spans.reserve(rows->size());
    for (const std::int32_t row : *rows) picked->spans.push_back(column.spans[static_cast<std::size_t>(row)]);
    return Value::of(std::shared_ptr<const SpanColumn>(std::move(picked)));
  }

  Value array_value(const std::shared_ptr<arrow::Array>& array, const std::vector<std::int32_t>* rows) const {
    EVCLEAN_CHECK(array->type_id() == arrow_type(type)->id(), "column {} is {} but settled as {}", name_,
                  array->type()->ToString(), type_name(type));
    return Value::of(rows == nullptr ? array : gather(*array, *rows));
  }

  std::string name_;
  int position_;
};

}  // namespace

NodePtr constant_node(bool value) {
  return std::make_unique<ConstantNode>(ValueType::kBool, std::make_shared<arrow::BooleanScalar>(value));
}
NodePtr constant_node(std::int64_t value) { return make_constant<arrow::Int64Scalar>(ValueType::kInt64, value); }
NodePtr constant_node(double value) { return make_constant<arrow::DoubleScalar>(ValueType::kFloat64, value); }
NodePtr constant_node(std::string_view value) {
  return std::make_unique<ConstantNode>(ValueType::kString, std::make_shared<arrow::StringScalar>(std::string(value)));
}
NodePtr constant_node(Date value) { return make_constant<arrow::Date32Scalar>(ValueType::kDate, value.days); }
NodePtr constant_node(Timestamp value) {
  return make_constant<arrow::TimestampScalar>(ValueType::kTimestamp, value.us);
}

NodePtr null_of(ValueType type) {
  return std::make_unique<ConstantNode>(type, arrow::MakeNullScalar(arrow_type(type)));
}

NodePtr column_node(std::string name, int position, ValueType type) {
  return std::make_unique<ColumnNode>(std::move(name), position, type);
}

std::optional<std::string_view> constant_text(const arrow::Scalar* scalar) {
  if (scalar == nullptr || !scalar->is_valid || scalar->type->id() != arrow::Type::STRING) return std::nullopt;
  return static_cast<const arrow::StringScalar*>(scalar)->view();
}

NodePtr with_cost(NodePtr node, bool costly) {
  node->costly = costly;
  return node;
}

}  // namespace evclean::sql
