// SPDX-License-Identifier: Apache-2.0
// Turns the tokens of one JSON object into one row of spans, checking all of JSON's grammar on the way. A record that
// turns out bad leaves no trace: neither a row nor a column.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "evclean/decoder.hpp"
#include "json_alike.hpp"
#include "json_expected.hpp"
#include "json_keys.hpp"
#include "json_text.hpp"
#include "structured_record.hpp"

namespace evclean {

/// What is wrong with a record, and where in the block.
struct JsonFault {
  std::string what;
  std::size_t at = 0;
};

class JsonRows {
 public:
  explicit JsonRows(const FormatSpec& spec) : max_columns_(spec.max_columns), max_depth_(spec.max_depth) {}

  void begin_file();
  const std::vector<InputColumn>& columns() const { return columns_; }

  /// Begins a call: no rows, every known column.
  void begin_call(TextBlockPtr text, std::size_t expected_rows);
  /// The tokens of text from `base` on; they end at `end`.
  void begin_tokens(const std::uint32_t* positions, std::size_t base, std::size_t end);
  /// Reads the object that begins at token `token` and may not pass `limit`. Gives the token behind it, or 0 (see
  /// fault()). The row is not kept before commit(); drop() forgets it.
  std::size_t read(std::size_t token, std::size_t limit);
  /// The same of a record at `begin` that looks like one before it, from its text alone: gives the place behind it, or
  /// 0 for any other and for one that does not end before `text_end`.
  std::size_t read_alike(std::size_t begin, std::size_t text_end);
  /// A record that was read so is not to be kept.
  void drop_alike() { forget_alike(); }
  void commit(RecordRef record);
  void drop();
  const JsonFault& fault() const { return fault_; }
  void set_fault(std::string what, std::size_t at);

  std::size_t rows() const { return row_; }
  /// True when the batch holds so many cells that it should be handed on.
  bool full() const {
    const std::size_t cells = rows() * columns_.size();
    return cells > kMaxCells || (cells >= kGoodCells && rows() >= kGoodRows);
  }
  /// Moves names, columns and records into the batch, and the counters into the result.
  void finish(DecodeResult& result);

  std::size_t position(std::size_t token) const { return base_ + positions_[token]; }
  char at(std::size_t offset) const { return data_[offset]; }

 private:
  static constexpr std::size_t kMaxCells = kMaxBatchCells;
  static constexpr std::size_t kWholeRecord = SIZE_MAX;
  /// Cells that stay in the second-level cache with their text until they are written, and rows enough to make up for
  /// the cost of a batch.
  static constexpr std::size_t kGoodCells = 64 << 10;
  static constexpr std::size_t kGoodRows = 1024;

  struct Open {
    std::uint32_t node;
    std::uint32_t before;  ///< the key read last in it
  };

  std::size_t fail(std::string what, std::size_t at);
  std::size_t fail_at(std::size_t token, const char* expected);
  bool open_object(std::uint32_t node, std::size_t token);
  std::size_t read_expected(std::size_t& token);
  void note_expected(std::size_t pairs);
  bool expected_value(std::size_t begin, std::size_t end, Span& span);
  void learn_pairs(std::size_t tokens);
  AlikePlace* next_alike(AlikePlace& place, const char* at, const char* end);
  bool unescape_alike();
  void forget_alike();
  void note_unalike(std::size_t first, std::size_t token);
  bool learn_alike(std::size_t first, std::size_t token);
  bool follow_glue(std::size_t first, std::size_t token, std::size_t depth, std::vector<AlikePlace>& path);
  bool add_alike_key(std::uint32_t key, KeySet& keys);
  void forget_shapes() {
    expected_.clear();
    alike_.clear();
    alike_keys_.clear();
  }
  std::size_t read_pair(std::size_t token);
  std::size_t close_objects(std::size_t token);
  bool find_key(std::size_t token);
  bool add_key(std::size_t begin, std::size_t size);
  bool check_known(JsonKey& key);
  void repeated(JsonKey& key);
  void forget_value(JsonKey& key);
  void clear_object(std::uint32_t node);
  bool store(Span span) {
    JsonKey& key = keys_.key(key_);
    if (key.column < 0 && !give_column(key)) return false;
    Span& cell = cells_[static_cast<std::size_t>(key.column)][row_];
    duplicate_keys_ += key.shared && !cell.missing();
    cell = span;
    return true;
  }
  bool give_column(JsonKey& key);
  bool string_value(std::size_t begin, std::size_t end);
  bool escaped_value(std::size_t begin, std::size_t end);
  bool no_value(std::size_t begin, std::size_t end);
  std::size_t cut_off(std::size_t token);
  bool scalar_value(std::size_t begin, std::size_t end);
  std::size_t array_value(std::size_t token);
  std::size_t skip_value(std::size_t token);
  std::size_t skip_after_value(std::size_t token, bool& done);
  std::size_t skip_key(std::size_t token);
  bool check_scalar(std::size_t begin, std::size_t end);
  bool check_string(std::size_t begin, std::size_t end);
  std::size_t trimmed(std::size_t end) const {
    while (is_json_blank(data_[end - 1])) --end;
    return end;
  }
  bool has_backslash(std::size_t begin, std::size_t end) {
    if (backslash_ < begin) backslash_ = next_backslash(begin);
    return backslash_ < end;
  }
  std::size_t next_backslash(std::size_t begin) const;
  void grow();
  void shrink();

  std::size_t max_columns_;
  std::size_t max_depth_;

  JsonKeys keys_;
  ExpectedPairs expected_;
  std::size_t unexpected_ = 0;             ///< records since it was learned that were others
  std::vector<AlikePlace> alike_;          ///< the first stands before all records; empty: nothing is known
  std::vector<std::uint32_t> alike_keys_;  ///< keys by their numbers in it
  std::vector<Span*> alike_path_;          ///< cells of the record that is read
  std::vector<Span*> alike_escaped_;       ///< of them: strings with escapes
  int until_learned_ = 0;                  ///< other records to pass over before one is learned
  int patience_ = 1;
  std::uint64_t learned_in_ = 0;  ///< the record that was learned last
  std::vector<InputColumn> columns_;
  std::unordered_map<std::string, std::int32_t> column_of_;

  TextBlockPtr text_;
  const char* data_ = nullptr;
  const std::uint32_t* positions_ = nullptr;
  std::size_t base_ = 0;
  std::size_t tokens_end_ = 0;
  std::size_t backslash_ = 0;  ///< the next one at or behind the last place asked for

  std::vector<std::vector<Span>> spans_;
  std::vector<Span*> cells_;
  std::size_t capacity_ = 0;
  std::size_t row_ = 0;
  std::vector<RecordRef> records_;
  std::int64_t duplicate_keys_ = 0;
  std::int64_t lone_surrogates_ = 0;

  std::size_t limit_ = 0;
  std::uint64_t record_ = 0;
  std::vector<Open> open_;
  std::vector<char> skipped_;  ///< brackets open inside an array
  std::uint32_t key_ = kNoKey;
  JsonKeys::Mark mark_{0, 0};
  std::size_t columns_before_ = 0;
  std::int64_t duplicates_before_ = 0;
  std::int64_t surrogates_before_ = 0;
  std::vector<std::uint32_t> given_;  ///< keys that got a column in this record
  JsonFault fault_;
  std::string scratch_;
};

}  // namespace evclean
