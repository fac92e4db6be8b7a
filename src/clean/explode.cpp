// SPDX-License-Identifier: Apache-2.0
// explode: a row for each element of a JSON array. What an element is follows JSON: strings lose their quotes, objects
// and arrays stay text. Results leave in batches of a bounded size, whatever an array holds.
#include <arrow/array.h>

#include "evclean/function.hpp"
#include "evclean/suggest.hpp"
#include "ops.hpp"

namespace evclean {
namespace {

constexpr std::size_t kPieceRows = 16'384;
constexpr std::int64_t kPieceBytes = 16 << 20;

bool begins_array(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '[';
}

/// Bytes of text that a row takes in each row made of it.
std::int64_t text_bytes(const Batch& batch, std::int64_t row) {
  std::int64_t bytes = 0;
  for (const Column& column : batch.columns) {
    if (const auto* raw = std::get_if<SpanColumn>(&column)) {
      const Span span = raw->spans[static_cast<std::size_t>(row)];
      bytes += span.missing() ? 0 : span.length();
    } else if (const auto& array = *std::get<std::shared_ptr<arrow::Array>>(column);
               array.type_id() == arrow::Type::STRING) {
      bytes += static_cast<const arrow::StringArray&>(array).value_length(row);
    }
  }
  return bytes;
}

/// The elements of one column, as spans of one text.
class Elements {
 public:
  /// Points into the column's own text when it may grow; else elements are copied.
  Elements(const SpanColumn& source, const TextBlockPtr& block)
      : source_(source), shares_(block != nullptr && source.text.get() == block.get()) {
    text_ = shares_ ? block : std::make_shared<TextBlock>();
  }

  const TextBlockPtr& text() const { return text_; }

  /// Appends the elements of a row's array; false: it is no array.
  bool add_array(std::int64_t row, std::vector<Span>& spans) {
    found_.clear();
    const std::string_view array = source_.view(row);
    if (!functions::json_elements(array, found_)) return false;
    // Appending may move the text: places first.
    const std::uint32_t base = source_.spans[static_cast<std::size_t>(row)].offset;
    for (const std::string_view element : found_) {
      const auto at = static_cast<std::uint32_t>(element.data() - array.data());
      spans.push_back(Span::of(base + at, static_cast<std::uint32_t>(element.size())));
    }
    for (Span& span : spans) span = element_span(span);
    return true;
  }

  /// A value that is no array, as the one element. A text of another kind than JSON's is read as if it had no quotes.
  Span whole(std::int64_t row, bool string) {
    const Span span = source_.spans[static_cast<std::size_t>(row)];
    const bool quoted = source_.kind == RawKind::kJson ? span.quoted() : string;
    return placed(span.offset, span.length(), quoted);
  }

 private:
  Span element_span(Span raw) {
    const std::string_view text(source_.text->data() + raw.offset, raw.length());
    if (text == "null") return {};
    if (text.front() != '"') return placed(raw.offset, raw.length(), false);
    if (text.find('\\') == std::string_view::npos) return placed(raw.offset + 1, raw.length() - 2, true);
    const std::string plain = functions::json_string_text(text);
    return Span::of(text_->append(plain), static_cast<std::uint32_t>(plain.size()), Span::kQuoted);
  }

  Span placed(std::uint32_t offset, std::uint32_t length, bool quoted) {
    const std::uint32_t flags = quoted ? Span::kQuoted : 0;
    if (shares_) return Span::of(offset, length, flags);
    return Span::of(text_->append({source_.text->data() + offset, length}), length, flags);
  }

  const SpanColumn& source_;
  bool shares_;
  TextBlockPtr text_;
  std::vector<std::string_view> found_;
};

/// Rows that wait until they make a batch.
class Piece {
 public:
  Piece(const Batch& from, const std::string& target, TextBlockPtr text, const std::function<void(Batch&)>& emit)
      : from_(from), target_(target), text_(std::move(text)), emit_(emit) {}

  void add(std::int32_t row, Span element, std::int64_t bytes) {
    rows_.push_back(row);
    elements_.push_back(element);
    bytes_ += bytes;
    if (rows_.size() >= kPieceRows || bytes_ >= kPieceBytes) flush();
  }

  void flush() {
    if (rows_.empty()) return;
    Batch batch = pick_rows(from_, rows_, from_.find(target_));
    batch.put(target_, elements());
    rows_.clear();
    elements_.clear();
    bytes_ = 0;
    emit_(batch);
  }

 private:
  SpanColumn elements() const { return SpanColumn{text_, elements_, RawKind::kJson, false}; }

  const Batch& from_;
  const std::string& target_;
  TextBlockPtr text_;
  const std::function<void(Batch&)>& emit_;
  std::vector<std::int32_t> rows_;
  std::vector<Span> elements_;
  std::int64_t bytes_ = 0;
};

class Explode final : public Op {
 public:
  explicit Explode(ExplodePlan plan) : plan_(std::move(plan)) {}

  bool expands() const override { return true; }
  void apply(Batch&, OpState&) override { fail_bug("explode makes several batches"); }

  void expand(Batch& batch, OpState& state, const std::function<void(Batch&)>& emit) override {
    const int at = batch.find(plan_.column);
    const SpanColumn source = text_column(batch, at);
    const bool string = !batch.is_raw(at) && batch.array(at)->type_id() == arrow::Type::STRING;
    Elements elements(source, state.block);
    Piece piece(batch, plan_.target, elements.text(), emit);
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      spans_.clear();
      elements_of(batch, source, row, string, elements, state);
      const std::int64_t bytes = spans_.empty() ? 0 : text_bytes(batch, row);
      for (const Span span : spans_) piece.add(static_cast<std::int32_t>(row), span, bytes);
    }
    piece.flush();
  }

 private:
  void elements_of(const Batch& batch, const SpanColumn& source, std::int64_t row, bool string, Elements& elements,
                   OpState& state) {
    const bool missing = source.spans[static_cast<std::size_t>(row)].missing();
    if (!missing && begins_array(source.view(row))) {
      if (!elements.add_array(row, spans_)) {
        state.rejects.push_back(make_reject(
            batch, row,
            fmt::format("explode: {} '{}' is not a JSON array", plan_.column, printable(source.view(row), 80))));
        if (plan_.of_records) state.rejects.back().detail = "none of its rows is in the outputs";
        return;
      }
    } else if (!missing) {
      ++state.odd[static_cast<std::size_t>(step)];
      spans_.push_back(elements.whole(row, string));
    }
    if (spans_.empty() && plan_.keep_empty) spans_.emplace_back();
  }

  ExplodePlan plan_;
  std::vector<Span> spans_;
};

}  // namespace

std::unique_ptr<Op> make_explode_op(ExplodePlan plan) { return std::make_unique<Explode>(std::move(plan)); }

}  // namespace evclean
