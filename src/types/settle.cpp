// SPDX-License-Identifier: Apache-2.0
#include "evclean/types.hpp"

namespace evclean {
namespace {

/// Which kinds have been seen.
class KindSet {
 public:
  explicit KindSet(const Evidence& evidence) {
    for (std::size_t kind = 0; kind < kValueKinds; ++kind) bits_ |= (evidence.kinds[kind].count > 0 ? 1u : 0u) << kind;
  }
  bool none() const { return bits_ == 0; }
  bool any(std::initializer_list<ValueKind> kinds) const { return (bits_ & mask(kinds)) != 0; }
  bool only(std::initializer_list<ValueKind> kinds) const { return (bits_ & ~mask(kinds)) == 0; }

 private:
  static std::uint32_t mask(std::initializer_list<ValueKind> kinds) {
    std::uint32_t bits = 0;
    for (const ValueKind kind : kinds) bits |= 1u << static_cast<unsigned>(kind);
    return bits;
  }
  std::uint32_t bits_ = 0;
};

using enum ValueKind;

ColumnType settle_times(const KindSet& seen, bool& ambiguous) {
  const bool day_first = seen.any({kDateDayFirst, kTimestampDayFirst});
  const bool month_first = seen.any({kDateMonthFirst, kTimestampMonthFirst});
  if (day_first && month_first) return {};
  const bool either = seen.any({kDateEither, kTimestampEither});
  ambiguous = either && !day_first && !month_first;
  ColumnType column;
  column.type = seen.any({kTimestamp, kTimestampDayFirst, kTimestampMonthFirst, kTimestampEither})
                    ? ValueType::kTimestamp
                    : ValueType::kDate;
  if (month_first) column.order = DateOrder::kMonthFirst;
  if (day_first || ambiguous) column.order = DateOrder::kDayFirst;
  return column;
}

ColumnType settle_numbers(const KindSet& seen) {
  if (!seen.any({kFloat})) return {ValueType::kInt64, DateOrder::kNone};
  if (seen.any({kBigInt})) return {};
  return {ValueType::kFloat64, DateOrder::kNone};
}

}  // namespace

ColumnType settle(const Evidence& evidence, bool* ambiguous) {
  bool ignored = false;
  bool& unclear = ambiguous != nullptr ? *ambiguous : ignored;
  unclear = false;
  const KindSet seen(evidence);
  if (seen.none() || seen.any({kString})) return {};
  if (seen.only({kBool})) return {ValueType::kBool, DateOrder::kNone};
  if (seen.only({kInt, kBigInt, kFloat})) return settle_numbers(seen);
  if (seen.any({kBool, kInt, kBigInt, kFloat})) return {};
  return settle_times(seen, unclear);
}

}  // namespace evclean
