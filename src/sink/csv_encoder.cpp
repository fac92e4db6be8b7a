// SPDX-License-Identifier: Apache-2.0
// One row after another, one small switch a value: a batch of about 5,000 rows stays in the second-level cache, and
// each text is copied and searched for bytes that need quotes in the same pass.
#include <algorithm>

#include "byte_scan.hpp"
#include "evclean/span_mask.hpp"
#include "evclean/types.hpp"
#include "present_rows.hpp"
#include "row_encoder.hpp"
#include "value_column.hpp"

namespace evclean {
namespace {

using Kind = ValueColumn::Kind;

/// The bytes that need quotes wherever they stand.
struct NeedsQuotes {
  explicit NeedsQuotes(char d) : delimiter(d) {}
  bool byte(unsigned char c) const {
    return c == static_cast<unsigned char>(delimiter) || c == '"' || c == '\r' || c == '\n';
  }
#ifdef __AVX2__
  __m256i mask(__m256i bytes) const {
    const __m256i a = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(delimiter));
    const __m256i b = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    const __m256i c = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\r'));
    const __m256i d = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n'));
    return _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
  }
#endif
  char delimiter;
};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Quotes inside are doubled; most texts that need quotes have none.
[[gnu::noinline]] char* write_quoted(char* out, std::string_view text) {
  *out++ = '"';
  while (!text.empty()) {
    const void* quote = std::memchr(text.data(), '"', text.size());
    const std::size_t size =
        quote ? static_cast<std::size_t>(static_cast<const char*>(quote) - text.data()) + 1 : text.size();
    std::memcpy(out, text.data(), size);
    out += size;
    if (quote) *out++ = '"';
    text.remove_prefix(size);
  }
  *out++ = '"';
  return out;
}

char* write_bool(char* out, bool value) { return copy_short(out, value ? "true" : "false"); }

class CsvEncoder : public RowEncoder {
 public:
  CsvEncoder(const Fields& fields, char delimiter, std::string missing_text)
      : special_(delimiter), missing_(std::move(missing_text)), null_(missing_) {
    // A line with nothing on it is skipped by readers: a lone missing value is written as an empty string.
    if (fields.size() == 1 && missing_.empty()) null_ = "\"\"";
    for (const Field& field : fields) names_.push_back(field.name);
    std::fill_n(gap_, kGapBytes, delimiter);
    row_room_ = fields.size() * (null_.size() + 1) + kValueRoom;
  }

  std::string header() const override {
    TextBuffer line;
    char* out = line.room(line.end(), 1);
    for (const std::string& name : names_) {
      out = line.room(out, 2 * name.size() + kValueRoom);
      out = write_text(out, name, name.data() + name.size());
      *out++ = special_.delimiter;
    }
    if (names_.empty()) ++out;
    out[-1] = '\n';
    line.set_end(out);
    return std::string(line.view());
  }

  std::int64_t encode(const Batch& batch, std::int64_t row, std::size_t full_bytes, TextBuffer& buffer) override {
    const std::vector<ValueColumn> columns = value_columns(batch, names_.size());
    PresentRows present(columns, batch.num_rows);
    char* out = buffer.end();
    for (bool full = false; row < batch.num_rows && !full; ++row) {
      out = buffer.room(out, row_room_);
      std::size_t next = 0;
      for (std::size_t w = 0; w < present.words(); ++w) {
        for_each_bit(present.word(row, w), [&](std::int64_t bit) {
          const std::size_t column = 64 * w + static_cast<std::size_t>(bit);
          out = write_missing(out, column - next);
          out = write_value(columns[column], row, out, buffer);
          *out++ = special_.delimiter;
          next = column + 1;
        });
      }
      out = write_missing(out, columns.size() - next);
      out = columns.empty() ? out + 1 : out;
      out[-1] = '\n';
      buffer.set_end(out);
      full = buffer.size() >= full_bytes;
    }
    return row;
  }

 private:
  /// Missing values with their delimiters; there is room for a row of them.
  [[gnu::always_inline]] char* write_missing(char* out, std::size_t count) const {
    if (!null_.empty()) return write_null_words(out, count);
    for (std::size_t done = 0; done < count; done += kGapBytes) std::memcpy(out + done, gap_, kGapBytes);
    return out + count;
  }

  [[gnu::noinline]] char* write_null_words(char* out, std::size_t count) const {
    for (; count > 0; --count) {
      out = copy_short(out, null_);
      *out++ = special_.delimiter;
    }
    return out;
  }

  [[gnu::always_inline]] char* write_value(const ValueColumn& column, std::int64_t row, char* out,
                                           TextBuffer& buffer) const {
    if (column.kind == Kind::kSpans || column.kind == Kind::kUtf8) {
      const std::string_view text = column.string(row);
      out = buffer.room(out, 2 * text.size() + row_room_);
      return write_text(out, text, column.readable_end);
    }
    out = buffer.room(out, row_room_);
    char* end = write_fixed(column, row, out);
    return missing_.empty() ? end : quote_if_missing(out, end);
  }

  static char* write_fixed(const ValueColumn& column, std::int64_t row, char* out) {
    switch (column.kind) {
      case Kind::kInt64:
        return write_int64(out, column.int64(row));
      case Kind::kFloat64:
        return write_float64(out, column.float64(row));
      case Kind::kDate:
        return write_date(out, column.date(row));
      case Kind::kTimestamp:
        return write_timestamp(out, column.int64(row), ' ', false);
      default:
        return write_bool(out, column.boolean(row));
    }
  }

  [[gnu::always_inline]] char* write_text(char* out, std::string_view text, const char* readable_end) const {
    if (text.empty()) return copy_short(out, "\"\"");
    const bool special = copy_and_scan(special_, out, text.data(), text.size(), readable_end);
    if (special || is_blank(text.front()) || is_blank(text.back()) || (!missing_.empty() && text == missing_)) {
      return write_quoted(out, text);
    }
    return out + text.size();
  }

  /// A number or time that reads like the missing text is quoted too, or it would be lost.
  char* quote_if_missing(char* begin, char* end) const {
    if (std::string_view(begin, static_cast<std::size_t>(end - begin)) != missing_) return end;
    return write_quoted(begin, missing_);
  }

  NeedsQuotes special_;
  std::string missing_;
  std::string null_;  ///< what a missing value looks like
  std::vector<std::string> names_;
  static constexpr std::size_t kGapBytes = 32;
  char gap_[kGapBytes];       ///< delimiters between missing values
  std::size_t row_room_ = 0;  ///< for a number, and the missing values of a row behind it
};

}  // namespace

std::unique_ptr<RowEncoder> make_csv_encoder(const Fields& fields, char delimiter, const std::string& missing_text) {
  const NeedsQuotes special(delimiter);
  const auto odd = [&](char c) { return special.byte(static_cast<unsigned char>(c)); };
  if (std::any_of(missing_text.begin(), missing_text.end(), odd) ||
      (!missing_text.empty() && (is_blank(missing_text.front()) || is_blank(missing_text.back())))) {
    fail_user("missing_text: '{}' would need quotes in the file (delimiter, quote, line end or blank at an edge)",
              missing_text);
  }
  return std::make_unique<CsvEncoder>(fields, delimiter, missing_text);
}

}  // namespace evclean
