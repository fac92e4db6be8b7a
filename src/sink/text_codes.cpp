// SPDX-License-Identifier: Apache-2.0
#include "text_codes.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <string_view>

#include "evclean/arrow_status.hpp"
#include "evclean/hash.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kSampleRows = 4096;
constexpr std::int64_t kMaxTextBytes = 1 << 20;  // Parquet's limit for a dictionary page

/// An open-addressing table from text to code. Grows at half load; keeps hashes, so that growing reads no text.
class TextTable {
 public:
  std::int32_t code_of(std::string_view text) {
    const std::uint64_t hash = hash_bytes(text) | 1;  // 0 marks a free slot
    for (std::uint64_t at = hash >> shift_;; at = (at + 1) & mask_) {
      if (slots_[at].hash == hash && text_of(slots_[at].code) == text) return slots_[at].code;
      if (slots_[at].hash == 0) return insert(at, hash, text);
    }
  }

  std::int32_t size() const { return static_cast<std::int32_t>(ends_.size()) - 1; }
  std::int64_t text_bytes() const { return static_cast<std::int64_t>(bytes_.size()); }

  std::shared_ptr<arrow::Array> texts() const {
    return std::make_shared<arrow::StringArray>(size(), arrow::Buffer::FromVector(ends_),
                                                arrow::Buffer::FromString(bytes_));
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::int32_t code = 0;
  };

  std::string_view text_of(std::int32_t code) const {
    const auto begin = static_cast<std::size_t>(ends_[static_cast<std::size_t>(code)]);
    return {bytes_.data() + begin, static_cast<std::size_t>(ends_[static_cast<std::size_t>(code) + 1]) - begin};
  }

  std::int32_t insert(std::uint64_t at, std::uint64_t hash, std::string_view text) {
    const std::int32_t code = size();
    bytes_.append(text);
    ends_.push_back(static_cast<std::int32_t>(bytes_.size()));
    slots_[at] = {hash, code};
    if (2 * ends_.size() > slots_.size()) grow();
    return code;
  }

  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    --shift_;
    for (const Slot& slot : old) {
      if (slot.hash == 0) continue;
      std::uint64_t at = slot.hash >> shift_;
      while (slots_[at].hash != 0) at = (at + 1) & mask_;
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(256);
  std::uint64_t mask_ = 255;
  int shift_ = 56;
  std::string bytes_;
  std::vector<std::int32_t> ends_ = {0};
};

/// Codes of one chunk; false when the texts have become too many.
bool encode_chunk(const arrow::StringArray& chunk, TextTable& table, std::int64_t& row, std::int32_t* codes) {
  std::string_view before;
  std::int32_t code = -1;
  for (std::int64_t i = 0; i < chunk.length(); ++i, ++row) {
    if (row == kSampleRows && table.size() * 4 > kSampleRows) return false;
    if (chunk.IsNull(i)) {
      codes[row] = 0;
      continue;
    }
    const std::string_view text = chunk.GetView(i);
    if (code < 0 || text != before) code = table.code_of(text);
    before = text;
    codes[row] = code;
    if (table.text_bytes() > kMaxTextBytes) return false;
  }
  return true;
}

/// The validity of all chunks as one; null when nothing is missing.
std::shared_ptr<arrow::Buffer> joined_validity(const std::vector<std::shared_ptr<arrow::Array>>& chunks,
                                               std::int64_t rows, std::int64_t missing) {
  if (missing == 0) return nullptr;
  arrow::TypedBufferBuilder<bool> bits;
  check_arrow(bits.Reserve(rows), "dictionary");
  for (const auto& chunk : chunks) {
    if (chunk->null_count() == 0) {
      bits.UnsafeAppend(chunk->length(), true);
    } else {
      bits.UnsafeAppend(chunk->null_bitmap_data(), chunk->offset(), chunk->length());
    }
  }
  return take_arrow(bits.Finish(), "dictionary");
}

}  // namespace

std::shared_ptr<arrow::Array> encode_texts(const std::vector<std::shared_ptr<arrow::Array>>& chunks) {
  std::int64_t rows = 0;
  std::int64_t missing = 0;
  for (const auto& chunk : chunks) {
    rows += chunk->length();
    missing += chunk->null_count();
  }
  auto codes = take_arrow(arrow::AllocateBuffer(rows * static_cast<std::int64_t>(sizeof(std::int32_t))), "dictionary");
  TextTable table;
  std::int64_t row = 0;
  for (const auto& chunk : chunks) {
    const auto& texts = static_cast<const arrow::StringArray&>(*chunk);
    if (!encode_chunk(texts, table, row, reinterpret_cast<std::int32_t*>(codes->mutable_data()))) return nullptr;
  }
  if (table.size() * 4 > std::max(rows, kSampleRows)) return nullptr;
  const auto indices =
      std::make_shared<arrow::Int32Array>(rows, std::move(codes), joined_validity(chunks, rows, missing), missing);
  return std::make_shared<arrow::DictionaryArray>(arrow::dictionary(arrow::int32(), arrow::utf8()), indices,
                                                  table.texts());
}

}  // namespace evclean
