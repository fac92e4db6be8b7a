// SPDX-License-Identifier: Apache-2.0
#include "evclean/text_layout.hpp"

#include <algorithm>

#include "evclean/s3_settings.hpp"
#include "member_index.hpp"
#include "member_search.hpp"
#include "raw_source.hpp"
#include "utf8.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kLayoutPieceBytes = 256 << 10;
constexpr std::int64_t kSampleBytes =
    2 << 20;  ///< above the block size of bzip2, of which nothing is seen before its end
constexpr std::int64_t kMostPlaceBytes = 256 << 10;  ///< of text between two places where a file can be opened
constexpr std::int64_t kMostParts = 1 << 16;
/// Text is looked for in files that may hold more than a chunk of it if a stored byte gives so many.
constexpr std::int64_t kMostTextPerByte = 10;
/// Members longer than so many chunks are better parsed by several ranks than decompressed by several.
constexpr std::int64_t kMostChunksAMember = 4;

/// The begin of the text: its mark, and how far it was packed.
struct Sample {
  std::string head;
  std::int64_t bytes = 0;
  bool whole = false;   ///< the file ends within it
  double per_byte = 1;  ///< bytes of text a stored byte
};

std::optional<Sample> take_sample(const InputFile& file) {
  Sample sample;
  const auto source = make_member_source(file, {});
  std::vector<char> piece(kLayoutPieceBytes);
  while (sample.bytes < kSampleBytes) {
    const RawPiece got = source->read(piece.data(), piece.size());
    if (got.event == RawEvent::kEnd) sample.whole = true;
    if (sample.whole) break;
    if (got.event == RawEvent::kLost || got.event == RawEvent::kMemberWrong) return std::nullopt;
    if (sample.head.size() < 3) sample.head.append(piece.data(), std::min<std::size_t>(got.size, 3));
    sample.bytes += static_cast<std::int64_t>(got.size);
  }
  const std::int64_t stored = std::max<std::int64_t>(1, source->stored_position());
  sample.per_byte = static_cast<double>(sample.bytes) / static_cast<double>(stored);
  return sample;
}

bool is_utf16(std::string_view head) { return head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff"); }

/// Whether the file may hold more than a chunk; cheap, as there may be many files.
bool may_be_large(const InputFile& file, StoredFile& stored, std::int64_t chunk_bytes) {
  if (file.size_bytes > chunk_bytes / kMostTextPerByte) return true;
  return file.codec == Codec::kGzip && gzip_size_field(stored) > chunk_bytes;
}

std::optional<MemberIndex> index_members(const InputFile& file, StoredFile& stored, std::int64_t chunk_bytes) {
  const std::int64_t place_bytes = std::min(kMostPlaceBytes, chunk_bytes / 4);
  // What takes many small reads is not for objects far away.
  const bool near = !is_s3_path(file.path);
  if (!near && file.codec != Codec::kZstd) return std::nullopt;
  auto index = file.codec == Codec::kGzip   ? index_gzip(stored, place_bytes)
               : file.codec == Codec::kZstd ? index_zstd(stored, place_bytes, near)
                                            : std::nullopt;
  if (!index || index->places.empty() || !stored.trouble().empty()) return std::nullopt;
  return index;
}

bool members_fit(const MemberIndex& index, std::int64_t chunk_bytes) {
  std::int64_t end = index.bytes;
  for (std::size_t i = index.places.size(); i-- > 0; end = index.places[i].bytes) {
    if (end - index.places[i].bytes > kMostChunksAMember * chunk_bytes) return false;
  }
  return true;
}

bool keeps_ratio(const MemberIndex& index, std::int64_t stored_bytes, std::int64_t max_ratio) {
  for (const MemberPlace& place : index.places) {
    if (is_over_ratio(place.bytes, place.stored, max_ratio)) return false;
  }
  return !is_over_ratio(index.bytes, stored_bytes, max_ratio);
}

/// A guess, rather too large: parts behind the end are empty and cost little, while all the text behind the begin of
/// the last one belongs to it.
std::int64_t estimate(const InputFile& file, StoredFile& stored, const Sample& sample) {
  if (sample.whole) return sample.bytes;
  const auto likely = static_cast<std::int64_t>(static_cast<double>(file.size_bytes) * sample.per_byte);
  if (file.codec != Codec::kGzip) return likely * 2;
  constexpr std::int64_t kWrap = std::int64_t{1} << 32;
  std::int64_t told = gzip_size_field(stored);
  while (told < likely / 4) told += kWrap;
  return told > 8 * likely ? likely * 2 : told;
}

}  // namespace

TextLayout find_layout(const InputFile& file, const StreamOptions& options, std::int64_t chunk_bytes) {
  TextLayout layout;
  const bool utf8 = options.encoding == Encoding::kAuto || options.encoding == Encoding::kUtf8;
  if (file.codec == Codec::kPlain || file.size_bytes <= 0 || !utf8) return layout;
  const auto opened = open_stored(file);
  StoredFile& stored = *opened;
  if (!may_be_large(file, stored, chunk_bytes)) return layout;
  const auto sample = take_sample(file);
  if (!sample || is_utf16(sample->head)) return layout;
  layout.mark_bytes = sample->head.starts_with(kUtf8Mark) ? static_cast<std::int32_t>(kUtf8Mark.size()) : 0;
  auto index = index_members(file, stored, chunk_bytes);
  layout.bytes = index ? index->bytes : std::min(estimate(file, stored, *sample), chunk_bytes * kMostParts);
  if (layout.text_bytes() <= chunk_bytes) return {};
  if (index && !keeps_ratio(*index, file.size_bytes, options.max_ratio)) return {};
  const bool by_member = index && index->places.size() > 1 && members_fit(*index, chunk_bytes);
  layout.access = by_member ? TextAccess::kMembers : TextAccess::kStream;
  if (by_member) layout.places = std::move(index->places);
  return layout;
}

std::int64_t bytes_behind_place(const TextLayout& layout, std::int64_t offset) {
  const auto after = std::upper_bound(layout.places.begin(), layout.places.end(), offset,
                                      [](std::int64_t at, const MemberPlace& place) { return at < place.bytes; });
  return after == layout.places.begin() ? 0 : offset - std::prev(after)->bytes;
}

}  // namespace evclean
