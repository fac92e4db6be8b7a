// SPDX-License-Identifier: Apache-2.0
#include "structured_record.hpp"

#include <algorithm>
#include <utility>

#include "evclean/line_ends.hpp"

namespace evclean {

namespace {

constexpr std::size_t kRejectTextBytes = 64 << 10;

/// Cuts at most `limit` bytes off the front, never inside a UTF-8 sequence.
std::string cut_text(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return std::string(text.substr(0, limit));
}

}  // namespace

/// A block may take many calls: what earlier ones have read is counted again only for a reject.
std::int64_t RecordLog::line_ends_before_call() {
  if (before_call_ < 0) before_call_ = count_line_ends(input_.text->data(), 0, input_.begin, lone_cr_);
  return before_call_;
}

/// Line ends between the begin of the call and `offset`.
std::int64_t RecordLog::line_ends_before(std::size_t offset) {
  if (offset < counted_to_) return counted_ - count_line_ends(input_.text->data(), offset, counted_to_, lone_cr_);
  counted_ += count_line_ends(input_.text->data(), counted_to_, offset, lone_cr_);
  counted_to_ = offset;
  return counted_;
}

void RecordLog::add_reject(std::size_t begin, std::size_t end, std::string reason, std::string detail) {
  Reject reject;
  reject.file = input_.origin.file;
  reject.segment = input_.origin.segment;
  reject.line = input_.origin.first_line + line_ends_before_call() + line_ends_before(begin);
  reject.byte_offset = input_.origin.byte_offset + static_cast<std::int64_t>(begin);
  reject.reason = std::move(reason);
  reject.detail = std::move(detail);
  reject.text = cut_text({input_.text->data() + begin, end - begin}, kRejectTextBytes);
  result_.rejects.push_back(std::move(reject));
  ++result_.lines;
}

void RecordLog::add_line_ends(std::size_t begin, std::size_t end, std::int64_t ends) {
  line_ends_before(begin);
  counted_ += ends;
  counted_to_ = end;
}

DecodeResult RecordLog::finish(std::size_t consumed) {
  result_.newlines = line_ends_before(consumed);
  result_.consumed = consumed;
  result_.batch.origin = input_.origin;
  result_.batch.origin.lone_cr = lone_cr_;
  result_.batch.text = input_.text;
  return std::move(result_);
}

std::size_t record_limit(const FormatSpec& spec) {
  return static_cast<std::size_t>(std::clamp<std::int64_t>(spec.max_line_bytes, 1, Span::kLengthMask));
}

}  // namespace evclean
