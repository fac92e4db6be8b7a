// SPDX-License-Identifier: Apache-2.0
#include "json_decoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "byte_block.hpp"
#include "evclean/line_ends.hpp"
#include "evclean/span_mask.hpp"
#include "json_text.hpp"
#include "structured.hpp"

namespace evclean {

namespace {

constexpr std::size_t kWindowBytes = 256 << 10;
/// Where most records look like one before them, the others are few.
constexpr std::size_t kLeastWindow = 64;
constexpr std::size_t kMostlyAlike = 2;

std::size_t find_line_end(const char* text, std::size_t begin, std::size_t end) {
  const void* found = begin < end ? std::memchr(text + begin, '\n', end - begin) : nullptr;
  return found == nullptr ? end : static_cast<std::size_t>(static_cast<const char*>(found) - text);
}

}  // namespace

struct JsonDecoder::Call {
  explicit Call(const DecodeInput& in) : input(in), log(in, false) {}
  const char* text() const { return input.text->data(); }
  std::int64_t offset(std::size_t at) const { return input.origin.byte_offset + static_cast<std::int64_t>(at); }

  const DecodeInput& input;
  RecordLog log;
  bool waiting = false;     ///< the next record needs more text
  std::size_t goes_on = 0;  ///< where to go on when frames were not taken to their end
};

JsonDecoder::JsonDecoder(const FormatSpec& spec, std::string wrapper)
    : spec_(spec), wrapper_(std::move(wrapper)), limit_(record_limit(spec)), rows_(spec), window_(kLeastWindow) {}

void JsonDecoder::begin_file(const InputFile&, std::string_view head) {
  begin_ = 0;
  for (std::int64_t lines = spec_.skip; lines > 0 && begin_ < head.size(); --lines)
    begin_ = std::min(find_line_end(head.data(), begin_, head.size()) + 1, head.size());
  skip_end_ = begin_;
  const std::size_t array = wrapper_.empty() ? 0 : find_wrapped_array(head.substr(begin_), wrapper_);
  begin_ += array;
  JsonShape known;
  if (array > 0) known.wrapper = wrapper_;
  known.comment = spec_.comment;
  shape_ = find_json_shape(head.substr(begin_), std::move(known));
  rows_.begin_file();
  passing_.end();
}

JsonFramer JsonDecoder::framer(const Call& call) const {
  return {{call.text(), call.input.text_end}, call.input.at_end, shape_, static_cast<std::size_t>(spec_.max_depth)};
}

DecodeResult JsonDecoder::decode(const DecodeInput& input) {
  Call call(input);
  rows_.begin_call(input.text, (input.text_end - input.begin) / std::max<std::size_t>(row_bytes_, 16) + 16);
  std::size_t at = pass_front(call, pass_over(call, input.begin));
  while (at < input.text_end && at < input.owned_end && !call.waiting && !rows_.full()) {
    if (lines() && (at = take_alike(call, at)) >= std::min(input.text_end, input.owned_end)) break;
    if (rows_.full()) break;
    frames_.clear();
    const std::size_t next = lines() ? frame_lines(call, at) : frame_objects(call, at);
    at = take_frames(call, 0, frames_.size()) ? next : call.goes_on;
  }
  call.log.add_rows(static_cast<std::int64_t>(rows_.rows()));
  if (rows_.rows() > 100) row_bytes_ = (at - input.begin) / rows_.rows();
  rows_.finish(call.log.result());
  return call.log.finish(at);
}

/// Passes over what stands before the first record: skipped lines are blank, the begin of an object around is nothing.
std::size_t JsonDecoder::pass_front(Call& call, std::size_t at) const {
  if (call.offset(at) >= static_cast<std::int64_t>(begin_)) return at;
  const auto here = [&](std::size_t place) {
    return std::min(call.input.text_end, place - static_cast<std::size_t>(call.input.origin.byte_offset));
  };
  if (call.offset(at) < static_cast<std::int64_t>(skip_end_)) {
    const std::size_t end = here(skip_end_);
    call.log.add_blank(count_line_ends(call.text(), at, end, false) +
                       (end > at && call.text()[end - 1] != '\n' && call.input.at_end));
  }
  return here(begin_);
}

bool JsonDecoder::is_comment(const Call& call, const Frame& frame) const {
  const std::string_view line(call.text() + frame.begin, frame.end - frame.begin);
  return lines() && !spec_.comment.empty() && line.starts_with(spec_.comment);
}

/// Passes over the rest of a record that was too long to be held.
std::size_t JsonDecoder::pass_over(Call& call, std::size_t at) {
  const bool on = passing_.continues_at(call.offset(at));
  passing_.end();
  if (!on) return at;
  const DecodeInput& input = call.input;
  std::size_t next = 0;
  if (lines()) {
    const std::size_t lf = find_line_end(call.text(), at, input.text_end);
    if (lf < input.text_end) return lf + 1;
    next = input.text_end;
  } else {
    const JsonScan scan = framer(call).resynchronise(at, next, false);
    if (scan == JsonScan::kWhole) return next;
  }
  passing_.begin(call.offset(next));
  call.waiting = true;
  return input.at_end ? input.text_end : next;
}

/// Takes lines that look like one before them; gives where the first other one begins.
std::size_t JsonDecoder::take_alike(Call& call, std::size_t at) {
  const DecodeInput& input = call.input;
  const std::size_t stop = std::min(input.text_end, input.owned_end), before = rows_.rows();
  while (at < stop && !rows_.full()) {
    const std::size_t end = rows_.read_alike(at, input.text_end);
    const char* const text = call.text();  // it may have moved
    const std::size_t lf = end + (text[end] == '\r');
    if (end == 0 || lf >= input.text_end || text[lf] != '\n' || lf - at > limit_) {
      if (end != 0) rows_.drop_alike();
      break;
    }
    rows_.commit({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end - at)});
    at = lf + 1;
  }
  window_ = rows_.rows() - before >= kMostlyAlike ? kLeastWindow : std::min(2 * window_, kWindowBytes);
  return at;
}

/// Frames the lines that begin in the next bytes; gives where the line behind them begins.
std::size_t JsonDecoder::frame_lines(Call& call, std::size_t at) {
  const DecodeInput& input = call.input;
  const std::size_t stop = std::min({at + window_, input.text_end, input.owned_end});
  for (std::size_t block = at; block < stop; block += 64) {  // behind the text are bytes that may be read
    const std::uint64_t within = stop - block >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (stop - block)) - 1;
    for_each_bit(ByteBlock(call.text() + block).equal('\n') & within, [&](std::int64_t bit) {
      const std::size_t lf = block + static_cast<std::size_t>(bit);
      frames_.push_back({at, lf});
      at = lf + 1;
    });
  }
  if (at >= stop) return at;
  const std::size_t lf = find_line_end(call.text(), stop, input.text_end);
  if (lf == input.text_end && !input.at_end) return frames_.empty() ? unfinished(call, at) : at;
  frames_.push_back({at, lf});
  return std::min(lf + 1, input.text_end);
}

/// A record at `at` that does not end in this text: waits for more, or gives it up when it is too long.
std::size_t JsonDecoder::unfinished(Call& call, std::size_t at) {
  const DecodeInput& input = call.input;
  if (input.text_end - at <= limit_ + 1) {
    call.waiting = true;
    return at;
  }
  if (!lines()) return damaged(call, at, at + 1, {fmt::format("longer than max_line ({} bytes)", limit_), at});
  call.log.add_reject(at, input.text_end, fmt::format("longer than max_line ({} bytes)", limit_));
  passing_.begin(call.offset(input.text_end));
  return input.text_end;
}

std::size_t JsonDecoder::frame_objects(Call& call, std::size_t at) {
  const DecodeInput& input = call.input;
  const JsonFramer framer = this->framer(call);
  const std::size_t stop = std::min({at + kWindowBytes, input.text_end, input.owned_end});
  for (;;) {
    const JsonScan gap = framer.skip_separators(at);
    if (gap == JsonScan::kIncomplete) call.waiting = frames_.empty();
    if (at >= stop || gap == JsonScan::kIncomplete) return at;
    if (call.text()[at] != '{') return frames_.empty() ? other_value(call, at) : at;
    std::size_t end = 0;
    const JsonScan scan = framer.find_end(at, end);
    if (scan == JsonScan::kWhole && end - at <= limit_) {
      frames_.push_back({at, end});
      at = end;
      continue;
    }
    if (!frames_.empty()) return at;  // what is sound comes first
    if (scan == JsonScan::kIncomplete && !input.at_end) return unfinished(call, at);
    if (scan == JsonScan::kIncomplete && input.cuts_record_off(at)) {
      call.log.add_reject(at, input.text_end, "the record is not closed");
      return input.text_end;
    }
    if (scan == JsonScan::kWhole || end - at > limit_)
      return damaged(call, at, at + 1, {fmt::format("longer than max_line ({} bytes)", limit_), at});
    const bool bracket = scan == JsonScan::kDamaged && (call.text()[end] == '}' || call.text()[end] == ']');
    const char* what = bracket                      ? "brackets do not match"
                       : scan == JsonScan::kDamaged ? "a string is not closed"
                                                    : "the record is not closed";
    return damaged(call, at, at + 1, {what, end});
  }
}

/// A value that is no object: a reject of its own when it is whole and a comma or the array's end follows.
std::size_t JsonDecoder::other_value(Call& call, std::size_t at) {
  const DecodeInput& input = call.input;
  const JsonFault fault{fmt::format("not a JSON object: {}", json_kind(call.text()[at])), at};
  std::size_t end = 0;
  JsonScan scan = framer(call).find_end(at, end);
  std::size_t next = end;
  while (scan == JsonScan::kWhole && next < input.text_end && is_json_blank(call.text()[next])) ++next;
  if (next == input.text_end && scan != JsonScan::kDamaged && !input.at_end) return unfinished(call, at);
  const bool closed = next == input.text_end || call.text()[next] == ',' || call.text()[next] == ']';
  if (scan == JsonScan::kWhole && call.text()[at] == '[') scan = holds_record(call, {at, end});
  if (scan == JsonScan::kIncomplete && !input.at_end) return unfinished(call, at);
  if (scan != JsonScan::kWhole || !closed) return damaged(call, at, at, fault);
  call.log.add_reject(at, end, fault.what + " (byte 1)");
  return end;
}

/// Rejects what lies between `begin` and the next sound run of records behind `from`; gives where that begins.
std::size_t JsonDecoder::damaged(Call& call, std::size_t begin, std::size_t from, const JsonFault& fault) {
  const DecodeInput& input = call.input;
  std::size_t next = 0;
  const JsonScan scan = framer(call).resynchronise(from, next, false);
  const bool found = scan == JsonScan::kWhole;
  if (!found && !input.at_end && input.text_end - begin <= limit_ + 1) {
    call.waiting = true;
    return begin;
  }
  if (!found && input.at_end) next = input.text_end;
  std::size_t end = next;
  while (end > begin + 1 && (is_json_blank(call.text()[end - 1]) || call.text()[end - 1] == ',')) --end;
  call.log.add_reject(begin, end, fmt::format("{} (byte {} of the record)", fault.what, fault.at - begin + 1));
  if (!found && !input.at_end) passing_.begin(call.offset(next));
  if (!found) call.waiting = true;
  return next;
}

/// Takes frames [first, last). One bad record can spoil the tokens of all: then each half is tried alone. False when
/// it stopped early (see goes_on).
bool JsonDecoder::take_frames(Call& call, std::size_t first, std::size_t last) {
  if (first == last) return true;
  const std::size_t begin = frames_[first].begin;
  const char* fault = tokens_.index(call.text() + begin, frames_[last - 1].end - begin);
  if (fault != nullptr && last - first > 1) {
    const std::size_t middle = first + (last - first) / 2;
    return take_frames(call, first, middle) && take_frames(call, middle, last);
  }
  if (fault != nullptr && is_comment(call, frames_[first])) {
    call.log.add_blank();
    return true;
  }
  if (fault != nullptr) return reject_frame(call, frames_[first], {fault, frames_[first].end});
  rows_.begin_tokens(tokens_.positions(), begin, frames_[last - 1].end);
  std::size_t token = 0;
  for (std::size_t i = first; i < last; ++i) {
    if (rows_.full()) {
      call.goes_on = frames_[i].begin;
      return false;
    }
    if (!take_frame(call, frames_[i], token)) return false;
  }
  return true;
}

bool JsonDecoder::take_frame(Call& call, const Frame& frame, std::size_t& token) {
  while (token < tokens_.count() && rows_.position(token) < frame.begin) ++token;
  if (rows_.position(token) >= frame.end || is_comment(call, frame)) {
    call.log.add_blank();
    return true;
  }
  const std::size_t first = token;
  if (read_frame(frame, token)) {
    const std::size_t length = frame.end - frame.begin;
    const bool cr = lines() && length > 0 && call.text()[frame.end - 1] == '\r';
    rows_.commit({static_cast<std::uint32_t>(frame.begin), static_cast<std::uint32_t>(length - cr)});
    return true;
  }
  if (const std::vector<Frame> objects = objects_of_line(call, frame); objects.size() > 1) {
    token = first;
    for (const Frame& object : objects) take_frame(call, object, token);
    return true;
  }
  while (token < tokens_.count() && rows_.position(token) < frame.end) ++token;
  return reject_frame(call, frame, rows_.fault());
}

/// The objects of a line that holds nothing but objects one after another; none for any other line.
std::vector<JsonDecoder::Frame> JsonDecoder::objects_of_line(const Call& call, const Frame& line) const {
  std::vector<Frame> objects;
  if (!lines()) return objects;
  const JsonFramer framer({call.text(), line.end}, true, shape_, static_cast<std::size_t>(spec_.max_depth));
  for (std::size_t at = line.begin;;) {
    while (at < line.end && is_json_blank(call.text()[at])) ++at;
    if (at == line.end) return objects;
    std::size_t end = 0;
    if (call.text()[at] != '{' || framer.find_end(at, end) != JsonScan::kWhole) return {};
    objects.push_back({at, end});
    at = end;
  }
}

/// Reads the record of a frame whose first token is `token`; leaves no row when it is bad.
bool JsonDecoder::read_frame(const Frame& frame, std::size_t& token) {
  const std::size_t begin = rows_.position(token);
  if (frame.end - frame.begin > limit_) {
    rows_.set_fault(fmt::format("longer than max_line ({} bytes)", limit_), frame.begin);
    return false;
  }
  if (rows_.at(begin) != '{') {
    rows_.set_fault(fmt::format("not a JSON object: {}", json_kind(rows_.at(begin))), begin);
    return false;
  }
  const std::size_t next = rows_.read(token, frame.end);
  if (next != 0 && rows_.position(next) >= frame.end) {
    token = next;
    return true;
  }
  if (next != 0) rows_.set_fault("text behind the object", rows_.position(next));
  rows_.drop();
  return false;
}

/// kDamaged when a record that is known by its keys begins within the frame, kWhole when none does.
JsonScan JsonDecoder::holds_record(const Call& call, const Frame& frame) const {
  const JsonFramer framer = this->framer(call);
  for (std::size_t at = frame.begin + 1; framer.known_by_keys() && at < frame.end; ++at) {
    const void* found = std::memchr(call.text() + at, '{', frame.end - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - call.text());
    const JsonScan scan = framer.starts_record(at);
    if (scan != JsonScan::kDamaged) return scan == JsonScan::kWhole ? JsonScan::kDamaged : scan;
  }
  return JsonScan::kWhole;
}

/// Did the brackets of a wrong record end where it ended? kWhole: no record begins within it, and one behind it.
JsonScan JsonDecoder::sound_behind(const Call& call, const Frame& frame) const {
  const JsonFramer framer = this->framer(call);
  if (!framer.known_by_keys()) return framer.verify(frame.end);
  const JsonScan inside = holds_record(call, frame);
  if (inside != JsonScan::kWhole) return inside;
  std::size_t next = frame.end;
  const JsonScan gap = framer.skip_separators(next);
  if (gap != JsonScan::kWhole || (next == call.input.text_end && call.input.at_end)) return gap;
  return framer.starts_record(next);
}

/// Where brackets tell the records apart, a wrong one may have led astray: what follows must be sound.
bool JsonDecoder::reject_frame(Call& call, const Frame& frame, const JsonFault& fault) {
  if (!lines() && call.text()[frame.begin] == '{') {
    const JsonScan after = sound_behind(call, frame);
    const bool wait = after == JsonScan::kIncomplete && call.input.text_end - frame.begin <= limit_;
    if (wait) {
      call.waiting = true;
      call.goes_on = frame.begin;
    } else if (after != JsonScan::kWhole) {
      call.goes_on = damaged(call, frame.begin, frame.begin + 1, fault);
    }
    if (after != JsonScan::kWhole) return false;
  }
  std::size_t end = frame.end;
  if (lines() && end > frame.begin && call.text()[end - 1] == '\r') --end;
  const std::size_t at = fault.at - frame.begin + 1;
  const bool whole = fault.what.rfind("longer", 0) == 0;
  call.log.add_reject(frame.begin, end, whole ? fault.what : fmt::format("{} (byte {})", fault.what, at));
  return true;
}

std::size_t JsonDecoder::first_record(std::string_view text, std::size_t from, bool at_end) {
  passing_.end();
  if (lines()) {
    if (from == 0 || text[from - 1] == '\n') return from;
    const std::size_t lf = text.find('\n', from);
    return lf == std::string_view::npos ? lf : lf + 1;
  }
  std::size_t at = 0;
  const JsonFramer framer(text, at_end, shape_, static_cast<std::size_t>(spec_.max_depth));
  return framer.resynchronise(from, at, true) == JsonScan::kWhole ? at : std::string_view::npos;
}

std::unique_ptr<Decoder> make_json_decoder(const FormatSpec& spec, const std::string& array) {
  return std::make_unique<JsonDecoder>(spec, array.empty() ? array : '"' + array + '"');
}

}  // namespace evclean
