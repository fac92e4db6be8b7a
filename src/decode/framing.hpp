// SPDX-License-Identifier: Apache-2.0
// Where records begin and end in formats that are written line by line: a record is a line, or with `multiline:` a run
// of lines that begins at one which matches. Lines end with LF or CR LF; the last one may lack its end.
//
// Blank are: lines without anything but blanks, lines before `skip`, lines that begin with the comment sign.
// A record longer than max_line is told once and then passed over, over as many calls as it takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "evclean/decoder.hpp"
#include "evclean/pattern.hpp"
#include "structured_record.hpp"

namespace evclean {

enum class FrameKind : std::uint8_t { kRecord, kBlank, kTooLong };

/// A record's bytes in the block: [begin, end) without the line end; the next one begins at `next`.
struct Frame {
  FrameKind kind = FrameKind::kRecord;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t next = 0;
};

class Framer {
 public:
  /// Errors: user Error for a bad `multiline: {start: ..}`.
  explicit Framer(const FormatSpec& spec);

  void begin_file(std::string_view head);
  std::size_t first_record(std::string_view text, std::size_t from, bool at_end);

  /// Where this call's records begin: input.begin, or behind the rest of a record that is being passed over.
  std::size_t resume(const DecodeInput& input);
  /// The record at `at`; false: it is not owned, or not complete yet.
  bool next(const DecodeInput& input, std::size_t at, Frame& frame);
  /// Corrects the line counts of a call for a record that is passed over: its line end counts where it begins, because
  /// the reader may stop before it comes.
  void correct(DecodeResult& result) const;

  bool multiline() const { return start_.has_value(); }
  std::size_t limit_bytes() const { return limit_bytes_; }

 private:
  struct Line {
    std::size_t end = 0;
    std::size_t next = 0;
  };
  static bool find_line(const DecodeInput& input, std::size_t at, Line& line);
  bool starts_record(std::string_view line);
  bool next_line(const DecodeInput& input, std::size_t at, Frame& frame);
  bool next_event(const DecodeInput& input, std::size_t at, Frame& frame);
  bool event_goes_on(const DecodeInput& input, std::size_t begin, std::size_t at, Frame& frame, bool& complete);
  bool pass_from(const DecodeInput& input, std::size_t at, Frame& frame);
  std::size_t pass_line(const DecodeInput& input, std::size_t at);
  std::size_t pass_event(const DecodeInput& input, std::size_t at);
  FrameKind kind_of(const DecodeInput& input, const Frame& frame) const;

  std::int64_t skip_lines_;
  std::string comment_;
  std::optional<Pattern> start_;
  std::size_t limit_bytes_;
  std::int64_t skip_end_ = 0;  ///< offset in the file of the first line that is not skipped
  Passing passing_;
  bool mid_line_ = false;  ///< passing over: the text at hand begins inside a line
  bool passing_began_ = false;
  bool passing_ended_ = false;
};

/// True when a line holds nothing but blanks and tabs.
bool is_blank_line(std::string_view line);

}  // namespace evclean
