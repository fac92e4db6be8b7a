// SPDX-License-Identifier: Apache-2.0
#include "coded_text.hpp"

#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <array>
#include <cstring>
#include <string_view>

#include "evclean/arrow_status.hpp"
#include "evclean/hash.hpp"

namespace evclean {

/// Codes by value: as many slots as make a second look rare.
class CodedText::Codes {
 public:
  /// The code of a value, or where it is to be put (0).
  std::uint8_t& of(const Value& value, const std::vector<Value>& values) {
    std::size_t at = mix64(value.low ^ (value.high + static_cast<std::uint64_t>(value.length)) * kFactor) % kSlots;
    while (slots_[at] != 0 && !(values[slots_[at]] == value)) at = (at + 1) % kSlots;
    return slots_[at];
  }

 private:
  static constexpr std::size_t kSlots = 2048;
  static constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15ULL;
  std::array<std::uint8_t, kSlots> slots_{};
};

std::optional<CodedText> CodedText::of(const arrow::Array& column) {
  if (column.type_id() != arrow::Type::STRING) return std::nullopt;
  const auto& texts = static_cast<const arrow::StringArray&>(column);
  CodedText coded;
  coded.codes_.reserve(static_cast<std::size_t>(texts.length()) + 1);
  Codes codes;
  for (std::int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) {
      coded.codes_.push_back(0);
      continue;
    }
    const std::string_view text = texts.GetView(row);
    if (text.size() > kLongest) return std::nullopt;
    Value value;
    value.length = static_cast<std::int32_t>(text.size());
    char padded[kLongest] = {};
    if (!text.empty()) std::memcpy(padded, text.data(), text.size());
    std::memcpy(&value.low, padded, 8);
    std::memcpy(&value.high, padded + 8, 8);
    std::uint8_t& code = codes.of(value, coded.values_);
    if (code == 0) {
      if (coded.values_.size() > kMostValues) return std::nullopt;
      code = static_cast<std::uint8_t>(coded.values_.size());
      coded.values_.push_back(value);
    }
    coded.codes_.push_back(code);
  }
  return coded;
}

std::shared_ptr<arrow::Array> CodedText::gather(const std::vector<std::int32_t>& rows) const {
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::uint8_t* const codes = codes_.data() + 1;
  std::int64_t bytes = 0, nulls = 0;
  for (const std::int32_t row : rows) {
    bytes += values_[codes[row]].length;
    nulls += codes[row] == 0;
  }
  EVCLEAN_CHECK(bytes <= INT32_MAX, "gathered text of {} bytes", bytes);
  auto offsets = take_arrow(arrow::AllocateBuffer((count + 1) * 4), "looking up");
  std::shared_ptr<arrow::Buffer> text = take_arrow(arrow::AllocateBuffer(bytes + std::int64_t{kLongest}), "looking up");
  std::shared_ptr<arrow::Buffer> validity;
  if (nulls > 0) validity = take_arrow(arrow::AllocateEmptyBitmap(count), "looking up");
  auto* const offset = reinterpret_cast<std::int32_t*>(offsets->mutable_data());
  auto* const to = reinterpret_cast<char*>(text->mutable_data());
  std::int32_t at = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint8_t code = codes[rows[static_cast<std::size_t>(i)]];
    offset[i] = at;
    std::memcpy(to + at, &values_[code].low, 8);
    std::memcpy(to + at + 8, &values_[code].high, 8);
    at += values_[code].length;
    if (nulls > 0 && code != 0) arrow::bit_util::SetBit(validity->mutable_data(), i);
  }
  offset[count] = at;
  return std::make_shared<arrow::StringArray>(count, std::move(offsets), arrow::SliceBuffer(text, 0, bytes),
                                              std::move(validity), nulls);
}

}  // namespace evclean
