// SPDX-License-Identifier: Apache-2.0
#include "byte_index.hpp"

namespace evclean {
namespace {

constexpr std::size_t kSpare = 72;  // one group of 64 may write past the count

/// Makes room for one more group; guesses 7 marks in 200 bytes first.
void make_room(std::vector<std::uint32_t>& marks, std::size_t count) {
  if (marks.size() < count + kSpare) marks.resize(marks.size() + marks.size() / 2 + 4 * kSpare);
}

}  // namespace

std::size_t index_quotes_and_lines_plain(const char* text, std::size_t begin, std::size_t end,
                                         std::vector<std::uint32_t>& marks) {
  std::size_t count = 0;
  for (std::size_t i = begin; i < end; ++i) {
    if (text[i] != '"' && text[i] != '\n') continue;
    make_room(marks, count);
    marks[count++] = static_cast<std::uint32_t>(i);
  }
  return count;
}

#ifdef __AVX2__

namespace {

std::uint64_t quote_or_line_mask(const char* text) {
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i line = _mm256_set1_epi8('\n');
  const auto mask = [&](const char* at) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i hit = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, quote), _mm256_cmpeq_epi8(bytes, line));
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(hit));
  };
  return (std::uint64_t{mask(text + 32)} << 32) | mask(text);
}

}  // namespace

std::size_t index_quotes_and_lines(const char* text, std::size_t begin, std::size_t end,
                                   std::vector<std::uint32_t>& marks) {
  if (marks.empty()) marks.resize((end - begin) / 24 + kSpare);
  std::size_t count = 0;
  for (std::size_t at = begin; at < end; at += 64) {
    std::uint64_t mask = quote_or_line_mask(text + at);
    if (end - at < 64) mask &= (std::uint64_t{1} << (end - at)) - 1;
    make_room(marks, count);
    std::uint32_t* out = marks.data() + count;
    const int hits = std::popcount(mask);
    // Most groups hold at most four: they are written without a branch, the surplus is overwritten.
    for (int k = 0; k < 4; ++k) {
      out[k] = static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(std::countr_zero(mask));
      mask &= mask - 1;
    }
    for (int k = 4; k < hits; ++k) {
      out[k] = static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(std::countr_zero(mask));
      mask &= mask - 1;
    }
    count += static_cast<std::size_t>(hits);
  }
  return count;
}

#else

std::size_t index_quotes_and_lines(const char* text, std::size_t begin, std::size_t end,
                                   std::vector<std::uint32_t>& marks) {
  return index_quotes_and_lines_plain(text, begin, end, marks);
}

#endif

}  // namespace evclean
