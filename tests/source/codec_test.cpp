// SPDX-License-Identifier: Apache-2.0
// Every compression, as made by its own tool.
#include <algorithm>

#include "member_decoder.hpp"
#include "test_files.hpp"

namespace evclean {
namespace {

struct Tool {
  friend std::ostream& operator<<(std::ostream& out, const Tool& tool) { return out << tool.name; }

  std::string name;
  std::string command;
  Codec codec;
};

class Compressed : public TestFiles, public ::testing::WithParamInterface<Tool> {
 protected:
  std::string packed(const std::string& text) const { return piped(GetParam().command, text); }
};

void expect_whole(const ReadResult& result, const std::string& text) {
  EXPECT_TRUE(result.text == text) << result.text.size() << " bytes for " << text.size();
  EXPECT_FALSE(result.damage.damaged) << result.damage.reason;
  EXPECT_TRUE(result.damage.cuts.empty());
  EXPECT_EQ(0, result.replaced);
}

TEST_P(Compressed, GivesTheTextBack) {
  const std::string text = log_lines(60'000);
  const InputFile file = file_of(packed(text));
  EXPECT_EQ(GetParam().codec, file.codec);
  EXPECT_FALSE(file.splittable);
  for (const std::int64_t want : {1'000, 77'777, 1 << 20, 64 << 20}) expect_whole(read_all(file, {}, 0, want), text);
}

TEST_P(Compressed, ReadsMembersOneAfterAnother) {
  std::string text, stored;
  for (const int lines : {1, 0, 3'000, 1, 20'000, 0}) {
    const std::string part = log_lines(lines, 7, static_cast<int>(text.size()));
    text += part;
    stored += packed(part);
  }
  expect_whole(read_all(file_of(stored)), text);
  expect_whole(read_all(file_of(stored), salvage()), text);
}

TEST_P(Compressed, MembersMayCutLinesAndCharacters) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "zürich–東京 😀 " + std::to_string(i) + "\n";
  std::string stored;
  for (std::size_t at = 0; at < text.size(); at += 97) stored += packed(text.substr(at, 97));
  expect_whole(read_all(file_of(stored)), text);
}

TEST_P(Compressed, HoldsRandomBytesAndLongRuns) {
  std::mt19937 random(3);
  std::string text(3'000'000, 'x');
  for (std::size_t i = 1'000'000; i < 2'000'000; ++i) text[i] = static_cast<char>(random() % 128);
  const ReadResult result = read_all(file_of(packed(text)));
  EXPECT_TRUE(result.text == text);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\0'), result.nul_bytes);
}

TEST_P(Compressed, OfNothingIsAnEmptyFile) {
  put("input", packed(""));
  const Listing listing = list_inputs({path("input")}, {});
  EXPECT_EQ(1, listing.empty);
  ASSERT_EQ(1u, listing.files.size());
  EXPECT_EQ("", read_all(listing.files[0]).text);
  EXPECT_FALSE(read_all(listing.files[0]).damage.damaged);
}

TEST_P(Compressed, IsKnownByContentUnderAnyName) {
  const std::string text = log_lines(50);
  for (const std::string name : {"a.log", "b.gz", "c.zst", "d"}) {
    const InputFile file = file_of(packed(text), name);
    EXPECT_EQ(GetParam().codec, file.codec) << name;
    EXPECT_TRUE(read_all(file).text == text) << name;
  }
}

TEST_P(Compressed, StopsAtTheRatioLimit) {
  const std::string stored = packed(std::string(64'000'000, 'a'));
  StreamOptions options = salvage();
  options.max_ratio = 100;
  const ReadResult result = read_all(file_of(stored), options);
  EXPECT_TRUE(result.damage.damaged);
  EXPECT_NE(std::string::npos, result.damage.reason.find("max_ratio")) << result.damage.reason;
  EXPECT_GE(result.text.size(), 16u << 20);
  EXPECT_LE(result.text.size(), (16u << 20) + 100 * stored.size() + (2u << 20));
}

INSTANTIATE_TEST_SUITE_P(
    Tools, Compressed,
    ::testing::Values(Tool{"gzip", "gzip", Codec::kGzip}, Tool{"gzip1Named", "gzip -1 -N", Codec::kGzip},
                      Tool{"zstd", "zstd -q", Codec::kZstd}, Tool{"zstdNoCheck", "zstd -q --no-check -9", Codec::kZstd},
                      Tool{"bzip2", "bzip2", Codec::kBzip2}, Tool{"bzip2Small", "bzip2 -1", Codec::kBzip2},
                      Tool{"xz", "xz -2", Codec::kXz},
                      Tool{"xzBlocks", "xz -1 --block-size=100000 --check=sha256", Codec::kXz},
                      Tool{"lz4", "lz4 -q", Codec::kLz4}, Tool{"lz4Linked", "lz4 -q -BD -B4 -BX", Codec::kLz4}),
    [](const auto& info) { return info.param.name; });

using Content = TestFiles;

TEST_F(Content, PlainTextNamedGzIsPlain) {
  const InputFile file = file_of("just text\n", "x.gz");
  EXPECT_EQ(Codec::kPlain, file.codec);
  EXPECT_EQ("just text\n", read_all(file).text);
}

TEST_F(Content, GzipHeaderWithEveryFieldIsRead) {
  const std::string stored = piped(
      "python3 -c \"import sys,zlib,struct;d=sys.stdin.buffer.read();c=zlib.compressobj(6,8,-15);"
      "sys.stdout.buffer.write(bytes([31,139,8,31,0,0,0,0,0,3])+struct.pack('<H',70000%65536)+b'e'*(70000%65536)+b'"
      "name\\0'"
      "+b'a comment'*40000+b'\\0'+b'hc'+c.compress(d)+c.flush()+struct.pack('<II',zlib.crc32(d),len(d)))\"",
      "text\n");
  EXPECT_EQ("text\n", read_all(file_of(stored)).text);
}

TEST_F(Content, ZerosBehindGzipArePadding) {
  const std::string stored = piped("gzip", "text\n") + std::string(5'000, '\0');
  const ReadResult result = read_all(file_of(stored));
  EXPECT_EQ("text\n", result.text);
  EXPECT_FALSE(result.damage.damaged) << result.damage.reason;
}

TEST_F(Content, SkippableFramesAreSkipped) {
  const std::string skip = std::string("\x53\x2a\x4d\x18\x05\x00\x00\x00", 8) + "12345";
  const std::string stored = skip + skip + piped("zstd -q", "one\n") + skip + piped("zstd -q", "two\n") + skip;
  const InputFile file = file_of(stored);
  EXPECT_EQ(Codec::kZstd, file.codec);
  EXPECT_EQ("one\ntwo\n", read_all(file).text);
  const InputFile lz4 = file_of(skip + piped("lz4 -q", "one\n") + skip);
  EXPECT_EQ(Codec::kLz4, lz4.codec);
  EXPECT_EQ("one\n", read_all(lz4).text);
}

TEST_F(Content, ArchivesAreRefusedByName) {
  put("a.zip", std::string("PK\x03\x04") + std::string(40, 'x'));
  const Error error = error_of([&] { list_inputs({path("a.zip")}, {}); });
  EXPECT_EQ(ExitCode::kUser, error.code());
  EXPECT_NE(std::string::npos, std::string(error.what()).find("zip archive"));
  EXPECT_NE(std::string::npos, std::string(error.what()).find("not available yet"));
}

TEST_F(Content, TextThatBeginsLikeAMagicIsPlain) {
  for (const std::string text : {"BZh\n", "BZh9 is how bzip2 files begin\n", "\x1f", "P", "7z", "(\n", "\x04\""}) {
    EXPECT_EQ(Codec::kPlain, sign_of_content(text).codec) << text;
  }
}

TEST_F(Content, CutOffMagicStillCountsAsCompressed) {
  EXPECT_EQ(Codec::kGzip, sign_of_content("\x1f\x8b").codec);
  EXPECT_EQ(Codec::kZstd, sign_of_content("\x28\xb5\x2f").codec);
  EXPECT_EQ(Codec::kXz, sign_of_content("\xfd"
                                        "7z")
                            .codec);
}

}  // namespace
}  // namespace evclean
