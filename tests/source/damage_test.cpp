// SPDX-License-Identifier: Apache-2.0
// Files that were cut off, changed or lengthened, read with `corrupt: fail`: what comes out is right, the damage is
// seen, and nothing crashes or hangs.
#include <zlib.h>

#include <algorithm>

#include "test_files.hpp"

namespace evclean {
namespace {

struct Tool {
  friend std::ostream& operator<<(std::ostream& out, const Tool& tool) { return out << tool.name; }

  std::string name;
  std::string command;
  bool checks_blocks;     ///< text is given out only when it is known to be right
  std::size_t most_lost;  ///< text that a cut can cost beyond what is missing: a block, and what the tool buffers
};

class Damaged : public TestFiles, public ::testing::WithParamInterface<Tool> {
 protected:
  std::string packed(const std::string& text) const { return piped(GetParam().command, text); }
};

TEST_P(Damaged, TruncationAtAnyOffsetIsSeenAndKeepsThePrefix) {
  const std::string text = log_lines(12'000);
  const std::string stored = packed(text);
  std::mt19937 random(5);
  std::vector<std::size_t> offsets;
  for (std::size_t i = 1; i <= 24 && i < stored.size(); ++i) offsets.insert(offsets.end(), {i, stored.size() - i});
  for (int i = 0; i < 60; ++i) offsets.push_back(1 + random() % (stored.size() - 1));
  for (const std::size_t offset : offsets) {
    SCOPED_TRACE("cut at " + std::to_string(offset) + " of " + std::to_string(stored.size()));
    const InputFile file = file_of(stored.substr(0, offset));
    if (file.codec == Codec::kPlain) continue;  // too little is left to know it by
    const ReadResult result = read_all(file);
    EXPECT_TRUE(result.damage.damaged);
    EXPECT_EQ(0u, result.damage.reason.find("truncated")) << result.damage.reason;
    ASSERT_TRUE(text.starts_with(result.text));
    ASSERT_EQ(1u, result.damage.cuts.size());
    EXPECT_EQ(static_cast<std::int64_t>(result.text.size()), result.damage.cuts[0].at_bytes);
    EXPECT_EQ(-1, result.damage.cuts[0].resume_bytes);
    EXPECT_EQ(static_cast<std::int64_t>(offset), result.damage.stored_offset);
    EXPECT_EQ(0, result.damage.lost_stored_bytes);
    const double share = static_cast<double>(offset) / static_cast<double>(stored.size());
    EXPECT_GE(static_cast<double>(result.text.size() + GetParam().most_lost), share * static_cast<double>(text.size()));
  }
}

TEST_P(Damaged, AChangedByteIsSeenOrChangesNothing) {
  const std::string text = log_lines(12'000);
  const std::string stored = packed(text);
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 150; ++i) {
    const std::size_t offset = i < 30 ? static_cast<std::size_t>(i) : random() % stored.size();
    std::string changed = stored;
    changed[offset] = static_cast<char>(changed[offset] ^ (1 << random() % 8));
    const InputFile file = file_of(changed);
    if (file.codec == Codec::kPlain) continue;
    const ReadResult result = read_all(file);
    SCOPED_TRACE("changed at " + std::to_string(offset) + ": " + result.damage.reason);
    if (!result.damage.damaged) {
      ASSERT_TRUE(result.text == text);
      continue;
    }
    ASSERT_FALSE(result.damage.reason.empty());
    if (GetParam().checks_blocks) {
      ASSERT_TRUE(text.starts_with(result.text));
    }
    const auto at = static_cast<std::size_t>(result.damage.at_bytes);
    ASSERT_LE(at, result.text.size());
    ASSERT_EQ(result.damage.unverified.empty(), result.damage.unverified_from < 0);
  }
}

TEST_P(Damaged, GarbageBehindTheLastMemberIsSeen) {
  const std::string text = log_lines(500);
  const std::string stored = packed(text);
  const ReadResult result = read_all(file_of(stored + "garbage that is no member"));
  EXPECT_TRUE(result.text == text);
  EXPECT_TRUE(result.damage.damaged);
  EXPECT_NE(std::string::npos, result.damage.reason.find("25 bytes that are no")) << result.damage.reason;
  EXPECT_EQ(static_cast<std::int64_t>(stored.size()), result.damage.stored_offset);
  EXPECT_EQ(25, result.damage.lost_stored_bytes);
  EXPECT_EQ(static_cast<std::int64_t>(text.size()), result.damage.at_bytes);
  const auto last = static_cast<std::int64_t>(text.rfind("line "));
  EXPECT_FALSE(is_cut_off(result.damage, last, static_cast<std::int64_t>(text.size()) - last - 1));
}

TEST_P(Damaged, MemberInTheMiddleStopsTheReading) {
  const std::string first = log_lines(300), second = log_lines(300, 2, 300), third = log_lines(300, 3, 600);
  std::string broken = packed(second);
  broken.resize(broken.size() / 2);
  const ReadResult result = read_all(file_of(packed(first) + broken + packed(third)));
  EXPECT_TRUE(result.damage.damaged);
  EXPECT_TRUE(result.text.starts_with(first));
  EXPECT_EQ(std::string::npos, result.text.find(third));
}

INSTANTIATE_TEST_SUITE_P(Tools, Damaged,
                         ::testing::Values(Tool{"gzip", "gzip", false, 40'000}, Tool{"zstd", "zstd -q", false, 300'000},
                                           Tool{"bzip2", "bzip2 -1", true, 220'000}, Tool{"xz", "xz -1", false, 40'000},
                                           Tool{"lz4", "lz4 -q -B4 -BX", false, 150'000}),
                         [](const auto& info) { return info.param.name; });

using FileTrouble = TestFiles;

/// What zlib makes of a gzip member before it fails.
std::string zlib_prefix(const std::string& stored) {
  z_stream stream{};
  EXPECT_EQ(Z_OK, inflateInit2(&stream, 15 + 16));
  std::string text(8'000'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored.data()));
  stream.avail_in = static_cast<unsigned>(stored.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<unsigned>(text.size());
  inflate(&stream, Z_SYNC_FLUSH);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

TEST_F(FileTrouble, GzipGivesAllThatZlibGivesBeforeItFails) {
  const std::string stored = piped("gzip", log_lines(12'000));
  std::mt19937 random(11);
  for (int i = 0; i < 100; ++i) {
    std::string changed = stored.substr(0, 20 + random() % (stored.size() - 20));
    if (i % 2 == 0) {
      changed = stored;
      changed[20 + random() % (stored.size() - 30)] ^= static_cast<char>(1 << random() % 8);
    }
    const std::string expected = zlib_prefix(changed);
    const ReadResult result = read_all(file_of(changed), {}, 0, 7 << 20);
    SCOPED_TRACE(std::to_string(i) + " " + result.damage.reason);
    // Both decode the same text; they notice damage within a match of each other.
    const std::size_t both = std::min(expected.size(), result.text.size());
    EXPECT_LE(std::max(expected.size(), result.text.size()) - both, 600u)
        << expected.size() << " " << result.text.size();
  }
}

TEST_F(FileTrouble, PlainFileThatShrinksIsDamage) {
  InputFile file = file_of(log_lines(1'000));
  std::filesystem::resize_file(file.path, 20'010);
  const ReadResult result = read_all(file);
  EXPECT_EQ(20'010u, result.text.size());
  EXPECT_TRUE(result.damage.damaged);
  EXPECT_NE(std::string::npos, result.damage.reason.find("shrank from")) << result.damage.reason;
  EXPECT_NE(std::string::npos, result.damage.reason.find("to 20010 bytes")) << result.damage.reason;
  EXPECT_EQ(file.size_bytes - 20'010, result.damage.lost_stored_bytes);
  const auto last = static_cast<std::int64_t>(result.text.rfind("line "));
  EXPECT_TRUE(is_cut_off(result.damage, last, 20'010 - last));
}

TEST_F(FileTrouble, FileThatShrinksWhileItIsReadIsDamage) {
  const InputFile file = file_of(log_lines(100'000));
  const auto stream = open_stream(file, 0, {});
  TextBlock block;
  EXPECT_EQ(1'000'000, stream->read(block, 1'000'000));
  std::filesystem::resize_file(file.path, 500'000);
  EXPECT_EQ(0, stream->read(block, 1'000'000));
  EXPECT_EQ("the file shrank from " + std::to_string(file.size_bytes) + " to 500000 bytes while it was read",
            stream->damage().reason);
}

TEST_F(FileTrouble, VanishedFileIsDamage) {
  for (const std::string& bytes : {log_lines(10), piped("gzip", log_lines(10))}) {
    const InputFile file = file_of(bytes);
    std::filesystem::remove(file.path);
    const ReadResult result = read_all(file, salvage());
    EXPECT_EQ("", result.text);
    EXPECT_EQ("the file vanished after it was listed", result.damage.reason);
    EXPECT_EQ(1, result.damage.count);
    EXPECT_EQ(file.size_bytes, result.damage.lost_stored_bytes);
  }
}

TEST_F(FileTrouble, CompressedFileThatShrinksSaysSo) {
  const InputFile file = file_of(piped("gzip", log_lines(5'000)));
  std::filesystem::resize_file(file.path, file.size_bytes / 2);
  EXPECT_NE(std::string::npos, read_all(file).damage.reason.find("shrank"));
}

TEST_F(FileTrouble, GrownFileIsReadAsItWasListed) {
  const InputFile file = file_of("one\ntwo\n");
  std::ofstream(file.path, std::ios::app) << "three\n";
  const ReadResult result = read_all(file);
  EXPECT_EQ("one\ntwo\n", result.text);
  EXPECT_FALSE(result.damage.damaged);
}

TEST_F(FileTrouble, GrownFileWithHalfALineIsDamage) {
  const InputFile file = file_of("one\ntw");
  std::ofstream(file.path, std::ios::app) << "o\nthree\n";
  const ReadResult result = read_all(file);
  EXPECT_EQ("one\ntw", result.text);
  EXPECT_TRUE(result.damage.damaged);
  EXPECT_TRUE(is_cut_off(result.damage, 4, 2));
  EXPECT_FALSE(is_cut_off(result.damage, 0, 3));
}

TEST_F(FileTrouble, XzThatNeedsTooMuchMemoryIsDamage) {
  const ReadResult result = read_all(file_of(piped("xz --lzma2=dict=512MiB", "x\n")));
  EXPECT_TRUE(result.damage.damaged);
  EXPECT_NE(std::string::npos, result.damage.reason.find("256 MiB")) << result.damage.reason;
}

}  // namespace
}  // namespace evclean
