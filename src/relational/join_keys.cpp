// SPDX-License-Identifier: Apache-2.0
#include "join_keys.hpp"

#include <arrow/array.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace evclean {
namespace {

constexpr std::size_t kInline = 16;
constexpr std::size_t kBlockBytes = 64 << 10;

/// A number, moment or truth value as 64 bits; `fraction`: a float64 that is no int64.
struct Scalar {
  std::uint64_t bits = 0;
  bool fraction = false;
};

Scalar scalar_of(double value) noexcept {
  if (value >= -0x1p63 && value < 0x1p63 && std::trunc(value) == value) {
    return {static_cast<std::uint64_t>(static_cast<std::int64_t>(value)), false};
  }
  if (std::isnan(value)) return {0x7ff8000000000000ULL, true};
  return {std::bit_cast<std::uint64_t>(value), true};
}

/// Calls take(row, scalar) for the rows with a value, and none(row) for the others.
template <typename Take, typename None>
void each_scalar(const arrow::Array& array, Take&& take, None&& none) {
  const auto visit = [&](auto&& value_at) {
    const bool nulls = array.null_count() > 0;
    for (std::int64_t i = 0; i < array.length(); ++i) {
      if (nulls && array.IsNull(i)) {
        none(static_cast<std::size_t>(i));
      } else {
        take(static_cast<std::size_t>(i), value_at(i));
      }
    }
  };
  switch (array.type_id()) {
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP: {
      const auto* values = array.data()->GetValues<std::uint64_t>(1);
      return visit([&](std::int64_t i) { return Scalar{values[i], false}; });
    }
    case arrow::Type::DOUBLE: {
      const auto* values = array.data()->GetValues<double>(1);
      return visit([&](std::int64_t i) { return scalar_of(values[i]); });
    }
    case arrow::Type::DATE32: {
      const auto* values = array.data()->GetValues<std::int32_t>(1);
      return visit([&](std::int64_t i) {
        return Scalar{static_cast<std::uint64_t>(static_cast<std::int64_t>(values[i])) * 86'400'000'000u, false};
      });
    }
    case arrow::Type::BOOL: {
      const auto& bools = static_cast<const arrow::BooleanArray&>(array);
      return visit([&](std::int64_t i) { return Scalar{bools.Value(i) ? 1u : 0u, false}; });
    }
    default:
      fail_bug("join key of Arrow type {}", array.type()->ToString());
  }
}

/// Up to 16 bytes, the rest zero.
JoinKey short_key(const char* bytes, std::size_t length) noexcept {
  JoinKey key;
  key.length = static_cast<std::uint32_t>(length);
  char padded[kInline] = {};
  std::memcpy(padded, bytes, length);
  std::memcpy(&key.low, padded, 8);
  std::memcpy(&key.high, padded + 8, 8);
  return key;
}

JoinKey long_key(const char* bytes, std::size_t length) noexcept {
  return {hash_bytes({bytes, length}), reinterpret_cast<std::uint64_t>(bytes),
          JoinKey::kLong | static_cast<std::uint32_t>(length)};
}

std::uint64_t low_bytes(std::uint64_t word, std::size_t count) noexcept {
  return count >= 8 ? word : word & ((std::uint64_t{1} << (count * 8)) - 1);
}

/// As short_key, where 16 bytes can be read.
JoinKey short_key_over(const char* bytes, std::size_t length) noexcept {
  JoinKey key;
  key.length = static_cast<std::uint32_t>(length);
  std::memcpy(&key.low, bytes, 8);
  std::memcpy(&key.high, bytes + 8, 8);
  key.low = low_bytes(key.low, length);
  key.high = length <= 8 ? 0 : low_bytes(key.high, length - 8);
  return key;
}

/// Bytes of a column of texts behind a row's others: a length, then the text.
void append_text(std::string& bytes, std::string_view text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  bytes += static_cast<char>(std::min<std::uint32_t>(length, 255));
  if (length >= 255) bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += text;
}

void append_scalar(std::string& bytes, const Scalar& scalar, bool may_be_fraction) {
  if (may_be_fraction) bytes += scalar.fraction ? '\1' : '\0';
  bytes.append(reinterpret_cast<const char*>(&scalar.bits), sizeof scalar.bits);
}

const std::shared_ptr<arrow::Array>& array_of(const Batch& batch, int column) { return batch.array(column); }

}  // namespace

void KeyMaker::make_texts(const arrow::Array& array, std::vector<JoinKey>& keys) const {
  const auto& texts = static_cast<const arrow::StringArray&>(array);
  const std::int32_t* offsets = texts.raw_value_offsets();
  const auto* text = reinterpret_cast<const char*>(texts.raw_data());
  const std::int64_t end = texts.value_data() ? texts.value_data()->size() : 0;
  const bool nulls = texts.null_count() > 0;
  for (std::int64_t i = 0; i < texts.length(); ++i) {
    const std::int32_t begin = offsets[i];
    const auto length = static_cast<std::size_t>(offsets[i + 1] - begin);
    JoinKey& key = keys[static_cast<std::size_t>(i)];
    if (nulls && texts.IsNull(i)) {
      key.length = JoinKey::kNull;
    } else if (length > kInline) {
      key = long_key(text + begin, length);
    } else if (begin + static_cast<std::int64_t>(kInline) <= end) {
      key = short_key_over(text + begin, length);
    } else {
      key = length == 0 ? JoinKey{} : short_key(text + begin, length);
    }
  }
}

/// A text block can be read past its end, so a short key is two loads.
void KeyMaker::make(const SpanColumn& column, std::vector<JoinKey>& keys) {
  keys.resize(column.spans.size());
  const char* const text = column.text ? column.text->data() : nullptr;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Span span = column.spans[i];
    if (span.missing()) {
      keys[i].length = JoinKey::kNull;
    } else if (span.length() > kInline) {
      keys[i] = long_key(text + span.offset, span.length());
    } else {
      keys[i] = span.length() == 0 ? JoinKey{} : short_key_over(text + span.offset, span.length());
    }
  }
}

/// One or two numbers, moments or truth values: whole in the key.
void KeyMaker::make_numbers(const Batch& batch, std::vector<JoinKey>& keys) const {
  for (JoinKey& key : keys) key = {0, 0, JoinKey::kNumbers};
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    each_scalar(
        *array_of(batch, columns_[c]),
        [&](std::size_t row, const Scalar& scalar) {
          JoinKey& key = keys[row];
          (c == 0 ? key.low : key.high) = scalar.bits;
          if (!key.null()) key.length |= scalar.fraction ? 1u << c : 0u;
        },
        [&](std::size_t row) { keys[row].length = JoinKey::kNull; });
  }
}

void KeyMaker::make_mixed(const Batch& batch, std::vector<JoinKey>& keys) {
  std::vector<std::string> rows(keys.size());
  std::vector<bool> null(keys.size());
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const arrow::Array& array = *array_of(batch, columns_[c]);
    if (kinds_[c] != KeyKind::kText) {
      each_scalar(
          array,
          [&](std::size_t row, const Scalar& scalar) {
            append_scalar(rows[row], scalar, kinds_[c] == KeyKind::kNumber);
          },
          [&](std::size_t row) { null[row] = true; });
      continue;
    }
    const auto& texts = static_cast<const arrow::StringArray&>(array);
    for (std::size_t row = 0; row < keys.size(); ++row) {
      if (texts.IsNull(static_cast<std::int64_t>(row))) {
        null[row] = true;
      } else {
        append_text(rows[row], texts.GetView(static_cast<std::int64_t>(row)));
      }
    }
  }
  for (std::size_t row = 0; row < keys.size(); ++row) {
    const std::string& bytes = rows[row];
    if (null[row]) {
      keys[row].length = JoinKey::kNull;
    } else {
      keys[row] =
          bytes.size() <= kInline ? short_key(bytes.data(), bytes.size()) : long_key(store(bytes), bytes.size());
    }
  }
}

char* KeyMaker::store(std::string_view bytes) {
  if (bytes.size() > left_) {
    left_ = std::max(kBlockBytes, bytes.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
    at_ = blocks_.back().get();
  }
  char* const place = at_;
  std::memcpy(place, bytes.data(), bytes.size());
  at_ += bytes.size();
  left_ -= bytes.size();
  return place;
}

void KeyMaker::make(const Batch& batch, std::vector<JoinKey>& keys) {
  keys.resize(static_cast<std::size_t>(batch.num_rows));
  const bool texts = std::find(kinds_.begin(), kinds_.end(), KeyKind::kText) != kinds_.end();
  if (kinds_.size() == 1 && texts) return make_texts(*array_of(batch, columns_[0]), keys);
  if (kinds_.size() <= 2 && !texts) return make_numbers(batch, keys);
  make_mixed(batch, keys);
}

}  // namespace evclean
