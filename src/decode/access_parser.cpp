// SPDX-License-Identifier: Apache-2.0
#include "access_parser.hpp"

#include <fmt/format.h>

#include <numeric>

#include "evclean/suggest.hpp"

namespace evclean {
namespace {

ValueType type_of(AccessColumn column) {
  if (column == kTime) return ValueType::kTimestamp;
  return column == kStatus || column == kBytes ? ValueType::kInt64 : ValueType::kString;
}

CellType cell_type(AccessColumn column) {
  return {{std::string(access_column_name(column)), true, type_of(column)}, {}};
}

}  // namespace

const std::vector<AccessColumn>& access_columns(AccessFormat format) {
  static const std::vector<AccessColumn> kCommonColumns = {kIp,   kIdent,    kUser,   kTime, kMethod,
                                                           kPath, kProtocol, kStatus, kBytes};
  static const std::vector<AccessColumn> kCombinedColumns = {kIp,       kIdent,  kUser,  kTime,    kMethod,   kPath,
                                                             kProtocol, kStatus, kBytes, kReferer, kUserAgent};
  return format == AccessFormat::kCombined ? kCombinedColumns : kCommonColumns;
}

std::vector<CellType> AccessParser::columns() const {
  std::vector<CellType> types;
  for (const AccessColumn column : access_columns(format_)) types.push_back(cell_type(column));
  return types;
}

void AccessParser::put_text(const RecordText& record, AccessColumn field, int column, RowWriter& row) {
  const Span span = fields_.spans[field];
  if (!fields_.escaped[field] || span.missing()) {
    row.set(column, span);
    return;
  }
  unescape_quotes({record.block.data() + span.offset, span.length()}, scratch_);
  row.set_text(column, scratch_);
}

void AccessParser::put_extra(const RecordText& record, RowWriter& row) {
  const Span span = fields_.spans[kExtra];
  if (span.missing() || is_blank_line({record.block.data() + span.offset, span.length()})) return;
  if (extra_column_ < 0) extra_column_ = row.add_column(cell_type(kExtra));
  row.set(extra_column_, span);
  ++extra_fields_;
}

Parsed AccessParser::parse(const RecordText& record, RowWriter& row, Complaint& complaint) {
  const std::size_t begin = record.ref.offset;
  if (!scan_access_line(record.block.data(), begin, begin + record.ref.length, format_, fields_)) {
    const std::string_view name = format_ == AccessFormat::kCombined ? "combined" : "common";
    complaint.reason = fmt::format("not a {} line", name);
    complaint.detail = fmt::format("expected {}:\n{}", fields_.expected, caret(record.view(), fields_.stopped - begin));
    return Parsed::kReject;
  }
  int column = 0;
  for (const AccessColumn field : access_columns(format_)) {
    if (type_of(field) == ValueType::kString) {
      put_text(record, field, column, row);
    } else if (const Span span = fields_.spans[field]; !row.set(column, span)) {
      complaint.reason = misfit_reason(row.type(column), {record.block.data() + span.offset, span.length()});
      return Parsed::kReject;
    }
    ++column;
  }
  put_extra(record, row);
  return Parsed::kRow;
}

}  // namespace evclean
