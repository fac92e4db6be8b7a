// SPDX-License-Identifier: Apache-2.0
// filter, set and flag: one bound expression each.
#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/util/bitmap_ops.h>

#include "evclean/arrow_status.hpp"
#include "ops.hpp"

namespace evclean {
namespace {

class Filter final : public Op {
 public:
  explicit Filter(BoundExpression condition) : condition_(std::move(condition)) {}
  void apply(Batch& batch, OpState& state) override {
    const auto rows = condition_.rows_true(batch, state.counters);
    state.filtered[static_cast<std::size_t>(step)] += batch.num_rows - static_cast<std::int64_t>(rows.size());
    batch.keep(rows);
  }

 private:
  BoundExpression condition_;
};

class Set final : public Op {
 public:
  Set(std::string column, BoundExpression value) : column_(std::move(column)), value_(std::move(value)) {}
  void apply(Batch& batch, OpState& state) override { batch.put(column_, value_.evaluate(batch, state.counters)); }

 private:
  std::string column_;
  BoundExpression value_;
};

class Flag final : public Op {
 public:
  Flag(std::string column, BoundExpression condition) : column_(std::move(column)), condition_(std::move(condition)) {}
  void apply(Batch& batch, OpState& state) override {
    batch.put(column_, never_null(condition_.evaluate(batch, state.counters)));
  }

 private:
  /// Null counts as false: the values' bits and the validity bits together.
  static std::shared_ptr<arrow::Array> never_null(const std::shared_ptr<arrow::Array>& array) {
    if (array->null_count() == 0) return array;
    const auto& data = *array->data();
    auto bits =
        take_arrow(arrow::internal::BitmapAnd(arrow::default_memory_pool(), data.buffers[0]->data(), data.offset,
                                              data.buffers[1]->data(), data.offset, data.length, 0),
                   "flag");
    return std::make_shared<arrow::BooleanArray>(data.length, std::move(bits));
  }

  std::string column_;
  BoundExpression condition_;
};

class Absent final : public Op {
 public:
  Absent(std::string column, ValueType type) : column_(std::move(column)), type_(type) {}
  void apply(Batch& batch, OpState&) override {
    batch.put(column_, take_arrow(arrow::MakeArrayOfNull(arrow_type(type_), batch.num_rows), "nulls"));
  }

 private:
  std::string column_;
  ValueType type_;
};

class UniformColumns final : public Op {
 public:
  UniformColumns(std::unique_ptr<Op> inner, std::vector<UniformColumn> columns, std::string target)
      : inner_(std::move(inner)), columns_(std::move(columns)), target_(std::move(target)) {}

  void apply(Batch& batch, OpState& state) override {
    inner_->step = step;
    for (const UniformColumn& column : columns_) put(batch, column, column.as);
    inner_->apply(batch, state);
    for (const UniformColumn& column : columns_) {
      if (column.name != target_) put(batch, column, column.own);
    }
  }

 private:
  static void put(Batch& batch, const UniformColumn& column, ValueType type) {
    const auto made = column.text
                          ? arrow::MakeArrayFromScalar(*fill_scalar({column.name, type, *column.text}), batch.num_rows)
                          : arrow::MakeArrayOfNull(arrow_type(type), batch.num_rows);
    batch.put(column.name, take_arrow(made, "a column of one value"));
  }

  std::unique_ptr<Op> inner_;
  std::vector<UniformColumn> columns_;
  std::string target_;
};

}  // namespace

std::unique_ptr<Op> make_uniform_columns_op(std::unique_ptr<Op> inner, std::vector<UniformColumn> columns,
                                            std::string target) {
  return std::make_unique<UniformColumns>(std::move(inner), std::move(columns), std::move(target));
}

std::unique_ptr<Op> make_absent_op(std::string column, ValueType type) {
  return std::make_unique<Absent>(std::move(column), type);
}

std::unique_ptr<Op> make_filter_op(BoundExpression condition) { return std::make_unique<Filter>(std::move(condition)); }

std::unique_ptr<Op> make_set_op(std::string column, BoundExpression value) {
  return std::make_unique<Set>(std::move(column), std::move(value));
}

std::unique_ptr<Op> make_flag_op(std::string column, BoundExpression condition) {
  return std::make_unique<Flag>(std::move(column), std::move(condition));
}

}  // namespace evclean
