// SPDX-License-Identifier: Apache-2.0
#include "coded_text.hpp"

#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <cstring>
#include <string_view>
#include <unordered_map>

#include "evclean/arrow_status.hpp"

namespace evclean {

std::optional<CodedText> CodedText::of(const arrow::Array& column) {
  if (column.type_id() != arrow::Type::STRING) return std::nullopt;
  const auto& texts = static_cast<const arrow::StringArray&>(column);
  CodedText coded;
  coded.codes_.reserve(static_cast<std::size_t>(texts.length()) + 1);
  std::unordered_map<std::string_view, std::uint8_t> known;
  for (std::int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) {
      coded.codes_.push_back(0);
      continue;
    }
    const std::string_view text = texts.GetView(row);
    const auto [found, is_new] = known.emplace(text, static_cast<std::uint8_t>(coded.values_.size()));
    if (is_new) {
      if (known.size() > kMostValues || text.size() > kLongest) return std::nullopt;
      Value value;
      value.length = static_cast<std::int32_t>(text.size());
      if (!text.empty()) std::memcpy(value.text.data(), text.data(), text.size());
      coded.values_.push_back(value);
    }
    coded.codes_.push_back(found->second);
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
    std::memcpy(to + at, values_[code].text.data(), kLongest);
    at += values_[code].length;
    if (nulls > 0 && code != 0) arrow::bit_util::SetBit(validity->mutable_data(), i);
  }
  offset[count] = at;
  return std::make_shared<arrow::StringArray>(count, std::move(offsets), arrow::SliceBuffer(text, 0, bytes),
                                              std::move(validity), nulls);
}

}  // namespace evclean
