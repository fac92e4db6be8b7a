// SPDX-License-Identifier: Apache-2.0
#include "join_plan.hpp"

#include <arrow/array.h>
#include <arrow/buffer.h>

#include <algorithm>

#include "evclean/arrow_status.hpp"

namespace evclean {
namespace {

bool is_numeric(ValueType type) { return type == ValueType::kInt64 || type == ValueType::kFloat64; }

KeyKind kind_of(const Field& left, const Field& right, const std::string& other) {
  if (const KeyKind kind = key_kind(left.type); kind == key_kind(right.type)) return kind;
  // The side that is no text becomes text; without a text side, the right one takes the left one's type.
  const Field& cast = right.type == ValueType::kString ? left : right;
  const ValueType to = right.type == ValueType::kString ? ValueType::kString : left.type;
  fail_user(
      "{} is {} in this table and {} is {} in {}: they cannot be compared; give both the same type first, for example "
      "cast: {{{}: {}}} in {}",
      left.name, type_name(left.type), right.name, type_name(right.type), other, cast.name, type_name(to),
      &cast == &left ? "this table" : other);
}

/// Type of a key that takes values of both sides.
ValueType common_type(ValueType left, ValueType right) {
  if (left == right) return left;
  return is_numeric(left) ? ValueType::kFloat64 : ValueType::kTimestamp;
}

const Field& field_at(const Fields& fields, int column) {
  EVCLEAN_CHECK(column >= 0 && column < static_cast<int>(fields.size()), "join column {} of {}", column, fields.size());
  return fields[static_cast<std::size_t>(column)];
}

template <typename From, typename To, typename Convert>
std::shared_ptr<arrow::Array> converted(const arrow::Array& array, ValueType type, Convert&& convert) {
  const auto count = static_cast<std::size_t>(array.length());
  auto values = take_arrow(arrow::AllocateBuffer(static_cast<std::int64_t>(count * sizeof(To))), "widening a key");
  const From* from = array.data()->GetValues<From>(1);
  To* to = reinterpret_cast<To*>(values->mutable_data());
  for (std::size_t i = 0; i < count; ++i) to[i] = convert(from[i]);
  std::shared_ptr<arrow::Buffer> validity;
  if (array.null_count() > 0) {
    auto bits = take_arrow(arrow::AllocateEmptyBitmap(array.length()), "widening a key");
    for (std::int64_t i = 0; i < array.length(); ++i) {
      if (array.IsValid(i)) bits->mutable_data()[i >> 3] |= static_cast<std::uint8_t>(1u << (i & 7));
    }
    validity = std::move(bits);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(arrow_type(type), array.length(), {validity, std::move(values)}));
}

/// A key of both tables is one column; a number of it that changed without a word would be another key.
void refuse_lost_digits(const arrow::Array& array, const std::string& name) {
  const auto* values = array.data()->GetValues<std::int64_t>(1);
  for (std::int64_t i = 0; i < array.length(); ++i) {
    const auto nearest = static_cast<double>(values[i]);
    // 2^63, which the largest integers round to, is no int64 to compare with.
    if (array.IsNull(i) || (nearest < 0x1p63 && static_cast<std::int64_t>(nearest) == values[i])) continue;
    fail_user(
        "the key {0} is int64 in one table and float64 in the other, so float64 where both are kept, which cannot hold "
        "{1}: give both the same type first, for example cast: {{{0}: int64}}",
        name, values[i]);
  }
}

}  // namespace

KeyKind key_kind(ValueType type) {
  switch (type) {
    case ValueType::kString:
      return KeyKind::kText;
    case ValueType::kBool:
      return KeyKind::kBool;
    case ValueType::kDate:
    case ValueType::kTimestamp:
      return KeyKind::kMoment;
    default:
      return KeyKind::kNumber;
  }
}

std::shared_ptr<arrow::Array> widen(const std::shared_ptr<arrow::Array>& array, const Field& key) {
  const ValueType type = key.type;
  if (value_type(*array->type()) == type) return array;
  if (type == ValueType::kFloat64) {
    refuse_lost_digits(*array, key.name);
    return converted<std::int64_t, double>(*array, type, [](std::int64_t v) { return static_cast<double>(v); });
  }
  EVCLEAN_CHECK(type == ValueType::kTimestamp, "a key becomes {}", type_name(type));
  return converted<std::int32_t, std::int64_t>(*array, type, [](std::int32_t day) { return day * 86'400'000'000; });
}

JoinPlan plan_join(const Fields& left, const Fields& right, const JoinSpec& spec) {
  JoinPlan plan{spec, left, right, {}, left};
  EVCLEAN_CHECK(spec.left_keys.size() == spec.right_keys.size(), "{} and {} join keys", spec.left_keys.size(),
                spec.right_keys.size());
  EVCLEAN_CHECK(spec.payload.size() == spec.payload_names.size(), "{} right columns with {} names", spec.payload.size(),
                spec.payload_names.size());
  for (std::size_t key = 0; key < spec.left_keys.size(); ++key) {
    const Field& of_left = field_at(plan.left, spec.left_keys[key]);
    const Field& of_right = field_at(plan.right, spec.right_keys[key]);
    plan.kinds.push_back(kind_of(of_left, of_right, spec.right_name));
    if (plan.keeps_right() && spec.coalesce_keys) {
      Field& result = plan.result[static_cast<std::size_t>(spec.left_keys[key])];
      result.type = common_type(result.type, of_right.type);
    }
  }
  if (!plan.carries_payload()) return plan;
  for (std::size_t i = 0; i < spec.payload.size(); ++i) {
    plan.result.push_back({spec.payload_names[i], field_at(plan.right, spec.payload[i]).type});
  }
  return plan;
}

}  // namespace evclean
