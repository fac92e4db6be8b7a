// SPDX-License-Identifier: Apache-2.0
// CSV to batches of spans.
//
// Rules. A field is quoted when its first byte is the quote; a quote elsewhere is a byte like any other. In quotes a
// doubled quote is one quote, line ends and delimiters are text. Short rows are squared up with missing; a row with
// more fields than columns is a reject, unless just one is too many and it is empty. A line of blanks, a comment and a
// row that repeats the header are blank.
// Bad quoting (text behind a closing quote, a quote that is not closed before the file ends or within max_line)
// rejects the line where the record began and nothing else: reading goes on with the next line, so a stray quote
// never eats its neighbours. When more than 64 KiB had to be read to see the damage, records that begin within them
// must close their quotes on their own line (otherwise hostile input could make every line cost so much).
// A record longer than max_line is a reject up to the end of its first line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "csv_index.hpp"
#include "csv_layout.hpp"
#include "evclean/decoder.hpp"
#include "structured_record.hpp"

namespace evclean {

class CsvDecoder final : public Decoder {
 public:
  CsvDecoder(const FormatSpec& spec, bool tsv);

  void begin_file(const InputFile& file, std::string_view head) override;
  const std::vector<InputColumn>& columns() const override { return columns_; }
  std::size_t first_record(std::string_view text, std::size_t from, bool at_end) override;
  DecodeResult decode(const DecodeInput& input) override;
  bool lone_cr() const override { return layout_.dialect.lone_cr; }

 private:
  struct Call;  ///< one decode(): input, rows so far

  std::size_t pass_over(Call& call, std::size_t at);
  std::size_t front(Call& call, std::size_t at);
  std::size_t window(Call& call, std::size_t at);
  std::size_t window_end(const Call& call, std::size_t at) const;
  std::size_t rows(Call& call, std::size_t at);
  bool odd_row(const Call& call, std::size_t row) const;
  bool may_repeat_header(const Call& call, std::size_t row) const;
  void fill(Call& call, std::size_t first, std::size_t count);
  template <bool kQuotes>
  void fill_column(Call& call, std::size_t column, const std::uint32_t* marks, std::size_t count);
  Span quoted_span(Call& call, std::size_t begin, std::size_t end);

  std::size_t one_record(Call& call, std::size_t at);
  bool comment_line(const Call& call, std::size_t at, CsvLine& line) const;
  std::size_t bad_record(Call& call, std::size_t at, std::size_t seen, std::string reason);
  std::size_t take_record(Call& call, std::size_t at, const CsvRecord& record);
  bool is_header(const Call& call) const;
  void add_row(Call& call, std::size_t begin, std::size_t end);

  bool after_quoted_start(std::string_view text, std::size_t from, bool at_end, std::size_t& begin);
  bool after_plain_start(std::string_view text, std::size_t from, bool at_end, std::size_t& begin);
  double row_share(std::string_view text, std::size_t from, bool at_end);

  FormatSpec spec_;
  bool tsv_;
  std::size_t limit_;
  CsvLayout layout_;
  std::vector<InputColumn> columns_;
  CsvIndex index_;
  std::vector<CsvField> fields_;  ///< of the record scanned last
  std::string scratch_;
  Passing passing_;
  std::int64_t one_line_until_ = -1;  ///< offset in the file's text up to which quotes close on their line
};

}  // namespace evclean
