// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "evclean/source.hpp"

namespace evclean {
namespace {

InputFile plain(std::int64_t size) {
  InputFile file;
  file.size_bytes = size;
  return file;
}

InputFile packed(std::int64_t size) {
  InputFile file = plain(size);
  file.codec = Codec::kGzip;
  file.splittable = false;
  return file;
}

/// Checks that the segments are all files in order, each byte once, and that splits keep to the chunk.
void expect_cover(const std::vector<InputFile>& files, std::int64_t chunk, const std::vector<Split>& splits) {
  std::size_t file = 0;
  std::int64_t next = 0;
  std::int64_t stored = 0;
  const auto skip_empty = [&] {
    while (file < files.size() && files[file].size_bytes == 0) ++file;
  };
  for (std::size_t i = 0; i < splits.size(); ++i) {
    ASSERT_EQ(static_cast<std::int32_t>(i), splits[i].ordinal);
    ASSERT_FALSE(splits[i].segments.empty());
    stored += splits[i].size_bytes;
    for (const SplitSegment& segment : splits[i].segments) {
      skip_empty();
      ASSERT_EQ(static_cast<std::int32_t>(file), segment.file);
      ASSERT_EQ(next, segment.begin);
      next = segment.end < 0 ? files[file].text_bytes() : segment.end;
      ASSERT_GT(next, segment.begin);
      if (next == files[file].text_bytes()) {
        ++file;
        next = 0;
      } else {
        ASSERT_TRUE(files[file].splittable);
      }
    }
    const bool alone = splits[i].segments.size() == 1;
    const InputFile& first = files[static_cast<std::size_t>(splits[i].segments[0].file)];
    if (!alone || first.splittable) {
      ASSERT_LE(splits[i].size_bytes, chunk + first.mark_bytes);
    }
  }
  skip_empty();
  ASSERT_EQ(files.size(), file);
  std::int64_t all = 0;
  for (const InputFile& each : files) all += each.size_bytes;
  ASSERT_EQ(all, stored);
}

TEST(CutSplits, BigFileIsCutInEqualRanges) {
  const auto splits = cut_splits({plain(1'001)}, 100);
  ASSERT_EQ(11u, splits.size());
  for (const Split& split : splits) EXPECT_EQ(91, split.size_bytes);
}

TEST(CutSplits, TheLastRangesAreSmall) {
  constexpr std::int64_t kMiB = 1 << 20;
  const std::vector<InputFile> files = {plain(80 * kMiB), plain(160 * kMiB + 5)};
  const auto splits = cut_splits(files, 16 * kMiB);
  ASSERT_NO_FATAL_FAILURE(expect_cover(files, 16 * kMiB, splits));
  ASSERT_EQ(5u + 8 + 2 + 2 + 4, splits.size());
  EXPECT_GT(splits[12].size_bytes, 14 * kMiB);
  for (std::size_t i = 13; i < 17; ++i) EXPECT_NEAR(static_cast<double>(splits[i].size_bytes), 7.3 * kMiB, kMiB);
  for (std::size_t i = 17; i < 21; ++i) EXPECT_NEAR(static_cast<double>(splits[i].size_bytes), 3.6 * kMiB, kMiB);
  const std::vector<InputFile> behind = {files[0], packed(30 * kMiB)};  // no range at the end: all stay equal
  EXPECT_EQ(6u, cut_splits(behind, 16 * kMiB).size());
  EXPECT_EQ(3u, cut_splits({plain(48 * kMiB)}, 16 * kMiB).size());  // few splits are not worth it
}

TEST(CutSplits, OnePlainFileAloneIsShared) {
  constexpr std::int64_t kMiB = 1 << 20;
  for (const auto& [size, pieces] :
       {std::pair{2 * kMiB - 1, 1u}, {2 * kMiB, 2u}, {3 * kMiB + 5, 3u}, {64 * kMiB, 4u}}) {
    ASSERT_NO_FATAL_FAILURE(expect_cover({plain(size)}, 64 * kMiB, cut_splits({plain(size)}, 64 * kMiB)));
    EXPECT_EQ(pieces, cut_splits({plain(size)}, 64 * kMiB).size());
  }
  EXPECT_EQ(1u, cut_splits({packed(8 * kMiB)}, 64 * kMiB).size());
  EXPECT_EQ(1u, cut_splits({plain(8 * kMiB), plain(8 * kMiB)}, 64 * kMiB).size());
}

TEST(CutSplits, FileOfExactlyAChunkIsNotCut) {
  const auto splits = cut_splits({plain(100)}, 100);
  ASSERT_EQ(1u, splits.size());
  EXPECT_EQ(-1, splits[0].segments[0].end);
}

TEST(CutSplits, SmallFilesArePackedUntilTheChunkIsFull) {
  const auto splits = cut_splits({plain(40), plain(60), plain(1), plain(99), plain(0), plain(50)}, 100);
  ASSERT_EQ(3u, splits.size());
  EXPECT_EQ(2u, splits[0].segments.size());
  EXPECT_EQ(2u, splits[1].segments.size());
  EXPECT_EQ(5, splits[2].segments[0].file);
}

TEST(CutSplits, CompressedFilesAreNeverCutAndCountFourfold) {
  const auto splits = cut_splits({packed(5'000), packed(10), packed(10), packed(10), plain(20)}, 100);
  ASSERT_EQ(3u, splits.size());
  EXPECT_EQ(1u, splits[0].segments.size());
  EXPECT_EQ(2u, splits[1].segments.size());
  EXPECT_EQ(2u, splits[2].segments.size());
}

TEST(CutSplits, ConvertedFilesAreNeverCut) {
  InputFile file = plain(1'000);
  file.splittable = false;
  EXPECT_EQ(1u, cut_splits({file}, 100).size());
}

TEST(CutSplits, NoFilesGiveNoSplits) {
  EXPECT_TRUE(cut_splits({}, 100).empty());
  EXPECT_TRUE(cut_splits({plain(0)}, 100).empty());
}

TEST(CutSplits, EveryByteIsInExactlyOneSegment) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<InputFile> files;
    const std::size_t count = random() % 12;
    const auto chunk = static_cast<std::int64_t>(1 + random() % 200);
    for (std::size_t i = 0; i < count; ++i) {
      const auto size = static_cast<std::int64_t>(random() % 3 == 0 ? random() % 3'000 : random() % 60);
      files.push_back(random() % 3 == 0 ? packed(size) : plain(size));
      if (files.back().splittable && size > 3 && random() % 4 == 0) files.back().mark_bytes = 3;
    }
    ASSERT_NO_FATAL_FAILURE(expect_cover(files, chunk, cut_splits(files, chunk))) << "round " << round;
  }
}

}  // namespace
}  // namespace evclean
