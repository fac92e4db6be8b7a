// SPDX-License-Identifier: Apache-2.0
// Hashes of rows, column by column: what compares as equal in a join hashes alike.
#include <arrow/array.h>

#include <bit>
#include <cmath>

#include "evclean/exchange.hpp"
#include "evclean/hash.hpp"

namespace evclean {
namespace {

constexpr std::uint64_t kNullHash = 0x6e756c6c6e756c6cULL;
constexpr std::uint64_t kTextSeed = 0;
constexpr std::uint64_t kFractionSalt = 0x2545f4914f6cdd1dULL;
constexpr std::int64_t kDayMicroseconds = 86'400'000'000;

std::uint64_t hash_of_int(std::int64_t value) noexcept { return mix64(static_cast<std::uint64_t>(value)); }

/// A float64 that is an int64 by value hashes like it; all NaN are one value.
std::uint64_t hash_of_float(double value) noexcept {
  if (value >= -0x1p63 && value < 0x1p63 && std::trunc(value) == value) {
    return hash_of_int(static_cast<std::int64_t>(value));
  }
  if (std::isnan(value)) return kFractionSalt;
  return mix64(std::bit_cast<std::uint64_t>(value) ^ kFractionSalt);
}

std::int64_t midnight_of(std::int32_t day) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(static_cast<std::int64_t>(day)) *
                                   static_cast<std::uint64_t>(kDayMicroseconds));
}

/// Combines a column's hash into the row's; the first column's is the row's.
struct Combine {
  std::vector<std::uint64_t>& rows;
  bool first;
  void operator()(std::size_t row, std::uint64_t hash) const noexcept {
    rows[row] = first ? hash : mix64(rows[row] ^ std::rotl(hash, 23));
  }
};

template <typename HashOf>
void hash_column(const arrow::Array& array, const Combine& combine, HashOf&& hash_of) {
  const auto count = static_cast<std::size_t>(array.length());
  if (array.null_count() == 0) {
    for (std::size_t i = 0; i < count; ++i) combine(i, hash_of(i));
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    combine(i, array.IsNull(static_cast<std::int64_t>(i)) ? kNullHash : hash_of(i));
  }
}

void hash_text(const arrow::StringArray& array, const Combine& combine) {
  const std::int32_t* offsets = array.raw_value_offsets();
  const auto* text = reinterpret_cast<const char*>(array.raw_data());
  hash_column(array, combine, [&](std::size_t i) {
    return hash_bytes({text + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])}, kTextSeed);
  });
}

void hash_array(const arrow::Array& array, const Combine& combine) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return hash_text(static_cast<const arrow::StringArray&>(array), combine);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP: {
      const auto* values = array.data()->GetValues<std::int64_t>(1);
      return hash_column(array, combine, [&](std::size_t i) { return hash_of_int(values[i]); });
    }
    case arrow::Type::DOUBLE: {
      const auto* values = array.data()->GetValues<double>(1);
      return hash_column(array, combine, [&](std::size_t i) { return hash_of_float(values[i]); });
    }
    case arrow::Type::DATE32: {
      const auto* values = array.data()->GetValues<std::int32_t>(1);
      return hash_column(array, combine, [&](std::size_t i) { return hash_of_int(midnight_of(values[i])); });
    }
    case arrow::Type::BOOL: {
      const auto& bools = static_cast<const arrow::BooleanArray&>(array);
      return hash_column(array, combine,
                         [&](std::size_t i) { return hash_of_int(bools.Value(static_cast<std::int64_t>(i)) ? 1 : 0); });
    }
    default:
      fail_bug("hash of Arrow type {}", array.type()->ToString());
  }
}

}  // namespace

int partition_of(std::uint64_t hash) noexcept { return static_cast<int>(hash >> 52); }

int owner_of(int partition, int ranks) noexcept {
  return static_cast<int>(static_cast<std::int64_t>(partition) * ranks / kVirtualPartitions);
}

std::vector<std::uint64_t> hash_rows(const Batch& batch, const std::vector<int>& columns) {
  std::vector<std::uint64_t> hashes(static_cast<std::size_t>(batch.num_rows), kNullHash);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const Combine combine{hashes, c == 0};
    if (batch.is_raw(columns[c])) {
      hash_array(*string_array(batch.raw(columns[c])), combine);
    } else {
      hash_array(*batch.array(columns[c]), combine);
    }
  }
  return hashes;
}

}  // namespace evclean
