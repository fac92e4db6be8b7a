// SPDX-License-Identifier: Apache-2.0
#include "csv_index.hpp"

#if defined(__PCLMUL__)
#include <immintrin.h>
#endif

#include <bit>

#include "byte_block.hpp"

namespace evclean {

namespace {

/// Bit i becomes the parity of bits 0..i: 1 from an opening quote up to the byte before the closing one.
std::uint64_t prefix_xor(std::uint64_t bits) {
#if defined(__PCLMUL__)
  const __m128i product =
      _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(bits)), _mm_set1_epi8(static_cast<char>(0xFF)), 0);
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(product));
#else
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
#endif
}

/// What one block hands to the next.
struct Carry {
  std::uint64_t inside = 0;       ///< all ones: within quotes
  std::uint64_t field_start = 1;  ///< the byte before may precede an opening quote
  std::uint64_t closed = 0;       ///< the byte before was a closing quote
};

struct Masks {
  std::uint64_t marks = 0;  ///< delimiters and line ends outside quotes
  std::uint64_t lines = 0;  ///< line ends outside quotes
  std::uint64_t quotes = 0;
  std::uint64_t doubled = 0;
  bool regular = true;
};

class Indexer {
 public:
  Indexer(const char* text, std::size_t text_end, const CsvDialect& dialect)
      : text_(text), text_end_(text_end), dialect_(dialect) {}

  Masks block(std::size_t at) {
    const ByteBlock bytes(text_ + at);
    const std::uint64_t lf = bytes.equal('\n');
    const std::uint64_t delimiter = bytes.equal(dialect_.delimiter);
    const std::uint64_t quote = dialect_.quote == '\0' ? 0 : bytes.equal(dialect_.quote);
    std::uint64_t line = lf;
    if (dialect_.lone_cr) {
      const std::uint64_t cr = bytes.equal('\r');
      line |= cr & ~before_lf(at, lf);
    }
    if ((quote | carry_.inside | carry_.closed) == 0) {
      carry_.field_start = (delimiter | line) >> 63;
      return {delimiter | line, line, 0, 0, true};
    }
    return quoted_block(at, bytes, lf, line, delimiter, quote);
  }

 private:
  /// Bytes that an LF follows, and the last byte of known text: what follows that one is not known.
  std::uint64_t before_lf(std::size_t at, std::uint64_t lf) const {
    const bool next_is_lf = at + 64 >= text_end_ || text_[at + 64] == '\n';
    const std::uint64_t last = text_end_ - 1 - at < 64 ? std::uint64_t{1} << (text_end_ - 1 - at) : 0;
    return (lf >> 1) | (static_cast<std::uint64_t>(next_is_lf) << 63) | last;
  }

  Masks quoted_block(std::size_t at, const ByteBlock& bytes, std::uint64_t lf, std::uint64_t line,
                     std::uint64_t delimiter, std::uint64_t quote) {
    const std::uint64_t cr = bytes.equal('\r');
    const std::uint64_t inside = prefix_xor(quote) ^ carry_.inside;
    const std::uint64_t open = quote & inside;
    const std::uint64_t close = quote & ~inside;
    const std::uint64_t after_close = (close << 1) | carry_.closed;
    const std::uint64_t may_follow = delimiter | line | quote | (cr & before_lf(at, lf));
    const std::uint64_t may_precede = ((delimiter | line | quote) << 1) | carry_.field_start;
    Masks masks{(delimiter | line) & ~inside, line & ~inside, quote, open & after_close, true};
    masks.regular = (open & ~may_precede) == 0 && (after_close & ~may_follow) == 0;
    if (dialect_.backslash) masks.regular = masks.regular && bytes.equal('\\') == 0;
    carry_.inside = std::uint64_t{0} - (inside >> 63);
    carry_.field_start = (delimiter | line | quote) >> 63;
    carry_.closed = close >> 63;
    return masks;
  }

  const char* text_;
  std::size_t text_end_;
  const CsvDialect& dialect_;
  Carry carry_;
};

/// Writes the positions of set bits, and for line ends where in the marks they stand.
void append_marks(CsvIndex& index, std::size_t at, std::uint64_t marks, std::uint64_t lines) {
  std::uint32_t* out = index.marks.data() + index.mark_count;
  const auto base = static_cast<std::uint32_t>(at);
  for (std::uint64_t rest = marks; rest != 0; rest &= rest - 1)
    *out++ = base + static_cast<std::uint32_t>(std::countr_zero(rest));
  for (; lines != 0; lines &= lines - 1) {
    const std::uint64_t before = marks & ((lines & (std::uint64_t{0} - lines)) - 1);
    index.line_marks[index.line_count++] =
        static_cast<std::uint32_t>(index.mark_count + static_cast<std::size_t>(std::popcount(before)));
  }
  index.mark_count = static_cast<std::size_t>(out - index.marks.data());
}

}  // namespace

void index_csv(const char* text, std::size_t begin, std::size_t end, std::size_t text_end, const CsvDialect& dialect,
               CsvIndex& index) {
  if (index.marks.size() < kCsvWindowBytes + 72) {
    index.marks.resize(kCsvWindowBytes + 72);
    index.line_marks.resize(kCsvWindowBytes + 72);
  }
  index.marks[0] = static_cast<std::uint32_t>(begin) - 1;
  index.mark_count = 1;
  index.line_count = 0;
  index.quotes = index.doubled = index.irregular = false;
  Indexer indexer(text, text_end, dialect);
  for (std::size_t at = begin; at < end; at += 64) {
    const Masks masks = indexer.block(at);
    if (!masks.regular) {
      index.irregular = true;
      return;
    }
    const std::uint64_t known = end - at >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (end - at)) - 1;
    append_marks(index, at, masks.marks & known, masks.lines & known);
    index.quotes |= (masks.quotes & known) != 0;
    index.doubled |= (masks.doubled & known) != 0;
  }
}

}  // namespace evclean
