// SPDX-License-Identifier: Apache-2.0
#include "evclean/expression.hpp"

#include <arrow/array.h>
#include <arrow/compute/initialize.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "binder.hpp"
#include "evclean/arrow_status.hpp"
#include "macros.hpp"
#include "parser.hpp"
#include "registry.hpp"

namespace evclean {

using sql::Tree;

struct Expression::Impl {
  std::string text;
  sql::TreePtr tree;
};

struct BoundExpression::Impl {
  sql::NodePtr node;
};

namespace {

/// Arrow registers most of its functions only when asked to.
void register_kernels() {
  static const bool done = [] {
    check_arrow(arrow::compute::Initialize(), "Arrow's functions");
    return true;
  }();
  static_cast<void>(done);
}

void collect_columns(const sql::TreePtr& tree, std::unordered_set<const Tree*>& seen,
                     std::vector<const Tree*>& columns) {
  if (!seen.insert(tree.get()).second) return;
  if (tree->kind == sql::TreeKind::kColumn) columns.push_back(tree.get());
  for (const sql::TreePtr& arg : tree->args) collect_columns(arg, seen, columns);
}

/// The positions of set bits in the common part of values and validity, a word of 64 rows at a time.
std::vector<std::int32_t> set_rows(const arrow::Array& array) {
  const arrow::ArrayData& data = *array.data();
  const std::uint8_t* values = data.buffers[1]->data();
  const std::uint8_t* valid = array.null_count() > 0 ? data.buffers[0]->data() : nullptr;
  std::vector<std::int32_t> rows(static_cast<std::size_t>(array.length()));
  std::int32_t* out = rows.data();
  std::int64_t row = 0;
  if (data.offset == 0) {
    for (; row + 64 <= array.length(); row += 64) {
      std::uint64_t word;
      std::memcpy(&word, values + row / 8, 8);
      if (valid != nullptr) {
        std::uint64_t mask;
        std::memcpy(&mask, valid + row / 8, 8);
        word &= mask;
      }
      for (; word != 0; word &= word - 1) *out++ = static_cast<std::int32_t>(row + std::countr_zero(word));
    }
  }
  for (; row < array.length(); ++row) {
    const std::int64_t bit = data.offset + row;
    const bool set = arrow::bit_util::GetBit(values, bit) && (valid == nullptr || arrow::bit_util::GetBit(valid, bit));
    if (set) *out++ = static_cast<std::int32_t>(row);
  }
  rows.resize(static_cast<std::size_t>(out - rows.data()));
  return rows;
}

}  // namespace

Expression Expression::parse(std::string_view text, const Macros& macros) {
  auto impl = std::make_shared<Impl>();
  impl->text = text;
  impl->tree = sql::expand_macros(sql::parse_expression(text), macros);
  Expression expression;
  expression.impl_ = std::move(impl);
  return expression;
}

Expression Expression::of(std::shared_ptr<const Tree> tree) {
  auto impl = std::make_shared<Impl>();
  impl->text = sql::to_text(*tree);
  impl->tree = std::move(tree);
  Expression expression;
  expression.impl_ = std::move(impl);
  return expression;
}

Expression::Expression() = default;
Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::Expression(const Expression&) = default;
Expression& Expression::operator=(const Expression&) = default;

const std::string& Expression::text() const { return impl_->text; }

std::vector<int> Expression::columns(const std::vector<std::string>& names) const {
  std::unordered_set<const Tree*> seen;
  std::vector<const Tree*> written;
  collect_columns(impl_->tree, seen, written);
  std::vector<int> columns = sql::resolve_columns(written, names);
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

Expression Expression::with_null(const std::vector<int>& columns, const std::vector<std::string>& names) const {
  auto impl = std::make_shared<Impl>();
  impl->text = impl_->text;
  impl->tree = sql::rewrite(impl_->tree, [&](const sql::TreePtr& part) -> sql::TreePtr {
    if (part->kind != sql::TreeKind::kColumn) return nullptr;
    const int at = sql::resolve_column(*part, names);
    const bool null = std::find(columns.begin(), columns.end(), at) != columns.end();
    return null ? sql::make_literal(sql::Null{}, part->position) : nullptr;
  });
  Expression expression;
  expression.impl_ = std::move(impl);
  return expression;
}

BoundExpression Expression::bind(const Fields& fields, const std::function<std::string(int)>& sample) const {
  register_kernels();
  sql::Binder binder(fields, sample);
  sql::Operand operand = binder.bind(*impl_->tree);
  if (operand.interval) {
    sql::Binder::fail(*impl_->tree, "an interval is no value of a column: it is added to a date or timestamp");
  }
  auto impl = std::make_unique<BoundExpression::Impl>();
  impl->node = std::move(operand.node);
  return BoundExpression(std::move(impl));
}

BoundExpression::BoundExpression(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BoundExpression::~BoundExpression() = default;
BoundExpression::BoundExpression(BoundExpression&&) noexcept = default;
BoundExpression& BoundExpression::operator=(BoundExpression&&) noexcept = default;

ValueType BoundExpression::type() const { return impl_->node->type; }

std::shared_ptr<arrow::Array> BoundExpression::evaluate(const Batch& batch, EvalCounters& counters) {
  return sql::to_array(impl_->node->evaluate({batch, nullptr, batch.num_rows, counters}), batch.num_rows);
}

std::vector<std::int32_t> BoundExpression::rows_true(const Batch& batch, EvalCounters& counters) {
  EVCLEAN_CHECK(type() == ValueType::kBool, "rows_true of a {} expression", type_name(type()));
  return set_rows(*evaluate(batch, counters));
}

std::vector<FunctionInfo> known_functions() { return sql::Registry::instance().infos(); }

}  // namespace evclean
