// SPDX-License-Identifier: Apache-2.0
// The fast way through access logs. Stage one indexes quotes and line ends; stage two takes a line whose quotes stand
// where a regular line has them and picks its fields by position. Whatever is odd goes to AccessParser, which decides.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "access_parser.hpp"
#include "byte_index.hpp"
#include "is_digit.hpp"

namespace evclean {
namespace {

constexpr std::uint64_t kHttpText = 0x0000002F50545448;  // "HTTP/" as little-endian bytes
constexpr std::uint64_t kHttpMask = 0x000000FFFFFFFFFF;
constexpr std::uint32_t kGetText = 0x20544547;  // "GET "
constexpr std::uint64_t kZeros = 0x3030303030303030;

std::uint64_t load_eight(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, 8);
  return word;
}

/// 1 to 8 digits that end at `end`, without leading zeros; at least 8 readable bytes stand before `end`.
bool read_digits(const char* end, std::size_t length, std::int64_t& value) {
  if (length - 1 > 7) return false;
  if (end[-static_cast<std::ptrdiff_t>(length)] == '0' && length > 1) return false;
  // The digits move to the top, zeros fill the bottom; xor, because a subtraction would borrow from a neighbour.
  const unsigned fill = static_cast<unsigned>(8 - length) * 8;
  const std::uint64_t kept = (load_eight(end - 8) >> fill) << fill;
  const std::uint64_t digits = kept ^ ((kZeros >> fill) << fill);
  if (((digits | (digits + 0x7676767676767676)) & 0x8080808080808080) != 0) return false;
  const std::uint64_t pairs = (digits * 10) + (digits >> 8);
  const std::uint64_t low = (pairs & 0x000000FF000000FF) * 0x000F424000000064;
  const std::uint64_t high = ((pairs >> 16) & 0x000000FF000000FF) * 0x0000271000000001;
  value = static_cast<std::int64_t>((low + high) >> 32);
  return true;
}

/// Where the request's three parts lie.
struct Request {
  std::size_t method_end;
  std::size_t path;
  std::size_t path_end;
};

/// Splits "GET /path HTTP/1.1" at [begin, end); false: not that regular.
bool split_request(const char* text, std::size_t begin, std::size_t end, Request& request) {
  if (end - begin < 14) return false;
  const std::uint64_t tail = load_eight(text + end - 8);
  const bool http = (tail & kHttpMask) == kHttpText && is_digit(text[end - 3]) && text[end - 2] == '.' &&
                    is_digit(text[end - 1]) && text[end - 9] == ' ' && text[end - 10] != '\\';
  if (!http) return false;
  std::uint32_t word = 0;
  std::memcpy(&word, text + begin, 4);
  std::size_t at = begin + 3;
  if (word != kGetText) {
    at = begin;
    while (static_cast<unsigned char>((text[at] | 0x20) - 'a') < 26) ++at;
    if (at == begin || text[at] != ' ') return false;
  }
  request = {at, at + 1, end - 9};
  return request.path < request.path_end && !contains_byte(text, request.path, request.path_end, ' ');
}

/// Where a row's cells are written: one pointer a column, at the next row.
struct Cells {
  std::array<Span*, kAccessColumns> spans{};
  std::array<std::int64_t*, kAccessColumns> values{};
  std::array<std::uint8_t*, kAccessColumns> valid{};
};

template <AccessFormat kFormat>
class AccessDecoder : public Decoder {
 public:
  explicit AccessDecoder(const FormatSpec& spec) : framer_(spec), parser_(kFormat), writer_(parser_.columns(), spec) {
    take_columns();
  }

  void begin_file(const InputFile&, std::string_view head) override { framer_.begin_file(head); }
  const std::vector<InputColumn>& columns() const override { return columns_; }
  std::size_t first_record(std::string_view text, std::size_t from, bool at_end) override {
    return framer_.first_record(text, from, at_end);
  }

  DecodeResult decode(const DecodeInput& input) override {
    RecordLog log(input, false);
    std::size_t at = framer_.resume(input);
    const std::size_t owned = std::min(input.text_end, input.owned_end);
    const std::size_t count =
        at < owned ? index_quotes_and_lines(input.text->data(), at, end_of_line(input, owned), marks_) : 0;
    writer_.begin_batch(input.text, count / kMarks + 16);
    std::size_t mark = 0;
    while (at < owned) {
      const std::int64_t rows_before = writer_.rows();
      const std::size_t begin = std::exchange(at, take_regular_lines(input, at, owned, mark, count));
      if (at > begin) log.add_line_ends(begin, at, writer_.rows() - rows_before);
      if (!take_odd_record(input, at, log)) break;
      while (mark < count && marks_[mark] < at) ++mark;
    }
    return finish(input, at, log);
  }

 private:
  static constexpr bool kCombined = kFormat == AccessFormat::kCombined;
  static constexpr std::size_t kMarks = kCombined ? 7 : 3;  ///< quotes and the line end of a regular line

  /// The end of the line that holds the last byte owned, as far as it is at hand.
  static std::size_t end_of_line(const DecodeInput& input, std::size_t owned) {
    const char* text = input.text->data();
    const void* found = std::memchr(text + owned - 1, '\n', input.text_end - (owned - 1));
    return found == nullptr ? input.text_end : static_cast<std::size_t>(static_cast<const char*>(found) - text) + 1;
  }

  void point(Cells& cells) {
    int column = 0;
    const auto row = static_cast<std::size_t>(writer_.rows());
    for (const AccessColumn field : access_columns(kFormat)) {
      if (field == kTime || field == kStatus || field == kBytes) {
        cells.values[field] = writer_.fixed(column).values.data() + row;
        cells.valid[field] = writer_.fixed(column).valid.data() + row;
      } else {
        cells.spans[field] = writer_.spans(column).data() + row;
      }
      ++column;
    }
    if (parser_.extra_column() >= 0) cells.spans[kExtra] = writer_.spans(parser_.extra_column()).data() + row;
  }

  /// Takes lines for as long as they are regular; returns where the first other one begins.
  std::size_t take_regular_lines(const DecodeInput& input, std::size_t at, std::size_t owned, std::size_t& mark,
                                 std::size_t count) {
    if (mark + kMarks > count) return at;
    writer_.reserve(writer_.rows() + static_cast<std::int64_t>((count - mark) / kMarks) + 1);
    Cells cells;
    point(cells);
    const char* text = input.text->data();
    RecordRef* record = writer_.records() + writer_.rows();
    std::size_t rows = 0;
    while (at < owned && mark + kMarks <= count) {
      const std::uint32_t* marks = marks_.data() + mark;
      const std::size_t used = line_marks(text, marks, count - mark);
      const std::size_t end = used == 0 ? 0 : take_line(text, at, marks, used, cells, rows);
      if (end == 0) break;
      record[rows++] = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end - at)};
      at = marks[used - 1] + std::size_t{1};
      mark += used;
    }
    writer_.add_rows(static_cast<std::int64_t>(rows));
    return at;
  }

  /// Marks up to the line's end, if their number is that of a regular line, else 0. One more quoted field (nginx's
  /// forwarded address) is regular too, once the column `extra` is there.
  std::size_t line_marks(const char* text, const std::uint32_t* marks, std::size_t left) const {
    if (text[marks[kMarks - 1]] == '\n') return kMarks;
    const bool extra = kCombined && parser_.extra_column() >= 0 && left >= kMarks + 2 && text[marks[kMarks]] == '"' &&
                       text[marks[kMarks + 1]] == '\n';
    return extra ? kMarks + 2 : 0;
  }

  /// The line's end (without CR), or 0 when it is not regular.
  std::size_t take_line(const char* text, std::size_t at, const std::uint32_t* marks, std::size_t used,
                        const Cells& cells, std::size_t row) {
    const std::size_t line = marks[used - 1];
    if (line - at > framer_.limit_bytes()) return 0;
    const std::size_t end = line - (text[line - 1] == '\r');
    const std::size_t open = marks[0];
    const std::size_t close = marks[1];
    if (text[open] != '"' || text[close] != '"' || text[close - 1] == '\\') return 0;
    if (!take_head(text, at, open, cells, row) || !take_request(text, open + 1, close, cells, row)) return 0;
    if constexpr (kCombined) {
      if (!take_quoted(text, marks, cells, row)) return 0;
      if (!take_numbers(text, close, marks[2] - 1, cells, row)) return 0;
      return take_end(text, marks[5] + std::size_t{1}, end, cells, row) ? end : 0;
    } else {
      return take_numbers(text, close, end, cells, row) ? end : 0;
    }
  }

  /// Nothing more, or a blank and a field with quotes.
  bool take_end(const char* text, std::size_t at, std::size_t end, const Cells& cells, std::size_t row) {
    if (at == end) return true;
    if (parser_.extra_column() < 0 || text[at] != ' ' || !contains_byte(text, at, end, '"')) return false;
    put(cells, kExtra, row, at + 1, end);
    parser_.count_extra();
    return true;
  }

  static void put(const Cells& cells, AccessColumn column, std::size_t row, std::size_t begin, std::size_t end) {
    cells.spans[column][row] = Span::of(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin));
  }

  static void put_value(const Cells& cells, AccessColumn column, std::size_t row, std::int64_t value) {
    cells.values[column][row] = value;
    cells.valid[column][row] = 1;
  }

  /// ip ident user [26 characters of time] "
  static bool take_head(const char* text, std::size_t at, std::size_t open, const Cells& cells, std::size_t row) {
    std::uint64_t blanks = byte_mask_64(text + at, ' ');
    const std::uint64_t brackets = byte_mask_64(text + at, '[');
    const auto ip = static_cast<std::size_t>(std::countr_zero(blanks));
    blanks &= blanks - 1;
    const auto ident = static_cast<std::size_t>(std::countr_zero(blanks));
    blanks &= blanks - 1;
    const auto user = static_cast<std::size_t>(std::countr_zero(blanks));
    // The first bracket behind ident opens the time; 64 stands for none.
    if (user > 62 || ip == 0 || ident == ip + 1 || user == ident + 1) return false;
    if (static_cast<std::size_t>(std::countr_zero(brackets >> (ident + 1))) != user - ident) return false;
    const std::size_t time = at + user + 2;
    if (open != time + 28 || text[time + 26] != ']' || text[time + 27] != ' ') return false;
    std::int64_t us = 0;
    if (!parse_clf_time(text + time, 26, us)) return false;
    put(cells, kIp, row, at, at + ip);
    put(cells, kIdent, row, at + ip + 1, at + ident);
    put(cells, kUser, row, at + ident + 1, at + user);
    put_value(cells, kTime, row, us);
    return true;
  }

  static bool take_request(const char* text, std::size_t begin, std::size_t end, const Cells& cells, std::size_t row) {
    Request request;
    if (!split_request(text, begin, end, request)) return false;
    put(cells, kMethod, row, begin, request.method_end);
    put(cells, kPath, row, request.path, request.path_end);
    put(cells, kProtocol, row, request.path_end + 1, end);
    return true;
  }

  /// "referer" "user agent".
  static bool take_quoted(const char* text, const std::uint32_t* marks, const Cells& cells, std::size_t row) {
    const std::size_t referer = marks[2];
    const std::size_t referer_end = marks[3];
    const std::size_t agent = marks[4];
    const std::size_t agent_end = marks[5];
    const bool quotes = (text[referer] == '"') & (text[referer_end] == '"') & (text[agent] == '"') &
                        (text[agent_end] == '"') & (text[referer - 1] == ' ') & (text[referer_end - 1] != '\\') &
                        (agent == referer_end + 2) & (text[referer_end + 1] == ' ') & (text[agent_end - 1] != '\\');
    if (!quotes) return false;
    put(cells, kReferer, row, referer + 1, referer_end);
    put(cells, kUserAgent, row, agent + 1, agent_end);
    return true;
  }

  /// " 200 1234" between the request's closing quote and `end`.
  static bool take_numbers(const char* text, std::size_t close, std::size_t end, const Cells& cells, std::size_t row) {
    const char* status = text + close + 2;
    if (end < close + 7 || status[-1] != ' ' || status[3] != ' ' || status[0] == '0') return false;
    if (!is_digit(status[0]) || !is_digit(status[1]) || !is_digit(status[2])) return false;
    const std::size_t length = end - (close + 6);
    std::int64_t bytes = 0;
    const bool none = length == 1 && text[end - 1] == '-';
    if (!none && !read_digits(text + end, length, bytes)) return false;
    put_value(cells, kStatus, row, (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0'));
    cells.values[kBytes][row] = bytes;
    cells.valid[kBytes][row] = none ? 0 : 1;
    return true;
  }

  bool take_odd_record(const DecodeInput& input, std::size_t& at, RecordLog& log) {
    Frame frame;
    if (!framer_.next(input, at, frame)) return false;
    at = frame.next;
    if (frame.kind == FrameKind::kBlank) {
      log.add_blank();
    } else if (frame.kind == FrameKind::kTooLong) {
      reject_too_long(log, frame, framer_.limit_bytes());
    } else {
      parse_odd_line(input, frame, log);
    }
    return true;
  }

  void parse_odd_line(const DecodeInput& input, const Frame& frame, RecordLog& log) {
    const RecordRef ref{static_cast<std::uint32_t>(frame.begin), static_cast<std::uint32_t>(frame.end - frame.begin)};
    writer_.begin_row();
    Complaint complaint;
    if (parser_.parse({*input.text, ref}, writer_, complaint) == Parsed::kRow) {
      writer_.commit(ref);
    } else {
      log.add_reject(frame.begin, frame.end, std::move(complaint.reason), std::move(complaint.detail));
    }
  }

  DecodeResult finish(const DecodeInput&, std::size_t at, RecordLog& log) {
    take_columns();
    log.add_rows(writer_.rows());
    DecodeResult result = log.finish(at);
    framer_.correct(result);
    writer_.finish(result.batch);
    result.extra_fields = parser_.take_extra_fields();
    return result;
  }

  void take_columns() {
    for (std::size_t i = columns_.size(); i < writer_.types().size(); ++i)
      columns_.push_back(writer_.types()[i].column);
  }

  Framer framer_;
  AccessParser parser_;
  RowWriter writer_;
  std::vector<InputColumn> columns_;
  std::vector<std::uint32_t> marks_;
};

/// Whether numbers and times are what they look like: no word for missing reads as one, and `-` is such a word.
bool has_usual_words(const FormatSpec& spec) {
  const auto is_value = [](const std::string& word) {
    std::int64_t value = 0;
    return parse_int64(word, value) || parse_clf_time(word.data(), word.size(), value);
  };
  return log_words(spec).contains("-") && std::none_of(spec.nulls.words.begin(), spec.nulls.words.end(), is_value);
}

bool has_usual_types(const FormatSpec& spec, AccessFormat format) {
  const std::vector<CellType> types = AccessParser(format).columns();
  return std::all_of(types.begin(), types.end(),
                     [&](const CellType& type) { return wanted_cell(type, spec.types).column.fixed; });
}

}  // namespace

std::unique_ptr<Decoder> make_access_decoder(const FormatSpec& spec, AccessFormat format) {
  const bool plain = spec.skip == 0 && spec.comment.empty() && spec.multiline_start.empty();
  if (!plain || !has_usual_words(spec) || !has_usual_types(spec, format)) {
    return std::make_unique<FramedDecoder>(spec, std::make_unique<AccessParser>(format));
  }
  if (format == AccessFormat::kCombined) return std::make_unique<AccessDecoder<AccessFormat::kCombined>>(spec);
  return std::make_unique<AccessDecoder<AccessFormat::kCommon>>(spec);
}

}  // namespace evclean
