// SPDX-License-Identifier: Apache-2.0
#include "record_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "evclean/suggest.hpp"

namespace evclean {

void reject_too_long(RecordLog& log, const Frame& frame, std::size_t limit_bytes) {
  log.add_reject(frame.begin, frame.end, "longer than max_line", fmt::format("max_line is {} bytes", limit_bytes));
}

std::string misfit_reason(const CellType& type, std::string_view text) {
  const std::string_view name = type_name(type.column.type);
  const char* article = name.front() == 'i' ? "an" : "a";
  return fmt::format("field {}: '{}' is not {} {}", type.column.name, printable(text, 80), article, name);
}

std::int32_t year_of(const InputFile& file) {
  if (file.modified_s <= 0) return 0;
  const std::chrono::sys_days day{
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds{std::chrono::seconds{file.modified_s}})};
  return static_cast<int>(std::chrono::year_month_day{day}.year());
}

FramedDecoder::FramedDecoder(const FormatSpec& spec, std::unique_ptr<RecordParser> parser)
    : framer_(spec), parser_(std::move(parser)), writer_(parser_->columns(), spec), year_(spec.year) {
  take_columns();
}

void FramedDecoder::begin_file(const InputFile& file, std::string_view head) {
  framer_.begin_file(head);
  writer_.set_year(year_ != 0 ? year_ : year_of(file));
  parser_->begin_file(file, head, writer_);
  take_columns();
}

void FramedDecoder::set_state(std::string_view state) {
  parser_->set_state(state, writer_);
  take_columns();
}

void FramedDecoder::take_columns() {
  for (std::size_t i = columns_.size(); i < writer_.types().size(); ++i) columns_.push_back(writer_.types()[i].column);
}

std::size_t FramedDecoder::first_record(std::string_view text, std::size_t from, bool at_end) {
  return framer_.first_record(text, from, at_end);
}

void FramedDecoder::decode_record(const DecodeInput& input, const Frame& frame, RecordLog& log) {
  const RecordRef ref{static_cast<std::uint32_t>(frame.begin), static_cast<std::uint32_t>(frame.end - frame.begin)};
  writer_.begin_row();
  Complaint complaint;
  switch (parser_->parse({*input.text, ref}, writer_, complaint)) {
    case Parsed::kRow:
      return writer_.commit(ref);
    case Parsed::kBlank:
      return log.add_blank();
    case Parsed::kReject:
      return log.add_reject(frame.begin, frame.end, std::move(complaint.reason), std::move(complaint.detail));
  }
}

DecodeResult FramedDecoder::decode(const DecodeInput& input) {
  RecordLog log(input, false);
  std::size_t at = framer_.resume(input);
  const std::size_t owned = std::min(input.text_end, input.owned_end);
  writer_.begin_batch(input.text, (owned - std::min(at, owned)) / bytes_per_row_ + 16);
  for (Frame frame; framer_.next(input, at, frame); at = frame.next) {
    if (frame.kind == FrameKind::kRecord) {
      decode_record(input, frame, log);
    } else if (frame.kind == FrameKind::kBlank) {
      log.add_blank();
    } else {
      reject_too_long(log, frame, framer_.limit_bytes());
    }
  }
  take_columns();
  log.add_rows(writer_.rows());
  if (writer_.rows() > 0)
    bytes_per_row_ = std::max<std::size_t>(1, (at - input.begin) / static_cast<std::size_t>(writer_.rows()));
  DecodeResult result = log.finish(at);
  framer_.correct(result);
  writer_.finish(result.batch);
  if (parser_->verbatim()) {
    for (Column& column : result.batch.columns) std::get<SpanColumn>(column).nulls_marked = true;
  }
  result.extra_fields = parser_->take_extra_fields();
  result.duplicate_keys = parser_->take_duplicate_keys();
  result.patterns = parser_->take_tallies();
  return result;
}

}  // namespace evclean
