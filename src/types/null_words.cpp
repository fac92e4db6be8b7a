// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "digits.hpp"
#include "evclean/span_mask.hpp"
#include "evclean/types.hpp"

namespace evclean {
namespace {

// What pandas' read_csv takes for missing, in exact case; the nineteenth is the empty text.
constexpr std::string_view kStandardWords[] = {"#N/A", "#N/A N/A", "#NA",     "-1.#IND", "-1.#QNAN", "-NaN",
                                               "-nan", "1.#IND",   "1.#QNAN", "<NA>",    "N/A",      "NA",
                                               "NULL", "NaN",      "None",    "n/a",     "nan",      "null"};

bool only_blanks(std::string_view text) noexcept { return trim_blanks(text).empty(); }

}  // namespace

NullWords NullWords::standard() {
  NullWords words;
  words.add_word("", false);
  for (const std::string_view word : kStandardWords) words.add_word(word, false);
  return words;
}

NullWords NullWords::logs() {
  NullWords words = standard();
  words.add_word("-", false);
  return words;
}

NullWords NullWords::only(const std::vector<std::string>& list) {
  NullWords words;
  for (const std::string& word : list) words.add(word);
  return words;
}

NullWords NullWords::changed_by(const NullOptions& options) const {
  if (options.only) return only(options.words);
  NullWords words = *this;
  for (const std::string& word : options.words) words.add(word);
  return words;
}

void NullWords::add(std::string_view word) { add_word(word, true); }

void NullWords::add_word(std::string_view text, bool own) {
  if (only_blanks(text)) {
    blank_ = true;
    lengths_of_[' '] = lengths_of_['\t'] = ~0u;
    return;
  }
  const auto same = std::find_if(words_.begin(), words_.end(), [&](const Word& word) { return word.text == text; });
  if (same != words_.end()) {
    same->own |= own;
    return;
  }
  words_.push_back({std::string(text), own});
  lengths_of_[static_cast<unsigned char>(text.front())] |= 1u << std::min<std::size_t>(text.size(), 31);
}

int NullWords::find(std::string_view text, bool own_only) const noexcept {
  if (text.empty() || is_blank(text.front())) {
    if (only_blanks(text)) return blank_ ? kBlank : kNone;
  }
  if (text.empty() || !may_be_word(text.front(), text.size())) return kNone;
  for (std::size_t i = words_.size(); i-- > 0;) {  // the words added last are the frequent ones
    if (words_[i].text == text && (words_[i].own || !own_only)) return static_cast<int>(i);
  }
  return kNone;
}

bool NullWords::contains(std::string_view text) const noexcept { return find(text, false) != kNone; }

void NullWords::mark(SpanColumn& column, Evidence& evidence) const {
  const char* const text = column.text ? column.text->data() : "";
  const bool json = column.kind == RawKind::kJson;
  std::vector<std::int64_t> counts(words_.size() + 1);
  // The word of one byte that came last ("-" of logs) is met more often than all others.
  const auto by_length = std::find_if(words_.rbegin(), words_.rend(), [](const Word& w) { return w.text.size() == 1; });
  const int dash =
      by_length == words_.rend() || (json && !by_length->own) ? kNone : static_cast<int>(words_.rend() - by_length) - 1;
  const char dash_byte = dash == kNone ? '\0' : by_length->text.front();
  auto lengths_of = lengths_of_;
  for (std::uint32_t& lengths : lengths_of) lengths |= 1;  // a text without a byte may be blank, whatever stands there
  const auto may_be_missing = [&](Span span) -> std::uint64_t {
    return lengths_of[static_cast<unsigned char>(text[span.offset])] >> std::min<std::uint32_t>(span.length(), 31) & 1;
  };
  const auto mark_one = [&](Span& span) {
    if (!json && span.quoted() && span.length() != 0) return;
    const bool is_dash = dash != kNone && span.length() == 1 && text[span.offset] == dash_byte;
    const int word = is_dash ? dash : find({text + span.offset, span.length()}, json);
    if (word == kNone) return;
    span.bits |= Span::kMissing;
    ++counts[static_cast<std::size_t>(word + 1)];
  };
  const auto rows = static_cast<std::int64_t>(column.spans.size());
  for (std::int64_t first = 0; first < rows; first += 64) {
    Span* const spans = column.spans.data() + first;
    const std::int64_t count = std::min<std::int64_t>(64, rows - first);
    const std::uint64_t present = present_bits(spans, count);
    std::uint64_t may_be = 0;
    if (present == ~std::uint64_t{0}) {  // without branches that depend on the texts
      for (std::int64_t i = 0; i < 64; ++i) may_be |= may_be_missing(spans[i]) << i;
    } else {
      for_each_bit(present, [&](std::int64_t i) { may_be |= may_be_missing(spans[i]) << i; });
    }
    for_each_bit(may_be, [&](std::int64_t i) { mark_one(spans[i]); });
  }
  if (counts[0] > 0) evidence.null_words[""] += counts[0];
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (counts[i + 1] > 0) evidence.null_words[words_[i].text] += counts[i + 1];
  }
}

void mark_missing(SpanColumn& column, const NullWords& words, Evidence& evidence) {
  if (column.nulls_marked) return;
  words.mark(column, evidence);
  column.nulls_marked = true;
}

}  // namespace evclean
