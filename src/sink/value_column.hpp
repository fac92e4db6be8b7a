// SPDX-License-Identifier: Apache-2.0
// A column laid bare for a row loop: plain pointers, one small switch a value, no virtual calls.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "evclean/batch.hpp"
#include "evclean/span_mask.hpp"

namespace evclean {

struct ValueColumn {
  enum class Kind : std::uint8_t { kSpans, kUtf8, kInt64, kFloat64, kBool, kDate, kTimestamp };

  Kind kind = Kind::kSpans;
  const Span* spans = nullptr;             ///< kSpans
  const std::int32_t* offsets = nullptr;   ///< kUtf8, moved to the array's first row
  const char* text = nullptr;              ///< bytes that spans or offsets point into
  const char* readable_end = nullptr;      ///< vector loads may not go beyond this
  const void* values = nullptr;            ///< fixed width: moved to the first row (not kBool)
  const std::uint8_t* bits = nullptr;      ///< kBool
  const std::uint8_t* validity = nullptr;  ///< null: no nulls
  std::int64_t bit_offset = 0;             ///< of the first row in `bits` and `validity`

  bool missing(std::int64_t row) const noexcept {
    if (kind == Kind::kSpans) return spans[row].missing();
    return validity != nullptr && !bit(validity, row);
  }
  /// Bit i: row + i has a value; `count` rows, at most 64.
  std::uint64_t present(std::int64_t row, std::int64_t count) const noexcept {
    if (kind == Kind::kSpans) return present_bits(spans + row, count);
    return validity == nullptr ? low_bits(count) : validity_bits(row, count);
  }
  std::string_view string(std::int64_t row) const noexcept {
    if (kind == Kind::kSpans) return {text + spans[row].offset, spans[row].length()};
    return {text + offsets[row], static_cast<std::size_t>(offsets[row + 1] - offsets[row])};
  }
  std::int64_t int64(std::int64_t row) const noexcept { return static_cast<const std::int64_t*>(values)[row]; }
  double float64(std::int64_t row) const noexcept { return static_cast<const double*>(values)[row]; }
  std::int32_t date(std::int64_t row) const noexcept { return static_cast<const std::int32_t*>(values)[row]; }
  bool boolean(std::int64_t row) const noexcept { return bit(bits, row); }

 private:
  std::uint64_t validity_bits(std::int64_t row, std::int64_t count) const noexcept;
  bool bit(const std::uint8_t* from, std::int64_t row) const noexcept {
    const std::int64_t at = bit_offset + row;
    return ((from[at >> 3] >> (at & 7)) & 1) != 0;
  }
};

/// Views of all columns. Lifetime: the batch's.
std::vector<ValueColumn> value_columns(const Batch& batch, std::size_t expected);

}  // namespace evclean
