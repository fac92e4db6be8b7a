// SPDX-License-Identifier: Apache-2.0
// Reading a file by segments, as the engine does, gives every line once and the same counts for any cut.
#include <algorithm>

#include "test_files.hpp"

namespace evclean {
namespace {

struct Pieces {
  std::vector<std::string> lines;
  std::vector<std::int64_t> source_begins;
  std::int64_t replaced = 0;
  std::int64_t nul_bytes = 0;
};

/// Reads the lines that begin in [begin, end), by text offsets and the offset map only.
void read_segment(const InputFile& file, const SplitSegment& segment, std::int64_t want, Pieces& pieces) {
  StreamOptions options;
  const std::int64_t end = segment.end < 0 ? file.text_bytes() : segment.end;
  options.begin = segment.begin;
  options.end = segment.end;
  const std::int64_t opened = segment.begin > 0 ? segment.begin - 1 : 0;
  const auto stream = open_stream(file, opened, options);
  TextBlock block;
  std::size_t line = 0;
  bool started = segment.begin == 0;
  bool more = true;
  while (true) {
    const std::string_view text(block.data(), block.size());
    const std::size_t found = text.find('\n', line);
    if (found == std::string_view::npos && more) {
      more = stream->read(block, want) > 0;
      continue;
    }
    const std::int64_t text_begin = opened + static_cast<std::int64_t>(line);
    if (started && (text_begin >= stream->offsets().to_text(end) || line >= block.size())) break;
    const std::size_t stop = std::min(found, text.size());
    if (started) {
      pieces.lines.emplace_back(text.substr(line, stop - line));
      pieces.source_begins.push_back(stream->offsets().to_source(text_begin));
    }
    if (found == std::string_view::npos) break;
    started = true;
    line = stop + 1;
  }
  pieces.replaced += stream->replaced();
  pieces.nul_bytes += stream->nul_bytes();
}

Pieces read_split(const InputFile& file, std::int64_t chunk, std::int64_t want) {
  Pieces pieces;
  for (const Split& split : cut_splits({file}, chunk)) {
    for (const SplitSegment& segment : split.segments) read_segment(file, segment, want, pieces);
  }
  return pieces;
}

class Segments : public TestFiles, public ::testing::WithParamInterface<bool> {};

TEST_P(Segments, GiveEveryLineOnceAndTheSameCounts) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> words = {
      "a", "zürich", "東", "😀", "\xff", "\xe2\x82", "\xf0\x9f", "\xc0\x80", std::string(1, '\0'), "\xef\xbf\xbd", "\r"};
  for (int round = 0; round < 40; ++round) {
    std::string bytes = GetParam() ? "\xef\xbb\xbf" : "";
    const int lines = static_cast<int>(random() % 60);
    for (int i = 0; i < lines; ++i) {
      const std::size_t count = random() % 12;
      for (std::size_t word = 0; word < count; ++word) bytes += words[random() % words.size()];
      if (i + 1 < lines || random() % 2 == 0) bytes += '\n';
    }
    bytes += "end";
    const InputFile file = file_of(bytes);
    const Pieces whole = read_split(file, 1 << 20, 1 << 20);
    for (const std::int64_t chunk : {1, 2, 3, 7, 20, 64, 300}) {
      for (const std::int64_t want : {3, 1'000}) {
        const Pieces cut = read_split(file, chunk, want);
        ASSERT_EQ(whole.lines, cut.lines) << "chunk " << chunk;
        ASSERT_EQ(whole.source_begins, cut.source_begins) << "chunk " << chunk;
        ASSERT_EQ(whole.replaced, cut.replaced) << "chunk " << chunk;
        ASSERT_EQ(whole.nul_bytes, cut.nul_bytes) << "chunk " << chunk;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Marks, Segments, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "WithMark" : "WithoutMark"; });

}  // namespace
}  // namespace evclean
