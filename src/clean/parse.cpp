// SPDX-License-Identifier: Apache-2.0
// parse: a series of patterns over one column; the named groups become raw columns that point into the same text.
#include "ops.hpp"

namespace evclean {
namespace {

class Parse final : public Op {
 public:
  Parse(ParsePlan plan, NullWords nulls) : plan_(std::move(plan)), nulls_(std::move(nulls)) {
    for (const Pattern& pattern : plan_.patterns) tally_.add(pattern.text());
  }

  void apply(Batch& batch, OpState& state) override {
    const SpanColumn source = text_column(batch, batch.find(plan_.column));
    const std::size_t rows = source.spans.size();
    std::vector<std::vector<Span>> found(plan_.targets.size(), std::vector<Span>(rows));
    for (std::size_t row = 0; row < rows; ++row) {
      if (!source.spans[row].missing()) match_row(source, row, found, state.counters);
    }
    if (const auto at = static_cast<std::size_t>(step); at < state.patterns.size())
      merge_tallies(state.patterns[at], tally_.take());
    for (std::size_t t = 0; t < plan_.targets.size(); ++t) {
      put_target(plan_.targets[t], source, std::move(found[t]), batch, state);
    }
  }

 private:
  void match_row(const SpanColumn& source, std::size_t row, std::vector<std::vector<Span>>& found,
                 EvalCounters& counters) {
    const std::string_view text = source.view(static_cast<std::int64_t>(row));
    tally_.begin();
    for (std::size_t p = 0; p < plan_.patterns.size(); ++p) {
      Pattern& pattern = plan_.patterns[p];
      const MatchOutcome outcome = tally_.match(p, pattern, text);
      if (outcome == MatchOutcome::kLimit) ++counters.regex_limit;
      if (outcome != MatchOutcome::kMatch) continue;
      take_groups(source.spans[row].offset, pattern.ovector(), plan_.groups[p], row, found);
      if (plan_.all) continue;
      for (std::size_t later = p + 1; tally_.measures() && later < plan_.patterns.size(); ++later)
        tally_.compare(later, plan_.patterns[later], text);
      return;
    }
  }

  /// The first group that gives a value for a name wins.
  static void take_groups(std::uint32_t base, const std::size_t* ovector,
                          const std::vector<std::pair<std::uint32_t, int>>& groups, std::size_t row,
                          std::vector<std::vector<Span>>& found) {
    for (const auto& [number, target] : groups) {
      Span& span = found[static_cast<std::size_t>(target)][row];
      const std::size_t begin = ovector[2 * number], end = ovector[2 * number + 1];
      if (!span.missing() || begin == ~std::size_t{0} || end < begin) continue;
      span = Span::of(base + static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin));
    }
  }

  void put_target(const ParseTarget& target, const SpanColumn& source, std::vector<Span> spans, Batch& batch,
                  OpState& state) {
    SpanColumn column{source.text, std::move(spans), RawKind::kText, false};
    Evidence& evidence = state.evidence[static_cast<std::size_t>(target.slot)];
    const int existing = batch.find(target.column);
    if (existing >= 0) {
      column = where_matched(std::move(column), text_column(batch, existing));
      mark_missing(column, nulls_, evidence);
      batch.columns[static_cast<std::size_t>(existing)] = std::move(column);
      return;
    }
    mark_missing(column, nulls_, evidence);
    batch.put(target.column, std::move(column));
  }

  /// A group named like an existing column replaces it where it matches.
  static SpanColumn where_matched(SpanColumn fresh, const SpanColumn& old) {
    if (fresh.text == old.text) {
      for (std::size_t i = 0; i < fresh.spans.size(); ++i) {
        if (fresh.spans[i].missing()) fresh.spans[i] = old.spans[i];
      }
      fresh.kind = old.kind;
      return fresh;
    }
    auto text = std::make_shared<TextBlock>();
    for (std::size_t i = 0; i < fresh.spans.size(); ++i) {
      const SpanColumn& from = fresh.spans[i].missing() ? old : fresh;
      const Span span = from.spans[i];
      if (span.missing()) continue;
      const std::uint32_t flags = span.bits & ~Span::kLengthMask;
      fresh.spans[i] = Span::of(text->append(from.view(static_cast<std::int64_t>(i))), span.length(), flags);
    }
    fresh.text = std::move(text);
    fresh.kind = old.kind;
    return fresh;
  }

  ParsePlan plan_;
  NullWords nulls_;
  SeriesTally tally_;
};

}  // namespace

std::unique_ptr<Op> make_parse_op(ParsePlan plan, NullWords nulls) {
  return std::make_unique<Parse>(std::move(plan), std::move(nulls));
}

}  // namespace evclean
