// SPDX-License-Identifier: Apache-2.0
// Large compressed files: what their headers tell, the parts they are cut in, and bytes from the middle.
#include "evclean/text_layout.hpp"

#include <algorithm>

#include "test_files.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kChunk = 100'000;

class Layouts : public TestFiles {
 protected:
  std::string packed(const std::string& command, std::size_t member_bytes) const {
    std::string stored;
    for (std::size_t at = 0; at < text_.size(); at += member_bytes)
      stored += piped(command, text_.substr(at, member_bytes));
    return stored;
  }
  TextLayout layout_of(const std::string& stored) const { return find_layout(file_of(stored), {}, kChunk); }

  const std::string text_ = log_lines(20'000);
};

/// Bytes from `begin` on; empty text and `broken` as the source says.
std::string bytes_from(const InputFile& file, const TextLayout& layout, std::int64_t begin, bool& broken) {
  const auto source = open_members(file, layout, begin, -1, false);
  std::string text, piece(70'000, '\0');
  for (std::size_t got = source->read(piece.data(), piece.size()); got > 0;
       got = source->read(piece.data(), piece.size()))
    text.append(piece, 0, got);
  broken = source->broken();
  return text;
}

TEST_F(Layouts, FilesOfOneMemberAreStreams) {
  for (const std::string command : {"gzip -c", "zstd -qc", "bzip2 -c", "xz -c", "lz4 -qc"}) {
    const TextLayout layout = layout_of(piped(command, text_));
    EXPECT_EQ(TextAccess::kStream, layout.access) << command;
    EXPECT_GE(layout.text_bytes(), static_cast<std::int64_t>(text_.size()) * 3 / 4) << command;
    EXPECT_LE(layout.text_bytes(), static_cast<std::int64_t>(text_.size()) * 3) << command;
  }
  EXPECT_EQ(static_cast<std::int64_t>(text_.size()), layout_of(piped("gzip -c", text_)).bytes);
}

TEST_F(Layouts, SmallPlainAndConvertedFilesStayWhole) {
  EXPECT_EQ(TextAccess::kWhole, layout_of(text_).access);
  EXPECT_EQ(TextAccess::kWhole, layout_of("").access);
  EXPECT_EQ(TextAccess::kWhole, layout_of(piped("gzip -c", log_lines(1'000))).access);
  EXPECT_EQ(TextAccess::kWhole, layout_of(piped("gzip -c", "\xff\xfe" + text_)).access);
  StreamOptions latin;
  latin.encoding = Encoding::kLatin1;
  EXPECT_EQ(TextAccess::kWhole, find_layout(file_of(piped("gzip -c", text_)), latin, kChunk).access);
}

TEST_F(Layouts, MembersAreFoundWithoutDecoding) {
  for (const std::string command :
       {"gzip -c", "gzip -1 -c", "zstd -qc --stream-size=60000", "zstd -qc --stream-size=60000 --no-check"}) {
    std::string stored = command.starts_with("gzip") ? packed(command, 50'000) : std::string();
    if (stored.empty()) {  // a size is only told when it is known before
      for (std::size_t at = 0; at < text_.size(); at += 60'000) {
        const std::string piece = text_.substr(at, 60'000);
        stored += piped("zstd -qc --stream-size=" + std::to_string(piece.size()), piece);
      }
    }
    const InputFile file = file_of(stored);
    const TextLayout layout = find_layout(file, {}, kChunk);
    ASSERT_EQ(TextAccess::kMembers, layout.access) << command;
    EXPECT_EQ(static_cast<std::int64_t>(text_.size()), layout.bytes);
    EXPECT_GT(layout.places.size(), 10u);
    for (const MemberPlace& place : layout.places) {
      for (const std::int64_t begin : {place.bytes, place.bytes + 777}) {
        bool broken = true;
        ASSERT_EQ(text_.substr(static_cast<std::size_t>(begin)), bytes_from(file, layout, begin, broken));
        ASSERT_FALSE(broken);
      }
    }
  }
}

TEST_F(Layouts, PartsCoverTheTextAndBeginAtMembers) {
  const InputFile file = file_of(packed("gzip -c", 50'000));
  const TextLayout layout = find_layout(file, {}, kChunk);
  const auto splits = cut_splits({file}, {layout}, kChunk);
  ASSERT_GT(splits.size(), 5u);
  std::int64_t end = 0, stored = 0;
  for (const Split& split : splits) {
    ASSERT_EQ(1u, split.segments.size());
    EXPECT_EQ(end, split.segments[0].begin);
    EXPECT_EQ(0, bytes_behind_place(layout, end));
    end = split.segments[0].end;
    stored += split.size_bytes;
  }
  EXPECT_EQ(-1, end);
  EXPECT_EQ(file.size_bytes, stored);
}

TEST_F(Layouts, StreamsAreCutAtChunksOfText) {
  const InputFile file = file_of(piped("gzip -c", text_));
  const auto splits = cut_splits({file}, {find_layout(file, {}, kChunk)}, kChunk);
  ASSERT_EQ((text_.size() + kChunk - 1) / kChunk, splits.size());
  for (std::size_t i = 0; i + 1 < splits.size(); ++i)
    EXPECT_EQ(static_cast<std::int64_t>(i + 1) * kChunk, splits[i].segments[0].end);
}

TEST_F(Layouts, GarbageTailsAndCutFilesAreBrokenOrNoMembers) {
  const std::string stored = packed("gzip -c", 50'000);
  for (const std::string& bad :
       {stored + "garbage", stored.substr(0, stored.size() - 5), stored.substr(0, stored.size() / 2)}) {
    const InputFile file = file_of(bad);
    const TextLayout layout = find_layout(file, {}, kChunk);
    if (layout.access != TextAccess::kMembers) continue;
    bool broken = false;
    bytes_from(file, layout, 0, broken);
    EXPECT_TRUE(broken);
  }
}

TEST_F(Layouts, WhatIsGivenUpToAPlaceIsRightWhateverIsFlipped) {
  const std::string whole = packed("gzip -c", 50'000);
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::string stored = whole;
    stored[random() % stored.size()] ^= static_cast<char>(1 << random() % 8);
    const InputFile file = file_of(stored);
    const TextLayout layout = find_layout(file, {}, kChunk);
    if (layout.access != TextAccess::kMembers) continue;
    for (std::size_t i = 0; i + 1 < layout.places.size(); i += 3) {
      const auto begin = static_cast<std::size_t>(layout.places[i].bytes);
      const auto size = static_cast<std::size_t>(layout.places[i + 1].bytes) - begin;
      const auto source = open_members(file, layout, layout.places[i].bytes, -1, false);
      std::string text;
      while (text.size() < size) {
        std::string piece(std::min<std::size_t>(9'000, size - text.size()), '\0');
        const std::size_t got = source->read(piece.data(), piece.size());
        if (got == 0) break;
        text.append(piece, 0, got);
      }
      if (text.size() == size) {
        ASSERT_EQ(text_.substr(begin, size), text) << "round " << round;
      } else {
        ASSERT_TRUE(source->broken());
      }
    }
  }
}

TEST_F(Layouts, TheMarkIsNoText) {
  const InputFile file = file_of(piped("gzip -c", "\xef\xbb\xbf" + text_));
  const TextLayout layout = find_layout(file, {}, kChunk);
  EXPECT_EQ(3, layout.mark_bytes);
  EXPECT_EQ(static_cast<std::int64_t>(text_.size()), layout.text_bytes());
}

}  // namespace
}  // namespace evclean
