// SPDX-License-Identifier: Apache-2.0
// Blocks of text to batches of raw or typed columns. A decoder knows where records begin and end; the reader that
// feeds it does not. One decoder object serves one file after another on one rank.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/batch.hpp"
#include "evclean/pattern_tally.hpp"
#include "evclean/reject.hpp"
#include "evclean/source.hpp"
#include "evclean/types.hpp"

namespace evclean {

/// An entry of `types:`.
struct DeclaredType {
  std::string column;
  std::string type;  ///< as written: int64, date:%d/%m/%Y
};

/// How to read records: the keys of `input` and of each table that concern decoding.
struct FormatSpec {
  std::vector<std::string> formats = {"auto"};  ///< names; several are tried in order, line by line
  std::vector<std::string> patterns;            ///< for regex
  bool header = true;
  bool header_auto = false;  ///< header: auto
  std::string delimiter;     ///< empty: sniffed
  std::string quote;         ///< empty: sniffed; "none": no quoting
  std::string comment;
  std::int64_t skip = 0;        ///< lines to skip at the start of each file
  std::string multiline_start;  ///< regex; empty: one line a record
  std::int64_t max_line_bytes = 16 << 20;
  std::int32_t max_columns = 10'000;
  std::int32_t max_depth = 256;  ///< JSON
  std::string timezone = "UTC";  ///< for times without offset
  std::int32_t year = 0;         ///< syslog; 0: the file's modification year
  bool format_column = false;    ///< with several formats: adds `_format`
  NullOptions nulls;
  std::vector<DeclaredType> types;
};

/// A column as the decoder gives it. Fixed types come from presets; others are inferred.
struct InputColumn {
  std::string name;
  bool fixed = false;
  ValueType type = ValueType::kString;  ///< when fixed
};

/// One call's worth of text. `text` holds bytes [begin, size); the decoder may append to its side area.
struct DecodeInput {
  TextBlockPtr text;
  std::size_t begin = 0;      ///< first byte not consumed yet
  std::size_t text_end = 0;   ///< end of the input text in the block (side area beyond)
  std::size_t owned_end = 0;  ///< records that begin at or after it belong to the next split: stop there
  bool at_end = false;        ///< no bytes follow text_end in the file (a last line may lack its newline)
  BlockOrigin origin;         ///< byte_offset and first_line of text byte 0
  bool cut_off = false;       ///< with at_end: damage has taken what stood behind text_end

  /// A record at `at` that the text ends within was cut off there, and is no stray quote or bracket much before it.
  bool cuts_record_off(std::size_t at) const { return at_end && cut_off && text_end - at <= kMostCutOff; }
  static constexpr std::size_t kMostCutOff = 64 << 10;
};

/// What one call gave.
struct DecodeResult {
  Batch batch;                    ///< the records that are rows; records/text/origin filled
  std::vector<Reject> rejects;    ///< in order; file, segment, line, byte_offset filled
  std::int64_t lines = 0;         ///< records consumed: rows + rejects + blank
  std::int64_t blank = 0;         ///< headers, directives, comments, blank lines
  std::int64_t newlines = 0;      ///< line ends consumed, for line numbers
  std::size_t consumed = 0;       ///< the block's bytes before this offset are done with; the rest waits for more text
  std::int64_t extra_fields = 0;  ///< rows with unknown trailing fields (kept in `extra`)
  std::int64_t duplicate_keys = 0;     ///< JSON: keys given twice in one object (the last value counts)
  std::vector<PatternTally> patterns;  ///< of a series of patterns, in its order; empty: the format has none
  std::int64_t lone_surrogates = 0;    ///< JSON: \uD800-\uDFFF without its pair, replaced by U+FFFD
  std::int64_t preamble_lines = 0;     ///< CSV: text above the header, passed over (among the blank)
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Begins a file: sniffs what the format needs from the first bytes of its text. Errors: user Error naming the file.
  virtual void begin_file(const InputFile& file, std::string_view head) = 0;
  /// Columns known so far in the current file, in their order (grows while JSON is read).
  virtual const std::vector<InputColumn>& columns() const = 0;
  /// Finds where the first record begins at or after `from` in `text`, when reading starts in the middle of a file
  /// at text[0] (the byte before the segment's begin is text[0]; from is 1). npos: not in these bytes.
  /// For CSV this is a guess that the engine verifies against the end of the split before.
  virtual std::size_t first_record(std::string_view text, std::size_t from, bool at_end) = 0;
  /// Decodes whole records from input.begin on: all that are complete, until about `max_rows`. Never throws for
  /// bad data. A record longer than max_line becomes a reject ("longer than max_line") without being held in memory.
  virtual DecodeResult decode(const DecodeInput& input) = 0;
  /// The byte that the text of the current file ends with, blanks aside, if nothing is missing; 0: any may.
  virtual char closing_byte() const { return 0; }
  /// Whether a CR without LF ends a line of the current file, too; line numbers count it then (count_line_ends()).
  virtual bool lone_cr() const { return false; }
};

/// Makes the decoder for one format name (presets included). Errors: user Error for an unknown name
/// (with did-you-mean), a bad or group-less pattern (with caret).
std::unique_ptr<Decoder> make_decoder(const FormatSpec& spec, const std::string& format);

/// The format chosen for `auto` from heads of several files, and why (one line for people).
struct AutoChoice {
  std::string format;
  std::string why;
};
AutoChoice choose_format(const FormatSpec& spec, const std::vector<std::string>& heads,
                         const std::vector<std::string>& names);

/// Presets: name, one line about it, an example line, its columns.
struct FormatInfo {
  std::string name;
  std::string about;
  std::string example;
  std::vector<InputColumn> columns;
};
std::vector<FormatInfo> known_formats();

}  // namespace evclean
