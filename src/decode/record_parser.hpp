// SPDX-License-Identifier: Apache-2.0
// Formats in which every record stands for itself: a parser reads one record into one row; FramedDecoder does the rest
// (framing, rejects, counts).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evclean/carried_state.hpp"
#include "evclean/decoder.hpp"
#include "framing.hpp"
#include "row_writer.hpp"

namespace evclean {

enum class Parsed : std::uint8_t {
  kRow,
  kBlank,   ///< a directive
  kReject,  ///< the complaint is filled
};

/// Why a record is no row.
struct Complaint {
  std::string reason;
  std::string detail;
};

/// A record in its block. The block's buffer may move when text is appended to it: ask for view() anew.
struct RecordText {
  TextBlock& block;
  RecordRef ref;
  std::string_view view() const { return {block.data() + ref.offset, ref.length}; }
};

class RecordParser {
 public:
  virtual ~RecordParser() = default;
  virtual void begin_file(const InputFile&, std::string_view /*head*/, RowWriter&) {}
  /// Columns known from the format alone, in their order. More are added through RowWriter::add_column, by begin_file()
  /// or parse().
  virtual std::vector<CellType> columns() const = 0;
  /// Fills cells of the row that `row` has begun; cell i is the i-th column, counting those added.
  virtual Parsed parse(const RecordText& record, RowWriter& row, Complaint& complaint) = 0;
  /// Rows with unknown trailing fields since the last call.
  virtual std::int64_t take_extra_fields() { return 0; }
  /// Keys that came twice in one row since the last call.
  virtual std::int64_t take_duplicate_keys() { return 0; }
  /// How the format's patterns did since the last call; empty: it has none.
  virtual std::vector<PatternTally> take_tallies() { return {}; }
  /// As CarriesState: what directives before a record say about it.
  virtual bool carries_state() const { return false; }
  virtual std::string state() const { return {}; }
  virtual void set_state(std::string_view /*state*/, RowWriter&) {}
  virtual std::string state_behind(std::string_view /*lines*/, std::string_view state) const {
    return std::string(state);
  }
  /// True when words for missing do not concern the columns (format `lines`).
  virtual bool verbatim() const { return false; }
};

/// Decodes records with a parser.
class FramedDecoder : public Decoder, public CarriesState {
 public:
  FramedDecoder(const FormatSpec& spec, std::unique_ptr<RecordParser> parser);

  void begin_file(const InputFile& file, std::string_view head) override;
  const std::vector<InputColumn>& columns() const override { return columns_; }
  std::size_t first_record(std::string_view text, std::size_t from, bool at_end) override;
  DecodeResult decode(const DecodeInput& input) override;
  bool carries_state() const override { return parser_->carries_state(); }
  std::string state() const override { return parser_->state(); }
  void set_state(std::string_view state) override;
  std::string state_behind(std::string_view lines, std::string_view state) const override {
    return parser_->state_behind(lines, state);
  }

 private:
  void take_columns();
  void decode_record(const DecodeInput& input, const Frame& frame, RecordLog& log);

  Framer framer_;
  std::unique_ptr<RecordParser> parser_;
  RowWriter writer_;
  std::vector<InputColumn> columns_;
  std::int32_t year_;
  std::size_t bytes_per_row_ = 200;
};

/// The year of a file's last change, in UTC; 0 when that is not known.
std::int32_t year_of(const InputFile& file);

/// Tells a record that is longer than max_line. Order: as add_reject.
void reject_too_long(RecordLog& log, const Frame& frame, std::size_t limit_bytes);

/// "field status: 'abc' is not an int64".
std::string misfit_reason(const CellType& type, std::string_view text);

}  // namespace evclean
