// SPDX-License-Identifier: Apache-2.0
// Access logs, common and combined: columns ip, ident, user, time, method, path, protocol, status, bytes and, in
// combined, referer and user_agent; time, status and bytes are typed, the others stay text.
//
// A request that is not METHOD PATH PROTOCOL gives path = its text, without method and protocol. \" is unescaped. What
// follows the known fields goes to `extra`, a column that appears with the first such line.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "access_line.hpp"
#include "record_parser.hpp"

namespace evclean {

/// The decoder of plain lines: two stages, an index of quotes and line ends, then fields picked without branches.
std::unique_ptr<Decoder> make_access_decoder(const FormatSpec& spec, AccessFormat format);

/// One record at a time: for multi-line framing, comments, and as one of several formats.
class AccessParser : public RecordParser {
 public:
  explicit AccessParser(AccessFormat format) : format_(format) {}

  std::vector<CellType> columns() const override;
  Parsed parse(const RecordText& record, RowWriter& row, Complaint& complaint) override;
  std::int64_t take_extra_fields() override { return std::exchange(extra_fields_, 0); }
  /// Where `extra` stands once a line had one, or -1; the fast way counts there too.
  int extra_column() const { return extra_column_; }
  void count_extra() { ++extra_fields_; }

 private:
  void put_text(const RecordText& record, AccessColumn field, int column, RowWriter& row);
  void put_extra(const RecordText& record, RowWriter& row);

  AccessFormat format_;
  AccessFields fields_;
  std::string scratch_;
  int extra_column_ = -1;
  std::int64_t extra_fields_ = 0;
};

/// Fields of a format, in the order of its columns (without extra).
const std::vector<AccessColumn>& access_columns(AccessFormat format);

}  // namespace evclean
