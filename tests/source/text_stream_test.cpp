// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "test_files.hpp"
#include "utf8.hpp"

namespace evclean {
namespace {

class TextOf : public TestFiles {
 protected:
  ReadResult text_of(const std::string& bytes, Encoding encoding = Encoding::kAuto, std::int64_t want = 1 << 20) const {
    StreamOptions options;
    options.encoding = encoding;
    return read_all(file_of(bytes), options, 0, want);
  }
};

using namespace std::string_literals;

const std::string kSample = "plain zürich 東京 😀\r\nsecond\n";

std::string to_utf16(const std::string& text, bool big_endian) {
  std::string out;
  const auto put = [&](std::uint32_t unit) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xff);
    out += big_endian ? std::string{high, low} : std::string{low, high};
  };
  for (std::size_t at = 0; at < text.size();) {
    const unsigned lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t value = length == 1 ? lead : lead & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) value = value << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3f);
    if (value >= 0x10000) {
      put(0xd800 + ((value - 0x10000) >> 10));
      put(0xdc00 + ((value - 0x10000) & 0x3ff));
    } else {
      put(value);
    }
    at += length;
  }
  return out;
}

TEST_F(TextOf, Utf8MarkIsRemoved) {
  for (const std::int64_t want : {1, 2, 3, 7, 1'000}) {
    EXPECT_EQ(kSample, text_of("\xef\xbb\xbf" + kSample, Encoding::kAuto, want).text);
    EXPECT_EQ(kSample, text_of(kSample, Encoding::kUtf8, want).text);
  }
  EXPECT_EQ("", text_of("\xef\xbb\xbf").text);
  EXPECT_EQ("a", text_of("a").text);
  EXPECT_EQ("a\xef\xbb\xbf", text_of("a\xef\xbb\xbf").text);
}

TEST_F(TextOf, Utf16IsConvertedByMarkOrOption) {
  for (const bool big_endian : {false, true}) {
    const std::string body = to_utf16(kSample, big_endian);
    const std::string mark = big_endian ? "\xfe\xff" : "\xff\xfe";
    const Encoding option = big_endian ? Encoding::kUtf16Be : Encoding::kUtf16Le;
    for (const std::int64_t want : {1, 3, 1'000}) {
      EXPECT_EQ(kSample, text_of(mark + body, Encoding::kAuto, want).text);
      EXPECT_EQ(kSample, text_of(body, option, want).text);
      EXPECT_EQ(kSample, text_of(mark + body, Encoding::kLatin1, want).text) << "a mark wins";
    }
  }
}

TEST_F(TextOf, Utf16AgreesWithPython) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::string bytes = "\xff\xfe";
  for (int i = 0; i < 300'000; ++i) {
    const std::uint32_t unit = random() % 4 == 0 ? 0xd800 + random() % 0x800 : random() % 0x10000;
    bytes += static_cast<char>(unit & 0xff);
    bytes += static_cast<char>(unit >> 8);
  }
  const std::string expected = piped(
      "python3 -c \"import sys;sys.stdout.buffer.write(sys.stdin.buffer.read().decode('utf-16','replace').encode())\"",
      bytes);
  const ReadResult result = text_of(bytes, Encoding::kAuto, 1'000);
  EXPECT_TRUE(result.text == expected);
  EXPECT_GT(result.replaced, 0);
}

TEST_F(TextOf, LoneSurrogatesAndOddBytesAreReplaced) {
  const ReadResult result = text_of("\xff\xfe"s +
                                    "\x00\xd8"
                                    "a\0"
                                    "\x00\xdc"
                                    "b\0"
                                    "\x3d\xd8"s);
  EXPECT_EQ(
      "\xef\xbf\xbd"
      "a\xef\xbf\xbd"
      "b\xef\xbf\xbd",
      result.text);
  EXPECT_EQ(3, result.replaced);
  EXPECT_EQ("a\xef\xbf\xbd", text_of("\xff\xfe"
                                     "a\0c"s)
                                 .text);
}

TEST_F(TextOf, Latin1IsConverted) {
  const ReadResult result = text_of("z\xfcrich \xe9\xff\n", Encoding::kLatin1, 3);
  EXPECT_EQ("zürich éÿ\n", result.text);
  EXPECT_EQ(0, result.replaced);
}

TEST_F(TextOf, CompressedTextIsConvertedToo) {
  const std::string stored = piped("gzip", "\xff\xfe" + to_utf16(kSample, false));
  EXPECT_EQ(kSample, text_of(stored).text);
  EXPECT_EQ(kSample, text_of(piped("zstd -q", "\xef\xbb\xbf" + kSample)).text);
}

TEST_F(TextOf, IllFormedSequencesAreReplacedAlsoAcrossPieces) {
  std::string bytes, expected;
  for (int i = 0; i < 1'000; ++i) {
    bytes += "ok \xe2\x82\xac bad \xe2\x82 \xff\xfe \xf0\x9f\x98\n";
    expected += "ok € bad \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\n";
  }
  for (const std::int64_t want : {1, 2, 5, 77, 4'096, 1 << 20}) {
    const ReadResult result = text_of(bytes, Encoding::kAuto, want);
    EXPECT_TRUE(result.text == expected) << want;
    EXPECT_EQ(4'000, result.replaced);
  }
}

TEST_F(TextOf, UnfinishedCharacterAtTheEndIsOneReplacement) {
  const ReadResult result = text_of("abc\xf0\x9f\x98");
  EXPECT_EQ("abc\xef\xbf\xbd", result.text);
  EXPECT_EQ(1, result.replaced);
  EXPECT_EQ("\xef\xbf\xbd", text_of("\xe2").text);
}

TEST_F(TextOf, NulIsKeptAndCounted) {
  const ReadResult result = text_of("a\0b\n\0\0\n"s);
  EXPECT_EQ("a\0b\n\0\0\n"s, result.text);
  EXPECT_EQ(3, result.nul_bytes);
  EXPECT_EQ(2, text_of("\xff\xfe"
                       "\0\0a\0\0\0"s)
                   .nul_bytes);
}

TEST_F(TextOf, OffsetsMapBackToTheBytesOfTheFile) {
  const std::string bytes =
      "ab\xff"
      "c\n\xe2\x82 d\n\xef\xbf\xbd e\nlast\n";
  const ReadResult result = text_of(bytes, Encoding::kAuto, 3);
  ASSERT_EQ(
      "ab\xef\xbf\xbd"
      "c\n\xef\xbf\xbd d\n\xef\xbf\xbd e\nlast\n",
      result.text);
  for (const std::string word : {"ab", "c\n", " d", " e", "last"}) {
    const auto text = static_cast<std::int64_t>(result.text.find(word));
    const auto source = static_cast<std::int64_t>(bytes.find(word));
    EXPECT_EQ(source, result.offsets.to_source(text)) << word;
    EXPECT_EQ(text, result.offsets.to_text(source)) << word;
  }
  EXPECT_TRUE(text_of("well-formed é\n").offsets.is_identity());
}

TEST_F(TextOf, HeadIsReadWithoutReportingDamage) {
  const std::string text = log_lines(5'000);
  std::string stored = piped("gzip", text);
  stored.resize(stored.size() / 2);
  EXPECT_EQ(text.substr(0, 1'000), read_head(file_of(stored), {}, 1'000));
  EXPECT_EQ("short\n", read_head(file_of("short\n"), {}));
  EXPECT_EQ("", read_head(file_of(""), {}));
}

TEST_F(TextOf, RandomDirtInAnyCompressionMatchesTheRepairOfTheWhole) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::string bytes = "x";
  for (int i = 0; i < 400'000; ++i) bytes += random() % 20 == 0 ? static_cast<char>(random()) : 'a';
  std::string expected;
  std::vector<Utf8Repair> repairs;
  repair_utf8(bytes, true, expected, repairs);
  for (const std::string command : {"cat", "gzip", "zstd -q", "lz4 -q -B4"}) {
    for (const std::int64_t want : {100, 300'000}) {
      const ReadResult result = text_of(piped(command, bytes), Encoding::kAuto, want);
      EXPECT_TRUE(result.text == expected) << command;
      EXPECT_EQ(static_cast<std::int64_t>(repairs.size()), result.replaced) << command;
      EXPECT_EQ(std::count(bytes.begin(), bytes.end(), '\0'), result.nul_bytes) << command;
    }
  }
}

}  // namespace
}  // namespace evclean
