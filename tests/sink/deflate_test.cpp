// SPDX-License-Identifier: Apache-2.0
// What the log codec writes is read back by zlib and by libdeflate, and the text is the same.
#include <gtest/gtest.h>
#include <libdeflate.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>

#include "deflate_blocks.hpp"
#include "frame_codec.hpp"
#include "huffman_lengths.hpp"
#include "token_matches.hpp"

namespace evclean {
namespace {

std::string deflated(const std::string& text) {
  // A text that may not be read beyond its end: sanitizers see it when it is.
  const std::unique_ptr<char[]> exact(new char[text.size()]);
  std::copy(text.begin(), text.end(), exact.get());
  const std::string_view view(exact.get(), text.size());
  TokenMatcher matcher;
  std::string out(deflate_bound(text.size()), '\0');
  auto* begin = reinterpret_cast<std::uint8_t*>(out.data());
  out.resize(static_cast<std::size_t>(write_deflate(view, matcher.find(view), begin) - begin));
  return out;
}

/// windowBits as zlib has them: -15 for a bare stream, 31 for gzip.
std::string by_zlib(const std::string& packed, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, window_bits), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  int code = Z_OK;
  while (code == Z_OK) {
    char piece[1 << 16];
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = sizeof piece;
    code = inflate(&stream, Z_NO_FLUSH);
    text.append(piece, sizeof piece - stream.avail_out);
  }
  EXPECT_EQ(code, Z_STREAM_END) << (stream.msg ? stream.msg : "");
  EXPECT_EQ(stream.avail_in, 0u);
  inflateEnd(&stream);
  return text;
}

std::string by_libdeflate(const std::string& packed, std::size_t size) {
  std::string text(size + 1, '\0');
  libdeflate_decompressor* decompressor = libdeflate_alloc_decompressor();
  std::size_t found = 0;
  EXPECT_EQ(libdeflate_deflate_decompress(decompressor, packed.data(), packed.size(), text.data(), text.size(), &found),
            LIBDEFLATE_SUCCESS);
  libdeflate_free_decompressor(decompressor);
  text.resize(found);
  return text;
}

std::size_t expect_same(const std::string& text, const std::string& what) {
  const std::string packed = deflated(text);
  EXPECT_EQ(by_zlib(packed, -15) == text, true) << what << ", " << text.size() << " bytes";
  EXPECT_EQ(by_libdeflate(packed, text.size()) == text, true) << what << ", " << text.size() << " bytes";
  EXPECT_LE(packed.size(), text.size() + 5 * (text.size() / 65535 + 1) + 1) << what;
  return packed.size();
}

std::string random_bytes(std::mt19937_64& random, std::size_t size, int kinds) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random() % static_cast<unsigned>(kinds));
  return text;
}

std::string log_lines(std::mt19937_64& random, std::size_t size) {
  std::string text;
  while (text.size() < size) {
    text += std::to_string(random() % 30) + "." + std::to_string(random() % 256) + ",GET,/product/" +
            std::to_string(random() % 1000) + ",\"Mozilla/5.0 (Windows NT " + std::to_string(random() % 12) +
            ") AppleWebKit/537.36 (KHTML, like Gecko)\"," + (random() % 3 ? "None" : "é\xff") + "\n";
  }
  text.resize(size);
  return text;
}

TEST(Deflate, TextsOfEveryLengthAroundTheLimitsComeBack) {
  std::mt19937_64 random(1);
  const std::string lines = log_lines(random, 1 << 18);
  for (std::size_t size = 0; size < 700; ++size) expect_same(lines.substr(0, size), "lines");
  for (const std::size_t middle : {32768u, 65535u, 65536u, 131070u, 262143u}) {
    for (std::size_t size = middle - 2; size <= middle + 1; ++size) expect_same(lines.substr(0, size), "lines");
  }
}

TEST(Deflate, WhatDoesNotRepeatIsStored) {
  std::mt19937_64 random(2);
  for (const std::size_t size : {1u, 40u, 65535u, 65536u, 3000000u})
    expect_same(random_bytes(random, size, 256), "noise");
}

TEST(Deflate, RunsOfAllLengthsComeBack) {
  std::mt19937_64 random(3);
  for (std::size_t length = 1; length < 600; length += 7) {
    std::string text = random_bytes(random, 50, 256);
    for (int i = 0; i < 20; ++i)
      text += std::string(length, static_cast<char>('a' + i % 3)) + random_bytes(random, 9, 256);
    expect_same(text, "runs of " + std::to_string(length));
  }
  EXPECT_LT(expect_same(std::string(1 << 22, 'x'), "one letter"), 1u << 15);
  EXPECT_LT(expect_same(std::string(1 << 22, '\0'), "zero bytes"), 1u << 15);
}

TEST(Deflate, RepeatsAreFoundUpToTheLargestDistanceAndNotBeyond) {
  std::mt19937_64 random(4);
  for (const std::size_t distance :
       {1u, 2u, 3u, 31u, 32u, 33u, 257u, 4096u, 32767u, 32768u, 32769u, 65535u, 65536u, 65537u}) {
    const std::string once = random_bytes(random, distance, 256);
    std::string text;
    while (text.size() < 400000) text += once;
    const std::size_t packed = expect_same(text, "period " + std::to_string(distance));
    const bool within = distance <= 32768;
    EXPECT_LT(packed, within ? distance + text.size() / 40 : SIZE_MAX) << distance;
    EXPECT_GT(packed, within ? 0 : text.size() * 9 / 10) << distance;
  }
}

TEST(Deflate, RandomTextsOfFewAndManyLettersComeBack) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 60; ++i) {
    const std::size_t size = random() % (i % 10 == 0 ? 2500000 : 90000);
    std::string text =
        i % 2 ? log_lines(random, size) : random_bytes(random, size, 2 + static_cast<int>(random() % 200));
    for (std::uint64_t changes = random() % 50; changes > 0 && !text.empty(); --changes) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    expect_same(text, "text " + std::to_string(i));
  }
}

TEST(Deflate, ATextHasTheSameBytesWhateverStoodBefore) {
  std::mt19937_64 random(5);
  const auto codec = make_gzip_codec(std::nullopt);
  const std::string text = log_lines(random, 300000);
  const std::string first(codec->compress(text));
  codec->compress(log_lines(random, 1000000));
  codec->compress(random_bytes(random, 70000, 256));
  EXPECT_EQ(first == codec->compress(text), true);
  EXPECT_EQ(by_zlib(first, 31) == text, true);  // with its checksum and length
}

TEST(Deflate, RealLogsAreAsSmallAsLibdeflateMakesThem) {
  const std::filesystem::path shared = EVCLEAN_SHARED_DATA;
  if (!std::filesystem::exists(shared)) {
    std::printf("shared data is not here: real logs were not tried\n");
    return;
  }
  const auto own = make_gzip_codec(std::nullopt), other = make_gzip_codec(4);
  std::size_t own_bytes = 0, other_bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(shared)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const std::string packed(own->compress(text));
    EXPECT_EQ(by_zlib(packed, 31) == text, true) << entry.path();
    own_bytes += packed.size();
    other_bytes += other->compress(text).size();
  }
  EXPECT_LT(static_cast<double>(own_bytes), 1.06 * static_cast<double>(other_bytes));
}

TEST(HuffmanLengths, FillTheTreeWithinTheLimit) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 2000; ++i) {
    const int limit = i % 2 ? 15 : 7;
    std::vector<std::uint32_t> counts(i % 2 ? 286 : 19);
    for (auto& count : counts) {
      count = random() % 3 ? static_cast<std::uint32_t>(std::exp2(static_cast<double>(random() % 3000) / 100)) : 0;
    }
    std::vector<std::uint8_t> lengths(counts.size());
    huffman_lengths(counts, limit, lengths);
    double sum = 0;
    for (std::size_t s = 0; s < counts.size(); ++s) {
      ASSERT_LE(lengths[s], limit);
      ASSERT_TRUE(counts[s] == 0 || lengths[s] > 0);
      if (lengths[s] > 0) sum += std::exp2(-lengths[s]);
    }
    ASSERT_EQ(sum, 1.0);
  }
}

TEST(HuffmanLengths, FibonacciCountsAreCutAtTheLimit) {
  std::vector<std::uint32_t> counts = {1, 1};
  while (counts.size() < 40) counts.push_back(counts[counts.size() - 1] + counts[counts.size() - 2]);
  std::vector<std::uint8_t> lengths(counts.size());
  huffman_lengths(counts, 15, lengths);
  EXPECT_EQ(*std::max_element(lengths.begin(), lengths.end()), 15);
  EXPECT_EQ(lengths.back(), 1);
}

TEST(HuffmanLengths, TwoSymbolsHaveCodesEvenWhereNoneOccurs) {
  for (const std::vector<std::uint32_t>& counts : {std::vector<std::uint32_t>{0, 0, 0}, {0, 0, 5}}) {
    std::vector<std::uint8_t> lengths(counts.size());
    huffman_lengths(counts, 15, lengths);
    EXPECT_EQ(std::accumulate(lengths.begin(), lengths.end(), 0), 2);
  }
}

}  // namespace
}  // namespace evclean
