// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <algorithm>
#include <bit>

#include "evclean/arrow_status.hpp"
#include "parquet_columns.hpp"
#include "parquet_runs.hpp"
#include "parquet_texts.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kPageBytes = 1 << 20;
/// Longer bounds help few readers.
constexpr std::size_t kMaxBound = 256;

constexpr std::int64_t kAtOnce = 64;

/// Bits of the rows that have this very span.
std::uint64_t same_spans(const Span* spans, std::int64_t count, Span span) {
  const auto wanted = std::bit_cast<std::uint64_t>(span);
  std::uint64_t same = 0;
  std::int64_t i = 0;
#ifdef __AVX2__
  const __m256i all = _mm256_set1_epi64x(static_cast<long long>(wanted));
  for (; i + 4 <= count; i += 4) {
    const __m256i equal = _mm256_cmpeq_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(spans + i)), all);
    same |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(equal)))) << i;
  }
#endif
  for (; i < count; ++i) same |= std::uint64_t{std::bit_cast<std::uint64_t>(spans[i]) == wanted} << i;
  return same;
}

/// The span that `fill` put where values were missing, if the first rows have it more than once: it points behind the
/// text that was read. Missing: there is none.
Span filled_span(const ValueColumn& column, std::int64_t begin, std::int64_t end) {
  if (column.kind != ValueColumn::Kind::kSpans || begin == end) return {};
  const std::int64_t count = std::min(kAtOnce, end - begin);
  const Span* const spans = column.spans + begin;
  const Span last = *std::max_element(spans, spans + count, [](Span a, Span b) { return a.offset < b.offset; });
  return std::popcount(same_spans(spans, count, last)) > 1 ? last : Span{};
}

class TextColumn : public ParquetColumn {
 public:
  void reserve(std::int64_t rows) override { texts_.reserve(rows); }

  std::shared_ptr<arrow::Array> array() const override {
    arrow::StringBuilder builder;
    check_arrow(builder.Reserve(rows()), "Parquet");
    const bool coded = texts_.has_dictionary();
    const std::vector<std::size_t> begins = coded ? texts_.begins() : std::vector<std::size_t>();
    std::size_t value = 0;
    std::size_t at = 0;
    for (std::int64_t row = 0; row < rows(); ++row) {
      if (is_missing(row)) {
        builder.UnsafeAppendNull();
        continue;
      }
      const std::string_view text = texts_.text_at(coded ? begins[texts_.codes()[value]] : at);
      check_arrow(builder.Append(text), "Parquet");
      at += ParquetTexts::kLengthBytes + text.size();
      ++value;
    }
    return take_arrow(builder.Finish(), "Parquet");
  }

 protected:
  void append_values(const ValueColumn& column, std::int64_t begin, std::int64_t end) override {
    const ValueColumn own = column;  // nothing else can change it: it stays in registers
    const Span filled = filled_span(own, begin, end);
    std::string_view views[kAtOnce];
    for (std::int64_t row = begin; row < end; row += kAtOnce) {
      const std::int64_t rows = std::min(kAtOnce, end - row);
      const std::uint64_t there = own.present(row, rows);
      TextRows some{views, low_bits(std::popcount(there))};
      if (!filled.missing() && there == some.firsts) {
        some.same = same_spans(own.spans + row, rows, filled);
        some.firsts ^= some.same & (some.same - 1);
      }
      std::int64_t count = 0;
      if (some.same == 0 && there == some.firsts) {
        for (; count < rows; ++count) views[count] = own.string(row + count);
      } else {
        for_each_bit(some.same == 0 ? there : some.firsts,
                     [&](std::int64_t i) { views[count++] = own.string(row + i); });
      }
      texts_.append(some, own.readable_end);
    }
  }

  ParquetType type() const override { return ParquetType::kByteArray; }

  ParquetEncoding settle(ParquetChunk& chunk) override {
    texts_.settle();
    find_bounds();
    if (!texts_.has_dictionary()) return ParquetEncoding::kPlain;
    chunk.add_dictionary(texts_.stored(), texts_.dictionary_size());
    return ParquetEncoding::kDictionary;
  }

  std::int64_t fit(std::int64_t count) const override {
    if (texts_.has_dictionary()) return count;
    std::size_t at = at_;
    std::int64_t fitting = 0;
    while (fitting < count && static_cast<std::int64_t>(at - at_) < kPageBytes) {
      at += ParquetTexts::kLengthBytes + texts_.text_at(at).size();
      ++fitting;
    }
    return fitting;
  }

  void write_values(std::string& page, std::int64_t count) override {
    if (texts_.has_dictionary()) {
      const int bits = bits_below(static_cast<std::uint64_t>(texts_.dictionary_size()));
      page += static_cast<char>(bits);
      append_runs(page, texts_.codes().data() + written_, count, bits);
      written_ += count;
      return;
    }
    const std::size_t begin = at_;
    for (std::int64_t i = 0; i < count; ++i) at_ += ParquetTexts::kLengthBytes + texts_.text_at(at_).size();
    page += texts_.stored().substr(begin, at_ - begin);
  }

  ParquetBounds bounds() const override {
    if (!bounded_ || smallest_.size() > kMaxBound || largest_.size() > kMaxBound) return {};
    return {true, std::string(smallest_), std::string(largest_)};
  }

 private:
  /// Over the dictionary, or over all texts. Texts compare byte by byte; most are told apart by their first eight.
  void find_bounds() {
    const std::string_view stored = texts_.stored();
    std::uint64_t low = ~std::uint64_t{0};
    std::uint64_t high = 0;
    for (std::size_t at = 0; at < stored.size();) {
      const std::string_view text = texts_.text_at(at);
      at += ParquetTexts::kLengthBytes + text.size();
      const std::uint64_t first = texts_.first_bytes(text);
      if (first > low && first < high) continue;
      if (!bounded_ || text < smallest_) smallest_ = text;
      if (!bounded_ || text > largest_) largest_ = text;
      low = texts_.first_bytes(smallest_);
      high = texts_.first_bytes(largest_);
      bounded_ = true;
    }
  }

  ParquetTexts texts_;
  bool bounded_ = false;
  std::string_view smallest_;
  std::string_view largest_;
  std::int64_t written_ = 0;  ///< codes in pages
  std::size_t at_ = 0;        ///< of the next text without a code
};

}  // namespace

std::unique_ptr<ParquetColumn> make_parquet_texts() { return std::make_unique<TextColumn>(); }

}  // namespace evclean
