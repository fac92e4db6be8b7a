// SPDX-License-Identifier: Apache-2.0
// Cuts a record into fields between separators: plain ones, "quoted" ones and [bracketed] ones.
#pragma once

#include <string>
#include <vector>

#include "record_parser.hpp"

namespace evclean {

struct FieldRules {
  char separator = ' ';
  bool repeats = false;         ///< runs of separators count as one
  bool brackets = false;        ///< [..] around a field is taken off
  bool doubled_quotes = false;  ///< "" inside quotes stands for " (W3C); else \" does
  /// Places of fields in quotes, ascending, if quotes inside of them are not escaped; none: they are.
  std::vector<std::size_t> quoted = {};
};

class FieldSplitter {
 public:
  explicit FieldSplitter(FieldRules rules) : rules_(rules) {}

  /// Fills fields(). False: a quote is not closed, or text follows a closing one; stopped() tells where.
  bool split(const RecordText& record);
  const std::vector<Span>& fields() const { return fields_; }
  /// Where each field begins in the record, its quote or bracket included.
  const std::vector<std::size_t>& begins() const { return begins_; }
  std::size_t stopped() const { return stopped_; }

 private:
  bool split_strictly(const RecordText& record);
  bool is_quoted(std::size_t field) const;
  bool has_stray_quotes(std::string_view text) const;
  std::size_t known_closing(std::string_view text, std::size_t begin, std::size_t field) const;
  bool split_at_known_quotes(const RecordText& record);
  bool take_quoted(const RecordText& record, std::size_t& at);
  bool take_bracketed(std::string_view text, std::uint32_t base, std::size_t& at);
  void take_plain(std::string_view text, std::uint32_t base, std::size_t& at);
  bool ends_field(std::string_view text, std::size_t at) const {
    return at >= text.size() || text[at] == rules_.separator;
  }

  FieldRules rules_;
  std::vector<Span> fields_;
  std::vector<std::size_t> begins_;
  std::size_t stopped_ = 0;
  std::string scratch_;
};

}  // namespace evclean
