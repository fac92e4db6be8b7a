// SPDX-License-Identifier: Apache-2.0
#include "json_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "json_text.hpp"

namespace evclean {

void JsonRows::begin_file() {
  keys_.clear();
  forget_shapes();
  until_learned_ = 0;
  patience_ = 1;
  columns_.clear();
  column_of_.clear();
}

void JsonRows::begin_call(TextBlockPtr text, std::size_t expected_rows) {
  text_ = std::move(text);
  data_ = text_->data();
  const std::size_t most = columns_.empty() ? 1024 : kMaxCells / columns_.size() + 64;
  capacity_ = std::clamp<std::size_t>(expected_rows, 64, most);
  records_.clear();
  records_.reserve(capacity_);
  row_ = 0;
  duplicate_keys_ = lone_surrogates_ = 0;
  spans_.assign(columns_.size(), std::vector<Span>(capacity_));
  cells_.clear();
  for (std::vector<Span>& column : spans_) cells_.push_back(column.data());
}

void JsonRows::begin_tokens(const std::uint32_t* positions, std::size_t base, std::size_t end) {
  positions_ = positions;
  base_ = base;
  tokens_end_ = end;
  backslash_ = next_backslash(base);
}

void JsonRows::grow() {
  capacity_ *= 2;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    spans_[i].resize(capacity_);
    cells_[i] = spans_[i].data();
  }
}

/// Many columns came late: room for rows that this batch will not hold is given back.
void JsonRows::shrink() {
  capacity_ = row_ + 64;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    spans_[i].resize(capacity_);
    spans_[i].shrink_to_fit();
    cells_[i] = spans_[i].data();
  }
}

std::size_t JsonRows::fail(std::string what, std::size_t at) {
  fault_ = {std::move(what), at};
  return 0;
}

void JsonRows::set_fault(std::string what, std::size_t at) { fault_ = {std::move(what), at}; }

std::size_t JsonRows::fail_at(std::size_t token, const char* expected) {
  const std::size_t at = position(token);
  if (at >= limit_) return fail(fmt::format("ends where {} should stand", expected), limit_);
  return fail(fmt::format("{} should stand here", expected), at);
}

std::size_t JsonRows::next_backslash(std::size_t begin) const {
  const void* found = begin < tokens_end_ ? std::memchr(data_ + begin, '\\', tokens_end_ - begin) : nullptr;
  return found == nullptr ? SIZE_MAX : static_cast<std::size_t>(static_cast<const char*>(found) - data_);
}

// What every value of every record goes through is inlined into read().

[[gnu::always_inline]] inline bool JsonRows::find_key(std::size_t token) {
  const std::size_t begin = position(token) + 1;
  const std::size_t size = trimmed(position(token + 1)) - begin;
  Open& open = open_.back();
  key_ = keys_.find(open.node, open.before, data_ + begin, size);
  if (key_ == kNoKey && !add_key(begin, size)) return false;
  open.before = key_;
  JsonKey& key = keys_.key(key_);
  if (key.seen_in == record_) repeated(key);
  key.seen_in = record_;
  return true;
}

[[gnu::always_inline]] inline bool JsonRows::string_value(std::size_t begin, std::size_t end) {
  const std::size_t inner = begin + 1;
  if (has_backslash(inner, end)) return escaped_value(begin, end);
  return store(Span::of(static_cast<std::uint32_t>(inner), static_cast<std::uint32_t>(end - 1 - inner), Span::kQuoted));
}

[[gnu::always_inline]] inline bool JsonRows::check_scalar(std::size_t begin, std::size_t end) {
  const std::string_view text(data_ + begin, end - begin);
  if (is_json_number(text) || text == "true" || text == "false" || text == "null") return true;
  return no_value(begin, end);
}

[[gnu::always_inline]] inline bool JsonRows::scalar_value(std::size_t begin, std::size_t end) {
  if (!check_scalar(begin, end)) return false;
  if (data_[begin] == 'n') return store(Span{});
  return store(Span::of(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)));
}

bool JsonRows::open_object(std::uint32_t node, std::size_t token) {
  if (open_.size() >= max_depth_) {
    fail(fmt::format("nested deeper than max_depth ({})", max_depth_), position(token));
    return false;
  }
  keys_.node(node).seen_in = record_;
  open_.push_back({node, kNoKey});
  return true;
}

/// Reads `"key": value` at `token`; gives the token behind it. An object as value is only opened.
[[gnu::always_inline]] inline std::size_t JsonRows::read_pair(std::size_t token) {
  if (position(token + 3) >= limit_) return cut_off(token);
  if (data_[position(token)] != '"') return fail_at(token, "a key in double quotes");
  if (data_[position(token + 1)] != ':') return fail_at(token + 1, "a colon");
  if (!find_key(token)) return 0;
  const std::size_t value = position(token + 2);
  switch (data_[value]) {
    case '"':
      return string_value(value, trimmed(position(token + 3))) ? token + 3 : 0;
    case '{':
      return open_object(keys_.child_of(key_), token + 2) ? token + 3 : 0;
    case '[':
      return array_value(token + 2);
    default:
      return scalar_value(value, trimmed(position(token + 3))) ? token + 3 : 0;
  }
}

/// Behind a value: a comma, or the ends of one or more objects.
[[gnu::always_inline]] inline std::size_t JsonRows::close_objects(std::size_t token) {
  for (;; ++token) {
    if (position(token) >= limit_) return fail_at(token, "a comma or }");
    const char c = data_[position(token)];
    if (c == ',') {
      if (position(token + 1) < limit_ && data_[position(token + 1)] == '"') return token + 1;
      return fail_at(token + 1, "a key in double quotes");
    }
    if (c != '}') return fail_at(token, "a comma or }");
    open_.pop_back();
    if (open_.empty()) return token + 1;
  }
}

std::size_t JsonRows::read(std::size_t token, std::size_t limit) {
  limit_ = limit;
  ++record_;
  if (row_ == capacity_) grow();
  mark_ = keys_.mark();
  columns_before_ = columns_.size();
  duplicates_before_ = duplicate_keys_;
  surrogates_before_ = lone_surrogates_;
  given_.clear();
  const std::size_t first = token++;
  const std::size_t expected = read_expected(token);
  if (expected == kWholeRecord) {
    note_unalike(first, token);
    return token;
  }
  open_.clear();
  if (!open_object(0, first)) return 0;
  note_expected(expected);
  while (!open_.empty()) {
    const bool empty = open_.back().before == kNoKey && position(token) < limit_ && data_[position(token)] == '}';
    if (!empty && (token = read_pair(token)) == 0) return 0;
    // An object that was just opened reads its own pairs first.
    if (data_[position(token - 1)] == '{' && open_.back().before == kNoKey && !empty) continue;
    if ((token = close_objects(token)) == 0) return 0;
  }
  learn_pairs(token - first);
  note_unalike(first, token);
  return token;
}

bool JsonRows::add_key(std::size_t begin, std::size_t size) {
  if (keys_.key_count() > 2 * max_columns_ + 256)
    return fail(fmt::format("more than max_columns ({}) keys", max_columns_), begin) != 0;
  const std::string_view raw(data_ + begin, size);
  scratch_.clear();
  if (!unescape_json(raw.substr(0, size - 1), scratch_, lone_surrogates_))
    return fail("bad escape in a key", begin) != 0;
  key_ = keys_.add(open_.back().node, open_.back().before, raw, scratch_);
  return true;
}

/// The same key again in one object: what it gave before does not count.
void JsonRows::repeated(JsonKey& key) {
  ++duplicate_keys_;
  forget_value(key);
}

void JsonRows::forget_value(JsonKey& key) {
  if (key.column >= 0) cells_[static_cast<std::size_t>(key.column)][row_] = Span{};
  if (key.child >= 0) clear_object(static_cast<std::uint32_t>(key.child));
}

void JsonRows::clear_object(std::uint32_t index) {
  JsonNode& node = keys_.node(index);
  if (node.seen_in != record_) return;
  node.seen_in = 0;
  for (std::uint32_t i = node.keys; i != kNoKey; i = keys_.text(i).sibling) {
    JsonKey& key = keys_.key(i);
    if (key.seen_in != record_) continue;
    key.seen_in = 0;
    forget_value(key);
  }
}

bool JsonRows::escaped_value(std::size_t begin, std::size_t end) {
  scratch_.clear();
  if (!unescape_json({data_ + begin + 1, end - begin - 2}, scratch_, lone_surrogates_))
    return fail("bad escape in a string", begin) != 0;
  const std::uint32_t offset = text_->append(scratch_);
  data_ = text_->data();
  return store(Span::of(offset, static_cast<std::uint32_t>(scratch_.size()), Span::kQuoted));
}

bool JsonRows::no_value(std::size_t begin, std::size_t end) {
  return fail(fmt::format("{} is no JSON value",
                          std::string_view(data_ + begin, std::min<std::size_t>(end - begin, 40))),
              begin) != 0;
}

/// A pair that is not whole.
std::size_t JsonRows::cut_off(std::size_t token) {
  const char* const expected[] = {"a key", "a colon", "a value"};
  for (std::size_t i = 0; i < 3; ++i)
    if (position(token + i) >= limit_) return fail_at(token + i, expected[i]);
  return fail_at(token + 3, "a comma or }");
}

bool JsonRows::give_column(JsonKey& key) {
  const std::string& name = keys_.text(key_).name;
  const auto known = column_of_.find(name);
  given_.push_back(key_);
  if (known != column_of_.end()) {
    key.column = known->second;
    keys_.share_column(key.column);
    forget_shapes();
    return true;
  }
  if (columns_.size() >= max_columns_)
    return fail(fmt::format("more than max_columns ({}) columns", max_columns_), position(0)) != 0;
  key.column = static_cast<std::int32_t>(columns_.size());
  column_of_.emplace(name, key.column);
  columns_.push_back({name, false, ValueType::kString});
  if (columns_.size() * capacity_ > 2 * kMaxCells && capacity_ > row_ + 64) shrink();
  spans_.emplace_back(capacity_);
  cells_.push_back(spans_.back().data());
  return true;
}

bool JsonRows::check_string(std::size_t begin, std::size_t end) {
  if (!has_backslash(begin, end)) return true;
  std::int64_t ignored = 0;
  scratch_.clear();
  return unescape_json({data_ + begin + 1, end - begin - 2}, scratch_, ignored) ||
         fail("bad escape in a string", begin) != 0;
}

/// An array stays text; `token` is its bracket. Gives the token behind it.
std::size_t JsonRows::array_value(std::size_t token) {
  const std::size_t begin = position(token);
  const std::size_t next = skip_value(token);
  if (next == 0) return 0;
  const std::size_t end = position(next - 1) + 1;
  return store(Span::of(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin))) ? next : 0;
}

/// Checks the container at `token` and all within.
std::size_t JsonRows::skip_value(std::size_t token) {
  skipped_.clear();
  bool done = false;
  while (token != 0 && !done) {
    if (position(token) >= limit_) return fail_at(token, "a value");
    const std::size_t begin = position(token);
    const char c = data_[begin];
    if (c == '[' || c == '{') {
      if (open_.size() + skipped_.size() >= max_depth_)
        return fail(fmt::format("nested deeper than max_depth ({})", max_depth_), begin);
      skipped_.push_back(c);
      ++token;
      const bool empty = position(token) < limit_ && data_[position(token)] == c + 2;
      if (empty)
        token = skip_after_value(token, done);
      else if (c == '{')
        token = skip_key(token);
      continue;
    }
    const std::size_t end = trimmed(position(token + 1));
    if (!(c == '"' ? check_string(begin, end) : check_scalar(begin, end))) return 0;
    token = skip_after_value(token + 1, done);
  }
  return token;
}

/// Behind a value inside an array: closes what ends here; gives the token of the next value.
std::size_t JsonRows::skip_after_value(std::size_t token, bool& done) {
  for (;; ++token) {
    if (position(token) >= limit_) return fail_at(token, "a comma or a closing bracket");
    const char c = data_[position(token)];
    if (c == ',') return skipped_.back() == '{' ? skip_key(token + 1) : token + 1;
    if (c != skipped_.back() + 2) return fail_at(token, "a comma or a closing bracket");
    skipped_.pop_back();
    done = skipped_.empty();
    if (done) return token + 1;
  }
}

std::size_t JsonRows::skip_key(std::size_t token) {
  if (position(token) >= limit_ || data_[position(token)] != '"') return fail_at(token, "a key in double quotes");
  if (position(token + 1) >= limit_ || data_[position(token + 1)] != ':') return fail_at(token + 1, "a colon");
  return check_string(position(token), trimmed(position(token + 1))) ? token + 2 : 0;
}

void JsonRows::commit(RecordRef record) {
  records_.push_back(record);
  ++row_;
}

void JsonRows::drop() {
  expected_.clear();
  if (learned_in_ == record_) forget_shapes();
  duplicate_keys_ = duplicates_before_;
  lone_surrogates_ = surrogates_before_;
  for (Span* column : cells_) column[row_] = Span{};
  for (const std::uint32_t index : given_) keys_.key(index).column = -1;
  keys_.roll_back(mark_);
  for (std::size_t i = columns_before_; i < columns_.size(); ++i) column_of_.erase(columns_[i].name);
  columns_.resize(columns_before_);
  spans_.resize(columns_before_);
  cells_.resize(columns_before_);
}

void JsonRows::finish(DecodeResult& result) {
  Batch& batch = result.batch;
  batch.num_rows = static_cast<std::int64_t>(rows());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    spans_[i].resize(rows());
    batch.names.push_back(columns_[i].name);
    batch.columns.emplace_back(SpanColumn{text_, std::move(spans_[i]), RawKind::kJson, false});
  }
  batch.records = std::move(records_);
  records_.clear();
  spans_.clear();
  cells_.clear();
  result.duplicate_keys = duplicate_keys_;
  result.lone_surrogates = lone_surrogates_;
  text_.reset();
}

}  // namespace evclean
