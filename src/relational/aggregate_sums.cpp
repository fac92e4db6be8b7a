// SPDX-License-Identifier: Apache-2.0
// Sums, means, deviations and quantiles: numbers only.
#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "aggregate_state.hpp"
#include "evclean/arrow_status.hpp"
#include "exact_sum.hpp"
#include "quantile_sketch.hpp"

namespace evclean {
namespace {

constexpr std::size_t kGroupsAhead = 24;  ///< groups on their way from memory while one is finished
constexpr std::int64_t kExactInDouble = std::int64_t{1} << 53;

/// Calls body(row in the chunk, value) with the column's own type: int64, double or bool.
template <typename Body>
void each_value(const Chunk& chunk, const Selection& rows, int column, ValueType type, Body&& body) {
  const arrow::Array& array = *chunk.batch.array(column);
  if (type == ValueType::kFloat64) {
    const double* values = array.data()->GetValues<double>(1) + chunk.first;
    rows.each(chunk, [&](std::int64_t i) { body(chunk.groups[i], values[i]); });
  } else if (type == ValueType::kBool) {
    const auto& values = static_cast<const arrow::BooleanArray&>(array);
    rows.each(chunk, [&](std::int64_t i) { body(chunk.groups[i], std::int64_t{values.Value(chunk.first + i)}); });
  } else {
    const std::int64_t* values = array.data()->GetValues<std::int64_t>(1) + chunk.first;
    rows.each(chunk, [&](std::int64_t i) { body(chunk.groups[i], values[i]); });
  }
}

/// A float that is not finite cannot be written or read back, as in expressions.
bool is_value(double value) { return std::isfinite(value); }
bool is_value(std::int64_t) { return true; }

/// A column of one number a group; null for a group with fewer than `least` values.
template <typename Builder, typename Value>
Column number_column(const FinishedGroups& finished, std::int64_t least, Value value) {
  Builder builder;
  check_arrow(builder.Reserve(static_cast<std::int64_t>(finished.groups.size())), "building an aggregate");
  for (std::size_t i = 0; i < finished.groups.size(); ++i) {
    if (finished.counts[i] < least) {
      builder.UnsafeAppendNull();
      continue;
    }
    const auto number = value(finished.groups[i], finished.counts[i]);
    if (is_value(number)) {
      builder.UnsafeAppend(number);
    } else {
      builder.UnsafeAppendNull();
    }
  }
  return take_arrow(builder.Finish(), "building an aggregate");
}

/// sum and avg of int64 and bool. Sums are 64 bits, so that many groups stay in the caches; what does not fit is put
/// aside for the few groups that need it.
class WholeSums : public AggregateState {
 public:
  WholeSums(int column, ValueType type) : column_(column), type_(type) {}
  void resize(std::size_t groups) override { sums_.resize(groups); }
  void add(const Chunk& chunk, const Selection& rows) override {
    each_value(chunk, rows, column_, type_,
               [&](std::uint32_t group, auto value) { add_value(group, static_cast<std::int64_t>(value)); });
  }
  void write(std::uint32_t group, std::string& out) const override {
    const __int128 sum = total(group);
    const auto folded = static_cast<unsigned __int128>(sum) << 1 ^ static_cast<unsigned __int128>(sum >> 127);
    put_count(out, static_cast<std::uint64_t>(folded));
    put_count(out, static_cast<std::uint64_t>(folded >> 64));
  }
  void merge(std::uint32_t group, ByteReader& in) override {
    unsigned __int128 folded = in.count();
    folded |= static_cast<unsigned __int128>(in.count()) << 64;
    const __int128 sum = static_cast<__int128>(folded >> 1) ^ -static_cast<__int128>(folded & 1);
    if (fits(sum)) return add_value(group, static_cast<std::int64_t>(sum));
    aside_[group] += sum;
  }
  Column finish(const Aggregate& aggregate, const FinishedGroups& finished) const override {
    if (aggregate.kind == AggregateKind::kAvg) {
      return number_column<arrow::DoubleBuilder>(
          finished, 1, [&](std::uint32_t group, std::int64_t count) { return round_mean(total(group), count); });
    }
    return number_column<arrow::Int64Builder>(finished, 1, [&](std::uint32_t group, std::int64_t) {
      const __int128 sum = total(group);
      if (!fits(sum)) overflow(finished, group);
      return static_cast<std::int64_t>(sum);
    });
  }
  void clear() override {
    sums_ = {};
    aside_.clear();
  }
  std::int64_t memory_bytes() const override {
    return static_cast<std::int64_t>(sums_.capacity() * 8 + aside_.size() * 64);
  }

 private:
  static bool fits(__int128 sum) { return sum <= INT64_MAX && sum >= INT64_MIN; }
  void add_value(std::uint32_t group, std::int64_t value) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(sums_[group], value, &sum)) [[unlikely]] {
      aside_[group] += sums_[group];
      sum = value;
    }
    sums_[group] = sum;
  }
  __int128 total(std::uint32_t group) const {
    const auto found = aside_.empty() ? aside_.end() : aside_.find(group);
    return sums_[group] + (found == aside_.end() ? __int128{0} : found->second);
  }
  [[noreturn]] static void overflow(const FinishedGroups& finished, std::uint32_t group) {
    const std::string where = finished.describe(group);
    fail_user("overflow: the sum of {} does not fit into int64{}{}: cast the column to float64", finished.column,
              where.empty() ? "" : " in the group ", where);
  }

  int column_;
  ValueType type_;
  std::vector<std::int64_t> sums_;
  std::map<std::uint32_t, __int128> aside_;
};

/// sum and avg of float64.
class FloatSums : public AggregateState {
 public:
  explicit FloatSums(int column) : column_(column) {}
  void resize(std::size_t groups) override { sums_.resize(groups); }
  void add(const Chunk& chunk, const Selection& rows) override {
    each_value(chunk, rows, column_, ValueType::kFloat64,
               [&](std::uint32_t group, auto value) { sums_.add(group, static_cast<double>(value)); });
  }
  void write(std::uint32_t group, std::string& out) const override { sums_.write(group, out); }
  void merge(std::uint32_t group, ByteReader& in) override { sums_.merge(group, in); }
  Column finish(const Aggregate& aggregate, const FinishedGroups& finished) const override {
    const auto& groups = finished.groups;
    std::size_t ahead = 0;
    for (; ahead < std::min(kGroupsAhead, groups.size()); ++ahead) sums_.prefetch(groups[ahead]);
    return number_column<arrow::DoubleBuilder>(finished, 1, [&](std::uint32_t group, std::int64_t count) {
      if (ahead < groups.size()) sums_.prefetch(groups[ahead++]);
      return aggregate.kind == AggregateKind::kAvg ? round_mean(sums_, group, count) : round_sum(sums_, group);
    });
  }
  void clear() override { sums_.clear(); }
  std::int64_t memory_bytes() const override { return sums_.memory_bytes(); }

 private:
  int column_;
  ExactSums<3> sums_;
};

/// stddev.
class Deviations : public AggregateState {
 public:
  Deviations(int column, ValueType type) : column_(column), type_(type) {}
  void resize(std::size_t groups) override {
    sums_.resize(groups);
    squares_.resize(groups);
  }
  void add(const Chunk& chunk, const Selection& rows) override {
    each_value(chunk, rows, column_, type_, [&](std::uint32_t group, auto value) {
      if constexpr (std::is_same_v<decltype(value), double>) {
        add_float(group, value);
      } else {
        add_whole(group, value);
      }
    });
  }
  void write(std::uint32_t group, std::string& out) const override {
    sums_.write(group, out);
    squares_.write(group, out);
  }
  void merge(std::uint32_t group, ByteReader& in) override {
    sums_.merge(group, in);
    squares_.merge(group, in);
  }
  Column finish(const Aggregate&, const FinishedGroups& finished) const override {
    return number_column<arrow::DoubleBuilder>(finished, 2, [&](std::uint32_t group, std::int64_t count) {
      return round_deviation(sums_, squares_, group, count);
    });
  }
  void clear() override {
    sums_.clear();
    squares_.clear();
  }
  std::int64_t memory_bytes() const override { return sums_.memory_bytes() + squares_.memory_bytes(); }

 private:
  void add_float(std::uint32_t group, double value) {
    sums_.add(group, value);
    const double size = std::fabs(value);
    if ((size > 0x1p-400 && size < 0x1p400) || size == 0) [[likely]] {  // neither product below is rounded twice
      const double square = value * value;
      squares_.add(group, square);
      squares_.add(group, std::fma(value, value, -square));
    } else if (std::isfinite(value)) {
      int exponent = 0;
      const auto whole = static_cast<unsigned __int128>(std::ldexp(std::frexp(size, &exponent), 53));
      squares_.wide(group).add(whole * whole, 2 * (exponent - 53), false);
    }  // what is not finite makes the sum so, and the result NaN
  }
  void add_whole(std::uint32_t group, std::int64_t value) {
    if (value >= -kExactInDouble && value <= kExactInDouble) return add_float(group, static_cast<double>(value));
    const auto size = value < 0 ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
    sums_.wide(group).add(size, 0, value < 0);
    squares_.wide(group).add(size * size, 0, false);
  }

  int column_;
  ValueType type_;
  ExactSums<3> sums_;
  ExactSums<4> squares_;
};

class Quantiles : public AggregateState {
 public:
  Quantiles(int column, ValueType type) : column_(column), type_(type) {}
  void resize(std::size_t groups) override { sketches_.resize(groups); }
  void add(const Chunk& chunk, const Selection& rows) override {
    each_value(chunk, rows, column_, type_,
               [&](std::uint32_t group, auto value) { sketches_[group].add(static_cast<double>(value)); });
    added_ += chunk.count;
  }
  void write(std::uint32_t group, std::string& out) const override { sketches_[group].write(out); }
  void merge(std::uint32_t group, ByteReader& in) override { sketches_[group].merge(in); }
  Column finish(const Aggregate& aggregate, const FinishedGroups& finished) const override {
    return number_column<arrow::DoubleBuilder>(
        finished, 1, [&](std::uint32_t group, std::int64_t) { return sketches_[group].quantile(aggregate.quantile); });
  }
  void clear() override {
    sketches_ = {};
    added_ = 0;
  }
  std::int64_t memory_bytes() const override {
    const auto groups = static_cast<std::int64_t>(sketches_.capacity());
    const std::int64_t most = groups * static_cast<std::int64_t>(sizeof(QuantileSketch));
    // A bound without looking at each: twice the values, and buckets only where there are many.
    return most + 16 * added_;
  }

 private:
  int column_;
  ValueType type_;
  std::int64_t added_ = 0;
  std::vector<QuantileSketch> sketches_;
};

}  // namespace

std::unique_ptr<AggregateState> make_sum_state(AggregateKind kind, int column, ValueType type) {
  if (kind == AggregateKind::kStddev) return std::make_unique<Deviations>(column, type);
  if (type == ValueType::kFloat64) return std::make_unique<FloatSums>(column);
  return std::make_unique<WholeSums>(column, type);
}

std::unique_ptr<AggregateState> make_quantile_state(int column, ValueType type) {
  return std::make_unique<Quantiles>(column, type);
}

}  // namespace evclean
