// SPDX-License-Identifier: Apache-2.0
#include "framing.hpp"

#include <cstring>

namespace evclean {
namespace {

std::int64_t end_of_lines(std::string_view head, std::int64_t count) {
  std::size_t at = 0;
  for (; count > 0 && at < head.size(); --count) {
    const std::size_t end = head.find('\n', at);
    at = end == std::string_view::npos ? head.size() : end + 1;
  }
  return static_cast<std::int64_t>(at);
}

std::size_t trim_cr(const char* text, std::size_t begin, std::size_t end) {
  return end > begin && text[end - 1] == '\r' ? end - 1 : end;
}

std::int64_t file_offset(const DecodeInput& input, std::size_t at) {
  return input.origin.byte_offset + static_cast<std::int64_t>(at);
}

}  // namespace

bool is_blank_line(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

Framer::Framer(const FormatSpec& spec)
    : skip_lines_(spec.skip), comment_(spec.comment), limit_bytes_(record_limit(spec)) {
  if (!spec.multiline_start.empty()) start_.emplace(spec.multiline_start);
}

void Framer::begin_file(std::string_view head) {
  skip_end_ = end_of_lines(head, skip_lines_);
  passing_.end();
}

bool Framer::find_line(const DecodeInput& input, std::size_t at, Line& line) {
  const char* text = input.text->data();
  const void* found = at < input.text_end ? std::memchr(text + at, '\n', input.text_end - at) : nullptr;
  if (found == nullptr && !input.at_end) return false;
  const std::size_t end =
      found == nullptr ? input.text_end : static_cast<std::size_t>(static_cast<const char*>(found) - text);
  line.end = trim_cr(text, at, end);
  line.next = found == nullptr ? end : end + 1;
  return true;
}

bool Framer::starts_record(std::string_view line) { return start_->match(line) == MatchOutcome::kMatch; }

std::size_t Framer::first_record(std::string_view text, std::size_t from, bool at_end) {
  std::size_t end = text.find('\n', from - 1);
  if (!start_) return end == std::string_view::npos ? end : end + 1;
  while (end != std::string_view::npos && end + 1 < text.size()) {
    const std::size_t begin = end + 1;
    end = text.find('\n', begin);
    if (end == std::string_view::npos && !at_end) return end;
    const std::size_t line_end = end == std::string_view::npos ? text.size() : end;
    if (starts_record(text.substr(begin, trim_cr(text.data(), begin, line_end) - begin))) return begin;
  }
  return std::string_view::npos;
}

FrameKind Framer::kind_of(const DecodeInput& input, const Frame& frame) const {
  if (file_offset(input, frame.begin) < skip_end_) return FrameKind::kBlank;
  const std::string_view line(input.text->data() + frame.begin, frame.end - frame.begin);
  if (is_blank_line(line)) return FrameKind::kBlank;
  if (!comment_.empty() && line.starts_with(comment_)) return FrameKind::kBlank;
  return line.size() > limit_bytes_ ? FrameKind::kTooLong : FrameKind::kRecord;
}

bool Framer::next(const DecodeInput& input, std::size_t at, Frame& frame) {
  if (at >= input.owned_end || at >= input.text_end) return false;
  return start_ ? next_event(input, at, frame) : next_line(input, at, frame);
}

bool Framer::next_line(const DecodeInput& input, std::size_t at, Frame& frame) {
  Line line;
  if (!find_line(input, at, line)) {
    return input.text_end - at > limit_bytes_ && pass_from(input, at, frame);
  }
  frame = {FrameKind::kRecord, at, line.end, line.next};
  frame.kind = kind_of(input, frame);
  return true;
}

/// The record at `at` is too long and its end is not known: tells it and passes over what is at hand.
bool Framer::pass_from(const DecodeInput& input, std::size_t at, Frame& frame) {
  frame = {FrameKind::kTooLong, at, input.text_end, input.text_end};
  passing_.begin(file_offset(input, input.text_end));
  mid_line_ = input.text->data()[input.text_end - 1] != '\n';
  passing_began_ = true;
  return true;
}

bool Framer::next_event(const DecodeInput& input, std::size_t at, Frame& frame) {
  Line line;
  if (!find_line(input, at, line)) {
    return input.text_end - at > limit_bytes_ && pass_from(input, at, frame);
  }
  frame = {FrameKind::kRecord, at, line.end, line.next};
  // Skipped and comment lines stand alone: they never carry the event before them.
  if (file_offset(input, at) < skip_end_) {
    frame.kind = FrameKind::kBlank;
    return true;
  }
  bool complete = false;
  while (event_goes_on(input, at, frame.next, frame, complete)) {
  }
  if (!complete) return false;
  if (frame.kind != FrameKind::kTooLong) frame.kind = kind_of(input, frame);
  return true;
}

/// Adds the line at `at` to the event unless it begins the next one. False: done, or (not `complete`) more text needed.
bool Framer::event_goes_on(const DecodeInput& input, std::size_t begin, std::size_t at, Frame& frame, bool& complete) {
  const char* text = input.text->data();
  complete = true;
  if (at >= input.text_end && input.at_end) return false;
  if (at - begin > limit_bytes_ && at >= input.text_end) {
    pass_from(input, begin, frame);
    return false;
  }
  Line line;
  if (!find_line(input, at, line)) {
    const std::size_t pending = input.text_end - at;
    if (pending > limit_bytes_ && starts_record({text + at, pending})) return false;
    complete = input.text_end - begin > 2 * limit_bytes_ && pass_from(input, begin, frame);
    return false;
  }
  if (starts_record({text + at, line.end - at})) return false;
  if (line.end > at) frame.end = line.end;
  frame.next = line.next;
  return true;
}

std::size_t Framer::resume(const DecodeInput& input) {
  passing_began_ = passing_ended_ = false;
  if (!passing_.continues_at(file_offset(input, input.begin))) {
    passing_.end();
    return input.begin;
  }
  const std::size_t at = start_ ? pass_event(input, input.begin) : pass_line(input, input.begin);
  if (passing_.active) {
    passing_.begin(file_offset(input, at));
  } else {
    passing_ended_ = true;
  }
  return at;
}

std::size_t Framer::pass_line(const DecodeInput& input, std::size_t at) {
  Line line;
  if (!find_line(input, at, line)) return input.text_end;
  passing_.end();
  return line.next;
}

std::size_t Framer::pass_event(const DecodeInput& input, std::size_t at) {
  Line line;
  while (find_line(input, at, line)) {
    const std::string_view text(input.text->data() + at, line.end - at);
    if ((!mid_line_ && starts_record(text)) || at >= input.text_end) {
      passing_.end();
      return at;
    }
    mid_line_ = false;
    at = line.next;
  }
  if (mid_line_ || input.text_end - at > limit_bytes_) {
    mid_line_ = true;
    return input.text_end;
  }
  return at;
}

void Framer::correct(DecodeResult& result) const {
  if (start_) return;
  if (passing_ended_) {
    --result.newlines;
    for (Reject& reject : result.rejects) --reject.line;
  }
  if (passing_began_) ++result.newlines;
}

}  // namespace evclean
