// SPDX-License-Identifier: Apache-2.0
// What a table's run says of itself.
#include <algorithm>

#include "evclean/suggest.hpp"
#include "reject_wire.hpp"
#include "table_run.hpp"

namespace evclean {
namespace {

constexpr std::array<std::string_view, kValueKinds> kKindWords = {
    "true or false", "an integer",       "an integer beyond 2^53", "a number",
    "a date",        "a day/month date", "a month/day date",       "a date of unclear order",
    "a time",        "a day/month time", "a month/day time",       "a time of unclear order",
    "text"};

bool is_date(ValueKind kind) { return kind >= ValueKind::kDate && kind <= ValueKind::kDateEither; }
bool is_timestamp(ValueKind kind) { return kind >= ValueKind::kTimestamp && kind <= ValueKind::kTimestampEither; }

/// An integer among numbers, or a date among times, stops nothing; nor does a date of another order, unless both orders
/// are there.
bool is_narrower(ValueKind kind, ValueKind than) {
  const bool integer = kind == ValueKind::kInt || kind == ValueKind::kBigInt;
  const auto day = [](ValueKind k) { return k == ValueKind::kDateDayFirst || k == ValueKind::kTimestampDayFirst; };
  const auto month = [](ValueKind k) {
    return k == ValueKind::kDateMonthFirst || k == ValueKind::kTimestampMonthFirst;
  };
  if ((day(kind) && month(than)) || (month(kind) && day(than))) return false;
  if (is_timestamp(than)) return is_date(kind) || is_timestamp(kind);
  if (is_date(than)) return is_date(kind);
  if (than == ValueKind::kBigInt) return kind == ValueKind::kInt;
  return than == ValueKind::kFloat && integer;
}

/// The kinds of value that a column has, most frequent last word: what kept it from being narrower.
std::string what_stopped(const TableInput& input, const Evidence& evidence) {
  std::size_t most = 0, blocker = kValueKinds;
  for (std::size_t k = 0; k < kValueKinds; ++k) {
    if (evidence.kinds[k].count > evidence.kinds[most].count) most = k;
  }
  for (std::size_t k = 0; k < kValueKinds; ++k) {
    if (k != most && evidence.kinds[k].count > 0 &&
        !is_narrower(static_cast<ValueKind>(k), static_cast<ValueKind>(most)))
      blocker = k;
  }
  if (blocker == kValueKinds || most == static_cast<std::size_t>(ValueKind::kString)) return {};
  const Evidence::Seen& seen = evidence.kinds[blocker];
  std::string place;
  if (seen.first.file >= 0 && seen.first.file < static_cast<std::int32_t>(input.files.size())) {
    place = fmt::format(" at {}:{}", input.files[static_cast<std::size_t>(seen.first.file)].shown,
                        line_of(input, seen.first.file, seen.first.byte_offset));
  }
  return fmt::format("mostly {}, but '{}'{} is {}", kKindWords[most], printable(seen.sample, 40), place,
                     kKindWords[blocker]);
}

}  // namespace

/// The first three rejects over all ranks, in input order.
void TableRun::gather_first_rejects(TableReport& report) {
  constexpr std::size_t kShownBytes = 400;
  Packer mine;
  for (const Reject& reject : report.first_rejects) put_reject(mine, reject, kShownBytes);
  report.first_rejects.clear();
  for (const std::string& packed : comm_.all_gather(mine.bytes())) {
    for (Unpacker in(packed); !in.empty();) report.first_rejects.push_back(get_reject(in));
  }
  auto& all = report.first_rejects;
  std::stable_sort(all.begin(), all.end(), [](const Reject& a, const Reject& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  if (all.size() > 3) all.resize(3);
}

void TableRun::fill_report(const TableInput& input, const PassResult& result, TableReport& report) {
  report.name = spec_.name;
  report.format = input.format;
  report.files = result.files;
  report.notes = input.notes;
  report.stored_bytes = input.stored_bytes();
  report.passes = passes_;
  for (const FileLedger& file : result.files) report.ledger += file.counts;
  report.rejected_rows = result.rejected_rows;
  const int first_off = first_step_off_records(spec_.steps);
  for (std::size_t s = 0; s < spec_.steps.size(); ++s) {
    report.steps.push_back({spec_.steps[s].name, result.filtered[s], result.rows_in[s], result.rows_out[s],
                            static_cast<int>(s) >= first_off});
  }
  const auto count = [&](std::int64_t value, const char* text) {
    if (value > 0) report.notes.push_back(fmt::format("{} {}", value, text));
  };
  count(result.counters.division_by_zero, "divisions by zero gave null");
  count(result.counters.int_overflow, "integer results beyond 64 bits gave null");
  count(result.counters.regex_limit, "matches gave up at the match limit and counted as no match");
  count(result.rejected_rows, "rows made by explode did not fit a later step: rejects, beside the records' ledger");
  for (std::size_t s = 0; s < spec_.steps.size(); ++s) {
    if (result.odd[s] > 0)
      report.notes.push_back(fmt::format("step {} ({}): {} values were no array and stayed one row", s + 1,
                                         spec_.steps[s].name, result.odd[s]));
  }
  for (const FileLedger& file : result.files) {
    if (!file.damage.empty())
      report.notes.push_back(fmt::format("{}: {}{}", file.file, file.damage, file.skipped ? "; skipped whole" : ""));
    const auto count_in = [&](std::int64_t value, const char* text) {
      const std::string where = result.files.size() > 1 ? file.file + ": " : std::string();
      if (value > 0) report.notes.push_back(fmt::format("{}{} {}", where, value, text));
    };
    count_in(file.replaced, "ill-formed UTF-8 sequences became U+FFFD");
    count_in(file.nul_bytes, "NUL bytes are kept in strings");
  }
  fill_columns(input, result, report);
  note_what_stays(report);
  report.read_seconds = comm_.max(seconds_.read);
  report.decode_seconds = comm_.max(seconds_.decode);
  report.steps_seconds = comm_.max(seconds_.steps);
  report.encode_seconds = comm_.max(seconds_.encode);
}

/// What users would otherwise wonder about: nulls that fill: None leaves, declared columns that are not there.
void TableRun::note_what_stays(TableReport& report) const {
  const bool fills = std::any_of(spec_.steps.begin(), spec_.steps.end(), [](const StepSpec& step) {
    const auto* fill = std::get_if<FillStep>(&step.body);
    return fill != nullptr && fill->none;
  });
  std::string left;
  for (const ColumnReport& column : report.columns) {
    if (column.missing > 0 && column.type != ValueType::kString) {
      left +=
          fmt::format("{}{} ({}, {})", left.empty() ? "" : ", ", column.name, type_name(column.type), column.missing);
    }
  }
  if (fills && !left.empty()) report.notes.push_back(fmt::format("fill: None is for text; still missing: {}", left));
  if (!spec_.input) return;
  for (const NamedText& declared : spec_.input->types) {
    const bool there = std::any_of(guess_.input.begin(), guess_.input.end(),
                                   [&](const InputColumn& c) { return c.name == declared.name; });
    if (!there)
      report.notes.push_back(
          fmt::format("types: no column '{}' in this input; steps see it as missing", declared.name));
  }
}

void TableRun::fill_columns(const TableInput& input, const PassResult& result, TableReport& report) {
  for (std::size_t c = 0; c < program_.fields.size(); ++c) {
    ColumnReport column{
        program_.fields[c].name, program_.fields[c].type, c < result.missing.size() ? result.missing[c] : 0, {}, {}};
    for (const auto& [slot, step] : program_.settled_at) {
      const Slot& known = program_.slots[static_cast<std::size_t>(slot)];
      if (known.name != column.name) continue;
      column.why = comm_.is_root() ? what_stopped(input, evidence_[static_cast<std::size_t>(slot)]) : std::string();
      column.null_words = evidence_[static_cast<std::size_t>(slot)].null_words;
    }
    report.columns.push_back(std::move(column));
  }
}

}  // namespace evclean
