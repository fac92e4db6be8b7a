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
  const bool whole = split_strictly(record);
  if (rules_.quoted.empty() || (whole && !has_stray_quotes(record.view()))) return whole;
  return split_at_known_quotes(record);
}

bool FieldSplitter::is_quoted(std::size_t field) const {
  return std::find(rules_.quoted.begin(), rules_.quoted.end(), field) != rules_.quoted.end();
}

/// Quotes around a field that has none, inside of one, or behind a closing one.
bool FieldSplitter::has_stray_quotes(std::string_view text) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const std::size_t begin = begins_[i], end = i + 1 < begins_.size() ? begins_[i + 1] : text.size();
    const std::string_view field = text.substr(begin, end - begin);
    const std::size_t first = field.find('"');
    if (first == std::string_view::npos) continue;
    const std::size_t last = field.find_last_not_of(rules_.separator);
    const bool around = first == 0 && field[last] == '"' && fields_[i].length() + 2 <= last + 1;
    if (!around || !is_quoted(i)) return true;
  }
  return false;
}

/// Where the quoted field ends whose text begins there: with as many plain fields as there are up to the next quoted
/// one, or, as the last of them, at the record's last quote. npos: nowhere.
std::size_t FieldSplitter::known_closing(std::string_view text, std::size_t begin, std::size_t field) const {
  const auto next = std::upper_bound(rules_.quoted.begin(), rules_.quoted.end(), field);
  if (next == rules_.quoted.end()) {
    const std::size_t last = text.rfind('"');
    return last >= begin && ends_field(text, last + 1) ? last : std::string_view::npos;
  }
  for (std::size_t at = text.find('"', begin); at < text.size(); at = text.find('"', at + 1)) {
    std::size_t behind = at + 1;
    for (std::size_t i = field; i < *next && ends_field(text, behind); ++i) {
      behind = text.find_first_not_of(rules_.separator, behind);
      if (i + 1 < *next) behind = text.find_first_of(std::string{rules_.separator, '"'}, behind);
    }
    if (behind > at + 1 && behind < text.size() && text[behind] == '"' && text[behind - 1] == rules_.separator)
      return at;
  }
  return std::string_view::npos;
}

/// For formats that do not escape quotes inside of quotes: what stands between the fields that have some tells.
bool FieldSplitter::split_at_known_quotes(const RecordText& record) {
  const std::string_view text = record.view();
  fields_.clear();
  begins_.clear();
  for (std::size_t at = text.find_first_not_of(rules_.separator); at < text.size();
       at = text.find_first_not_of(rules_.separator, at)) {
    begins_.push_back(at);
    if (text[at] == '"' && is_quoted(fields_.size())) {
      stopped_ = known_closing(text, at + 1, fields_.size());
      if (stopped_ == std::string_view::npos) {
        stopped_ = text.size();
        return false;
      }
      fields_.push_back(span_of(record.ref.offset, at + 1, stopped_));
      at = stopped_ + 1;
    } else if (!rules_.brackets || text[at] != '[' || !take_bracketed(text, record.ref.offset, at)) {
      take_plain(text, record.ref.offset, at);
    }
  }
  return true;
}

bool FieldSplitter::split_strictly(const RecordText& record) {
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
