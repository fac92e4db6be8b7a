// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "byte_scan.hpp"
#include "evclean/types.hpp"
#include "row_encoder.hpp"
#include "value_column.hpp"

namespace evclean {
namespace {

using Kind = ValueColumn::Kind;

/// What JSON wants escaped: control bytes, quote and backslash.
struct NeedsEscape {
  bool byte(unsigned char c) const { return c < 0x20 || c == '"' || c == '\\'; }
#ifdef __AVX2__
  __m256i mask(__m256i bytes) const {
    const __m256i a = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    const __m256i b = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
    return _mm256_or_si256(_mm256_or_si256(a, b), low);
  }
#endif
};

char* write_escape(char* out, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  *out++ = '\\';
  switch (c) {
    case '"':
    case '\\':
      *out++ = static_cast<char>(c);
      return out;
    case '\n':
      *out++ = 'n';
      return out;
    case '\r':
      *out++ = 'r';
      return out;
    case '\t':
      *out++ = 't';
      return out;
    case '\b':
      *out++ = 'b';
      return out;
    case '\f':
      *out++ = 'f';
      return out;
    default:
      break;
  }
  for (const char digit : {'u', '0', '0', kHex[c >> 4], kHex[c & 15]}) *out++ = digit;
  return out;
}

/// Needs 6 bytes of room for each byte of text, plus 2.
char* write_string(char* out, std::string_view text, const char* readable_end) {
  const NeedsEscape special;
  *out++ = '"';
  if (!copy_and_scan(special, out, text.data(), text.size(), readable_end)) {
    out += text.size();
  } else {
    for (const char c : text) {
      if (special.byte(static_cast<unsigned char>(c))) {
        out = write_escape(out, static_cast<unsigned char>(c));
      } else {
        *out++ = c;
      }
    }
  }
  *out++ = '"';
  return out;
}

char* write_number(char* out, double value) {
  return std::isfinite(value) ? write_float64(out, value) : copy_short(out, "null");  // JSON has no infinities
}

char* write_quoted_timestamp(char* out, std::int64_t us) {
  *out++ = '"';
  out = write_timestamp(out, us, 'T', true);
  *out++ = '"';
  return out;
}

char* write_quoted_date(char* out, std::int32_t days) {
  *out++ = '"';
  out = write_date(out, days);
  *out++ = '"';
  return out;
}

class JsonEncoder : public RowEncoder {
 public:
  explicit JsonEncoder(const Fields& fields) {
    for (const Field& field : fields) {
      std::string key(6 * field.name.size() + kValueRoom, '\0');
      char* out = key.data();
      *out++ = keys_.empty() ? '{' : ',';
      out = write_string(out, field.name, field.name.data() + field.name.size());
      *out++ = ':';
      key.resize(static_cast<std::size_t>(out - key.data()));
      keys_.push_back(std::move(key));
    }
  }

  std::string header() const override { return {}; }

  std::int64_t encode(const Batch& batch, std::int64_t row, std::size_t full_bytes, TextBuffer& buffer) override {
    const std::vector<ValueColumn> columns = value_columns(batch, keys_.size());
    char* out = buffer.end();
    for (bool full = false; row < batch.num_rows && !full; ++row) {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        out = buffer.room(out, keys_[c].size() + kValueRoom);
        out = copy_short(out, keys_[c]);
        out = write_value(columns[c], row, out, buffer);
      }
      out = buffer.room(out, kValueRoom);
      out = copy_short(out, columns.empty() ? "{}\n" : "}\n");
      buffer.set_end(out);
      full = buffer.size() >= full_bytes;
    }
    return row;
  }

 private:
  static char* write_value(const ValueColumn& column, std::int64_t row, char* out, TextBuffer& buffer) {
    if (column.missing(row)) return copy_short(out, "null");
    switch (column.kind) {
      case Kind::kInt64:
        return write_int64(out, column.int64(row));
      case Kind::kFloat64:
        return write_number(out, column.float64(row));
      case Kind::kBool:
        return copy_short(out, column.boolean(row) ? "true" : "false");
      case Kind::kDate:
        return write_quoted_date(out, column.date(row));
      case Kind::kTimestamp:
        return write_quoted_timestamp(out, column.int64(row));
      default:
        break;
    }
    const std::string_view text = column.string(row);
    out = buffer.room(out, 6 * text.size() + kValueRoom);
    return write_string(out, text, column.readable_end);
  }

  std::vector<std::string> keys_;  ///< with the brace or comma before and the colon behind
};

}  // namespace

std::unique_ptr<RowEncoder> make_json_encoder(const Fields& fields) { return std::make_unique<JsonEncoder>(fields); }

}  // namespace evclean
