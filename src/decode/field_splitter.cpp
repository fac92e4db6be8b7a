// SPDX-License-Identifier: Apache-2.0
#include "field_splitter.hpp"

#include <algorithm>

#include "access_line.hpp"

namespace evclean {
namespace {

Span span_of(std::uint32_t base, std::size_t begin, std::size_t end) {
  return Span::of(base + static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin));
}

void halve_quotes(std::string_view field, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < field.size(); ++i) {
    out += field[i];
    if (field[i] == '"') ++i;
  }
}

}  // namespace

bool FieldSplitter::split(const RecordText& record) {
  fields_.clear();
  begins_.clear();
  const std::size_t length = record.ref.length;
  std::size_t at = 0;
  while (true) {
    // A quoted field may move the block's buffer: the view is taken anew for every field.
    const std::string_view text = record.view();
    while (rules_.repeats && at < length && text[at] == rules_.separator) ++at;
    if (at >= length && (rules_.repeats || fields_.empty())) return true;
    begins_.push_back(at);
    if (at < length && text[at] == '"') {
      if (!take_quoted(record, at)) return false;
    } else if (at >= length || !rules_.brackets || text[at] != '[' || !take_bracketed(text, record.ref.offset, at)) {
      take_plain(text, record.ref.offset, at);
    }
    if (at >= length) return true;
    ++at;
  }
}

bool FieldSplitter::take_quoted(const RecordText& record, std::size_t& at) {
  const std::string_view text = record.view();
  const std::size_t begin = at + 1;
  bool escaped = false;
  std::size_t end = begin;
  for (; end < text.size(); ++end) {
    if (!rules_.doubled_quotes && text[end] == '\\' && end + 1 < text.size()) {
      ++end;  // whatever it is: an escaped quote never ends the field
      escaped = escaped || text[end] == '"';
    } else if (text[end] == '"') {
      if (!rules_.doubled_quotes || end + 1 >= text.size() || text[end + 1] != '"') break;
      escaped = true;
      ++end;
    }
  }
  stopped_ = end;
  if (end >= text.size()) return false;
  at = end + 1;
  // "h2","http/1.1" is one field: what follows a closing quote belongs to it, quotes and all.
  if (!ends_field(text, at)) {
    while (!ends_field(text, at)) ++at;
    fields_.push_back(span_of(record.ref.offset, begin - 1, at));
    return true;
  }
  const std::string_view field = text.substr(begin, end - begin);
  if (!escaped) {
    fields_.push_back(span_of(record.ref.offset, begin, end));
    return true;
  }
  rules_.doubled_quotes ? halve_quotes(field, scratch_) : unescape_quotes(field, scratch_);
  const std::uint32_t offset = record.block.append(scratch_);
  fields_.push_back(span_of(offset, 0, scratch_.size()));
  return true;
}

/// [06/Feb/2019:00:00:38 +0000]; an address such as [::1]:80 is a plain field.
bool FieldSplitter::take_bracketed(std::string_view text, std::uint32_t base, std::size_t& at) {
  const std::size_t end = text.find(']', at);
  if (end == std::string_view::npos || !ends_field(text, end + 1)) return false;
  fields_.push_back(span_of(base, at + 1, end));
  at = end + 1;
  return true;
}

void FieldSplitter::take_plain(std::string_view text, std::uint32_t base, std::size_t& at) {
  const std::size_t end = std::min(text.find(rules_.separator, at), text.size());
  fields_.push_back(span_of(base, at, end));
  at = end;
}

}  // namespace evclean
