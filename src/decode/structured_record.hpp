// SPDX-License-Identifier: Apache-2.0
// What the CSV and JSON decoders share: the ledger of one decode() call (records, blanks, rejects with their line
// numbers) and the memory of a record that is too long to be held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "evclean/decoder.hpp"

namespace evclean {

/// Builds the DecodeResult of one call. Line numbers are counted as far as a reject asks for them, once.
class RecordLog {
 public:
  RecordLog(const DecodeInput& input, bool lone_cr) : input_(input), lone_cr_(lone_cr), counted_to_(input.begin) {}

  void add_rows(std::int64_t rows) { result_.lines += rows; }
  void add_blank(std::int64_t records = 1) {
    result_.lines += records;
    result_.blank += records;
  }
  /// A reject for text [begin, end). Order: calls come with ascending `begin`.
  void add_reject(std::size_t begin, std::size_t end, std::string reason, std::string detail = {});
  /// Text [begin, end) is known to have so many line ends: it is not looked through for them.
  void add_line_ends(std::size_t begin, std::size_t end, std::int64_t ends);
  /// Sets consumed and newlines; the batch's origin and text come from the input.
  DecodeResult finish(std::size_t consumed);
  DecodeResult& result() { return result_; }

 private:
  std::int64_t line_ends_before(std::size_t offset);
  std::int64_t line_ends_before_call();

  const DecodeInput& input_;
  bool lone_cr_;
  std::size_t counted_to_;  ///< from input.begin on
  std::int64_t counted_ = 0;
  std::int64_t before_call_ = -1;  ///< line ends of the block before input.begin; -1: not counted
  DecodeResult result_;
};

/// Remembers that the rest of an overlong record is to be passed over when decoding goes on at `resume_at`.
struct Passing {
  bool active = false;
  std::int64_t resume_at = -1;  ///< offset in the file's text

  void begin(std::int64_t at) {
    active = true;
    resume_at = at;
  }
  void end() { active = false; }
  /// True when the call goes on where the overlong record was left.
  bool continues_at(std::int64_t at) const { return active && at == resume_at; }
};

/// A batch with more cells than this is handed on before the text is used up: thousands of columns with short rows
/// would need many times the memory of their text.
inline constexpr std::size_t kMaxBatchCells = 8 << 20;

/// The longest record that can be decoded: max_line, but never beyond what a Span can hold.
std::size_t record_limit(const FormatSpec& spec);

}  // namespace evclean
