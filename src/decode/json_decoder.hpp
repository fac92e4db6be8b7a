// SPDX-License-Identifier: Apache-2.0
// JSON to batches of spans.
//
// Rules. A record is an object. Nested objects become dotted names; an empty object gives nothing; arrays stay the
// text they are; null is missing (and makes its column known). Numbers, true and false keep their text, so that types
// are found exactly; strings are flagged kQuoted. A key given twice in one object: the last counts, and it is counted.
// Columns stand in the order of their first appearance in records that are rows; all rows have all columns.
// Passed over: the first `skip` lines and comment lines, which are blank, and what stands before a wrapped array.
// Lines: a line that is not one whole object (or several, one after another) is a reject, nothing else is touched.
// Otherwise (an array, objects one after another): a record that reads to its closing bracket but is wrong is a reject;
// where brackets or quotes are broken too, the reject reaches up to the next place where a run of sound records begins.
// A value that is no object is a reject of its own. Where records begin with two or more keys that are always the same
// (learnt from the head), such a beginning ends a damaged record before it.
#pragma once

#include <string_view>
#include <vector>

#include "evclean/decoder.hpp"
#include "json_frame.hpp"
#include "json_row.hpp"
#include "json_tokens.hpp"
#include "structured_record.hpp"

namespace evclean {

class JsonDecoder final : public Decoder {
 public:
  explicit JsonDecoder(const FormatSpec& spec, std::string wrapper = {});

  void begin_file(const InputFile& file, std::string_view head) override;
  const std::vector<InputColumn>& columns() const override { return rows_.columns(); }
  std::size_t first_record(std::string_view text, std::size_t from, bool at_end) override;
  DecodeResult decode(const DecodeInput& input) override;
  /// Behind an array inside an object other members may stand.
  char closing_byte() const override { return shape_.array && shape_.wrapper.empty() ? ']' : '\0'; }

 private:
  struct Frame {
    std::size_t begin;
    std::size_t end;
  };
  struct Call;  ///< one decode()

  bool lines() const { return shape_.layout == JsonLayout::kLines; }
  JsonFramer framer(const Call& call) const;
  std::size_t pass_front(Call& call, std::size_t at) const;
  std::size_t pass_over(Call& call, std::size_t at);
  bool is_comment(const Call& call, const Frame& frame) const;
  std::size_t take_alike(Call& call, std::size_t at);
  std::size_t frame_lines(Call& call, std::size_t at);
  std::size_t frame_objects(Call& call, std::size_t at);
  std::size_t other_value(Call& call, std::size_t at);
  std::size_t unfinished(Call& call, std::size_t at);
  bool take_frames(Call& call, std::size_t first, std::size_t last);
  bool take_frame(Call& call, const Frame& frame, std::size_t& token);
  std::vector<Frame> objects_of_line(const Call& call, const Frame& line) const;
  bool read_frame(const Frame& frame, std::size_t& token);
  JsonScan holds_record(const Call& call, const Frame& frame) const;
  JsonScan sound_behind(const Call& call, const Frame& frame) const;
  bool reject_frame(Call& call, const Frame& frame, const JsonFault& fault);
  std::size_t damaged(Call& call, std::size_t begin, std::size_t from, const JsonFault& fault);

  FormatSpec spec_;
  std::string wrapper_;       ///< see JsonShape
  std::size_t skip_end_ = 0;  ///< offset in the file's text of the first line that is not skipped
  std::size_t begin_ = 0;     ///< of what is read
  std::size_t limit_;
  JsonShape shape_;
  JsonTokens tokens_;
  JsonRows rows_;
  std::vector<Frame> frames_;
  std::size_t row_bytes_ = 256;  ///< of an average record so far, to size columns
  std::size_t window_;           ///< bytes whose lines are framed together
  Passing passing_;
};

}  // namespace evclean
