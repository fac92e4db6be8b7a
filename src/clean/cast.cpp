// SPDX-License-Identifier: Apache-2.0
// cast: and types: a value that does not fit makes the row a reject with its reason, or null with on_error: null.
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "evclean/arrow_status.hpp"
#include "evclean/cast_text.hpp"
#include "evclean/suggest.hpp"
#include "ops.hpp"

namespace evclean {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Microseconds of the unit that a type counts since 1970; 0: it is none of those.
std::int64_t epoch_unit_us(std::string_view word) {
  if (word == "epoch_s") return 1'000'000;
  if (word == "epoch_ms") return 1'000;
  return word == "epoch_us" ? 1 : 0;
}

/// Reads one value of a type; false when it does not fit.
class ValueReader {
 public:
  ValueReader(const CastType& type, const TimeZone& zone) : type_(type), zone_(zone) {}

  bool read(std::string_view text, std::int64_t& value) const {
    text = trimmed(text);
    if (type_.type == ValueType::kInt64) {
      return parse_int64(text, value) || taken(sql::text_to_int64(text), value) || whole_decimal(text, value);
    }
    std::int64_t us = 0;
    if (const std::int64_t unit_us = epoch_unit_us(type_.format); unit_us != 0) {
      if (!read_epoch(text, unit_us, us)) return false;
    } else if (!type_.format.empty()) {
      if (!parse_time_format(text, type_.format, zone_, us)) return false;
    } else if (type_.type == ValueType::kDate) {
      std::int32_t days = 0;
      if (parse_date(text, DateOrder::kNone, days)) {
        value = days;
        return true;
      }
      if (!parse_timestamp(text, DateOrder::kNone, zone_, us)) return false;
    } else if (!parse_timestamp(text, DateOrder::kNone, zone_, us)) {
      std::int32_t days = 0;
      if (!parse_date(text, DateOrder::kNone, days)) return false;
      us = days * kDayUs;
    }
    value = type_.type == ValueType::kDate ? floor_days(us) : us;
    return true;
  }
  bool read(std::string_view text, double& value) const {
    return parse_float64(trimmed(text), value) || taken(sql::text_to_float64(text), value);
  }
  bool read(std::string_view text, bool& value) const { return taken(sql::text_to_bool(text), value); }

 private:
  template <typename T>
  static bool taken(const std::optional<T>& read, T& value) {
    if (read) value = *read;
    return read.has_value();
  }

  static constexpr std::int64_t kDayUs = 86'400'000'000;
  static constexpr std::int64_t kFirstUs = -62'135'596'800'000'000;  // 0001-01-01
  static constexpr std::int64_t kEndUs = 253'402'300'800'000'000;    // 10000-01-01

  /// Seconds, milliseconds or microseconds since 1970, also with a fraction.
  static bool read_epoch(std::string_view text, std::int64_t unit_us, std::int64_t& us) {
    std::int64_t whole = 0;
    double number = 0;
    if (parse_int64(text, whole)) {
      if (__builtin_mul_overflow(whole, unit_us, &us)) return false;
    } else if (parse_float64(text, number) && std::fabs(number) * static_cast<double>(unit_us) < 1e18) {
      us = std::llround(number * static_cast<double>(unit_us));
    } else {
      return false;
    }
    return us >= kFirstUs && us < kEndUs;
  }

  static std::int64_t floor_days(std::int64_t us) { return us / kDayUs - (us % kDayUs < 0 ? 1 : 0); }

  /// 3.0 and 1e17 are whole numbers, 3.5 is not one. By its digits: float64 would change those beyond 2^53.
  static bool whole_decimal(std::string_view text, std::int64_t& value) {
    double number = 0;
    if (!parse_float64(text, number)) return false;
    const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
    std::int64_t exponent = 0;
    if (mark < text.size() && !read_exponent(text.substr(mark + 1), exponent)) return false;
    std::string digits(text.substr(0, mark));
    if (const std::size_t point = digits.find('.'); point != std::string::npos) {
      digits.erase(point, 1);
      exponent -= static_cast<std::int64_t>(digits.size() - point);
    }
    const bool negative = digits.front() == '-';
    digits.erase(0, digits.find_first_not_of("-0"));
    const std::size_t end = digits.find_last_not_of('0') + 1;  // 0: there was nothing but zeros
    exponent += static_cast<std::int64_t>(digits.size() - end);
    digits.resize(end);
    if (end > 0 && (exponent < 0 || exponent > kMostZeros)) return false;
    digits.append(static_cast<std::size_t>(end > 0 ? exponent : 1), '0');
    return parse_int64(negative && end > 0 ? "-" + digits : digits, value);
  }
  /// Of one that no number has use for (or behind a 0) nothing is read.
  static bool read_exponent(std::string_view text, std::int64_t& exponent) {
    if (text.starts_with('+')) text.remove_prefix(1);
    constexpr std::int64_t kMost = 1'000'000'000;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    return error == std::errc() && exponent > -kMost && exponent < kMost;
  }
  static constexpr std::int64_t kMostZeros = 18;  ///< behind the digits of an int64

  const CastType& type_;
  const TimeZone& zone_;
};

/// Whole numbers of float64 that an int64 holds, as they are: their shortest text may be another number.
std::shared_ptr<arrow::Array> whole_numbers(const arrow::DoubleArray& array, std::vector<std::int32_t>& misfits) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  arrow::Int64Builder builder;
  check_arrow(builder.Reserve(array.length()), "cast");
  for (std::int64_t row = 0; row < array.length(); ++row) {
    const double value = array.Value(row);
    const bool fits = value == std::floor(value) && value >= -kTwoTo63 && value < kTwoTo63;
    if (array.IsValid(row) && fits) {
      builder.UnsafeAppend(static_cast<std::int64_t>(value));
    } else {
      builder.UnsafeAppendNull();
      if (array.IsValid(row)) misfits.push_back(static_cast<std::int32_t>(row));
    }
  }
  return take_arrow(builder.Finish(), "cast");
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> read_all(Builder& builder, const SpanColumn& source, const ValueReader& reader,
                                       std::vector<std::int32_t>& misfits) {
  check_arrow(builder.Reserve(static_cast<std::int64_t>(source.spans.size())), "cast");
  for (std::size_t row = 0; row < source.spans.size(); ++row) {
    Value value{};
    if (source.spans[row].missing()) {
      builder.UnsafeAppendNull();
    } else if (reader.read(source.view(static_cast<std::int64_t>(row)), value)) {
      builder.UnsafeAppend(static_cast<typename Builder::value_type>(value));
    } else {
      builder.UnsafeAppendNull();
      misfits.push_back(static_cast<std::int32_t>(row));
    }
  }
  return take_arrow(builder.Finish(), "cast");
}

class Cast final : public Op {
 public:
  Cast(std::string column, CastType type, bool null_on_error, TimeZone zone, std::string what)
      : column_(std::move(column)),
        type_(std::move(type)),
        null_on_error_(null_on_error),
        zone_(zone),
        what_(std::move(what)) {}

  void apply(Batch& batch, OpState& state) override {
    const int at = batch.find(column_);
    if (type_.type == ValueType::kString && batch.is_raw(at)) return;
    if (!batch.is_raw(at) && type_.format.empty() && batch.array(at)->type()->Equals(arrow_type(type_.type))) return;
    if (!batch.is_raw(at) && batch.array(at)->type_id() == arrow::Type::BOOL && is_number()) {
      // true is 1, as in pandas and Spark; the text "true" is not a number.
      batch.columns[static_cast<std::size_t>(at)] =
          take_arrow(arrow::compute::Cast(*batch.array(at), arrow_type(type_.type)), "cast");
      return;
    }
    const SpanColumn source = text_column(batch, at);
    std::vector<std::int32_t> misfits;
    auto array = is_float(batch, at) && type_.type == ValueType::kInt64
                     ? whole_numbers(static_cast<const arrow::DoubleArray&>(*batch.array(at)), misfits)
                     : typed(source, misfits);
    if (!misfits.empty() && !null_on_error_) reject_rows(batch, source, misfits, state);
    batch.columns[static_cast<std::size_t>(at)] = std::move(array);
    if (!misfits.empty() && !null_on_error_) batch.keep(rest(batch.num_rows, misfits));
  }

 private:
  /// A bare date says how to name its order: 13/02/2026 does not read by itself.
  std::string shown() const {
    const bool time = type_.type == ValueType::kDate || type_.type == ValueType::kTimestamp;
    return time && type_.format.empty() ? fmt::format("{0} (a format can be named: {0}:%d/%m/%Y)", type_.shown)
                                        : type_.shown;
  }

  static bool is_float(const Batch& batch, int at) {
    return !batch.is_raw(at) && batch.array(at)->type_id() == arrow::Type::DOUBLE;
  }
  bool is_number() const { return type_.type == ValueType::kInt64 || type_.type == ValueType::kFloat64; }

  std::shared_ptr<arrow::Array> typed(const SpanColumn& source, std::vector<std::int32_t>& misfits) const {
    const ValueReader reader(type_, zone_);
    switch (type_.type) {
      case ValueType::kString:
        return string_array(source);
      case ValueType::kInt64: {
        arrow::Int64Builder builder;
        return read_all<arrow::Int64Builder, std::int64_t>(builder, source, reader, misfits);
      }
      case ValueType::kFloat64: {
        arrow::DoubleBuilder builder;
        return read_all<arrow::DoubleBuilder, double>(builder, source, reader, misfits);
      }
      case ValueType::kBool: {
        arrow::BooleanBuilder builder;
        return read_all<arrow::BooleanBuilder, bool>(builder, source, reader, misfits);
      }
      case ValueType::kDate: {
        arrow::Date32Builder builder;
        return read_all<arrow::Date32Builder, std::int64_t>(builder, source, reader, misfits);
      }
      case ValueType::kTimestamp: {
        arrow::TimestampBuilder builder(arrow_type(ValueType::kTimestamp), arrow::default_memory_pool());
        return read_all<arrow::TimestampBuilder, std::int64_t>(builder, source, reader, misfits);
      }
    }
    fail_bug("cast to an unknown type");
  }

  void reject_rows(const Batch& batch, const SpanColumn& source, const std::vector<std::int32_t>& rows,
                   OpState& state) const {
    for (const std::int32_t row : rows) {
      state.rejects.push_back(make_reject(
          batch, row, fmt::format("{}: {} '{}' is not {}", what_, column_, printable(source.view(row), 80), shown())));
    }
  }

  static std::vector<std::int32_t> rest(std::int64_t rows, const std::vector<std::int32_t>& without) {
    std::vector<std::int32_t> kept;
    std::size_t next = 0;
    for (std::int32_t row = 0; row < rows; ++row) {
      if (next < without.size() && without[next] == row) {
        ++next;
      } else {
        kept.push_back(row);
      }
    }
    return kept;
  }

  std::string column_;
  CastType type_;
  bool null_on_error_;
  TimeZone zone_;
  std::string what_;
};

}  // namespace

std::optional<CastType> parse_cast_type(std::string_view text) {
  if (epoch_unit_us(text) != 0) return CastType{ValueType::kTimestamp, std::string(text), std::string(text)};
  const std::size_t colon = text.find(':');
  const auto type = type_from_name(text.substr(0, colon));
  if (!type) return std::nullopt;
  CastType out{*type, {}, std::string(text)};
  if (colon == std::string_view::npos) return out;
  if (*type != ValueType::kDate && *type != ValueType::kTimestamp) return std::nullopt;
  out.format = std::string(text.substr(colon + 1));
  if (out.format.empty() || !time_format_problem(out.format).empty()) return std::nullopt;
  return out;
}

std::unique_ptr<Op> make_cast_op(std::string column, CastType type, bool null_on_error, TimeZone zone,
                                 std::string what) {
  check_arrow(arrow::compute::Initialize(), "Arrow's kernels");
  return std::make_unique<Cast>(std::move(column), std::move(type), null_on_error, zone, std::move(what));
}

}  // namespace evclean
