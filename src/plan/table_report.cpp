// SPDX-License-Identifier: Apache-2.0
// What a table's run says of itself.
#include <algorithm>
#include <cctype>
#include <chrono>
#include <map>

#include "evclean/suggest.hpp"
#include "input_state.hpp"
#include "lookup_op.hpp"
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

std::string at_place(const TableInput& input, const Evidence::Seen& seen) {
  const std::string place = shown_place(input, seen.first);
  return place.empty() ? place : fmt::format(" at {}", place);
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
  return fmt::format("mostly {}, but '{}'{} is {}", kKindWords[most], printable(seen.sample, 40), at_place(input, seen),
                     kKindWords[blocker]);
}

/// Both sides' evidence for the order of day and month.
std::string what_decided(const TableInput& input, const Evidence& evidence) {
  std::string text;
  const auto add = [&](ValueKind date, ValueKind time, const char* words) {
    for (const ValueKind kind : {date, time}) {
      const Evidence::Seen& seen = evidence.kinds[static_cast<std::size_t>(kind)];
      if (seen.count == 0) continue;
      text += fmt::format("{}{} {} such as '{}'{}", text.empty() ? "" : ", ", seen.count, words,
                          printable(seen.sample, 40), at_place(input, seen));
    }
  };
  add(ValueKind::kDateDayFirst, ValueKind::kTimestampDayFirst, "read only as day/month");
  add(ValueKind::kDateMonthFirst, ValueKind::kTimestampMonthFirst, "read only as month/day");
  if (text.empty()) return text;
  add(ValueKind::kDateEither, ValueKind::kTimestampEither, "either way");
  return text;
}

/// Integers under a name of a time, as large as seconds or milliseconds of this century: what to declare.
std::string epoch_hint(const std::string& name, const Evidence& evidence) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::string last = lower.substr(lower.find_last_of("._-") + 1);
  const bool named = last == "ts" || last == "epoch" || last == "timestamp" || last == "time" || last == "ms";
  std::int64_t value = 0;
  if (!named || !parse_int64(evidence.kinds[static_cast<std::size_t>(ValueKind::kInt)].sample, value)) return {};
  const bool seconds = value >= 946'684'800 && value < 4'102'444'800;
  const bool milliseconds = value / 1000 >= 946'684'800 && value / 1000 < 4'102'444'800;
  if (!seconds && !milliseconds) return {};
  return fmt::format("column '{}' is int64; if {} are {} since 1970, say types: {{{}: {}}}", printable(name, 60), value,
                     seconds ? "seconds" : "milliseconds", printable(name, 60), seconds ? "epoch_s" : "epoch_ms");
}

/// A pattern of the job's that does nothing: why, in one line; empty: it does something.
std::string what_is_idle(const PatternTally& tally) {
  const std::string name = printable(tally.pattern, 60);
  if (tally.hit > 0) return {};
  if (tally.shadowed > 0) {
    return fmt::format("'{}' never gave a value: an earlier pattern takes what it matches ({} of {} texts looked at)",
                       name, tally.shadowed, tally.compared);
  }
  return tally.tried + tally.compared == 0 ? std::string()
                                           : fmt::format("'{}' matched none of {} texts", name, tally.tried);
}

}  // namespace

/// How each pattern of the format and of each step did; those that do nothing are named.
void TableRun::note_patterns(const PassResult& pass, std::size_t first_step, bool of_files, TableReport& report) const {
  for (std::size_t s = 0; s < pass.patterns.size(); ++s) {
    const bool format = s + 1 == pass.patterns.size();
    if (format && !of_files) continue;
    const std::string series = format
                                   ? fmt::format("format {}", report.format)
                                   : fmt::format("step {} ({})", first_step + s + 1, spec_.steps[first_step + s].name);
    const bool own = !format || !spec_.input->format.patterns.empty();
    for (std::size_t p = 0; p < pass.patterns[s].size(); ++p) {
      const PatternTally& tally = pass.patterns[s][p];
      report.patterns.push_back({series, own, tally});
      const std::string idle = own ? what_is_idle(tally) : std::string();
      if (!idle.empty()) report.notes.push_back(fmt::format("{}: pattern {} {}", series, p + 1, idle));
    }
  }
}

namespace {

/// Presets in which times may lack their year.
constexpr std::string_view kWithoutYear[] = {"syslog", "haproxy", "glog"};

std::int64_t year_of(const InputFile& file) {
  const auto day =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds{std::chrono::seconds{file.modified_s}});
  return static_cast<int>(std::chrono::year_month_day{day}.year());
}

bool may_lack_year(const std::vector<std::string>& formats) {
  return std::any_of(formats.begin(), formats.end(), [](const std::string& format) {
    return std::find(std::begin(kWithoutYear), std::end(kWithoutYear), format) != std::end(kWithoutYear);
  });
}

/// The years that such times get when `year:` does not say one, each with the first of its files.
std::string year_note(const TableInput& input) {
  if (!input.spec->input || input.format_spec().year != 0) return {};
  std::vector<std::string> formats = input.format_spec().formats;
  formats.push_back(input.format);
  const bool lacks = may_lack_year(formats);
  std::map<std::int64_t, std::vector<std::string>> years;
  for (const InputFile& file : input.files) {
    if (lacks && file.modified_s > 0) years[year_of(file)].push_back(file.shown);
  }
  if (years.empty()) return {};
  std::string shown;
  for (const auto& [year, files] : years) {
    const std::string more = files.size() > 1 ? fmt::format(" and {} more", files.size() - 1) : std::string();
    shown += fmt::format("{}{} ({}{})", shown.empty() ? "" : ", ", year, files[0], more);
  }
  return fmt::format("times without a year get that of their file's last change: {}; year: says another", shown);
}

/// Keys that a job says in vain, which is told and does no harm. `chosen`: by `auto`; empty: as the job says.
std::vector<std::string> idle_keys(const FormatSpec& spec, const std::string& chosen) {
  std::vector<std::string> formats = spec.formats;
  if (!chosen.empty()) formats = {chosen};
  std::vector<std::string> notes;
  if (formats.front() == "auto") return notes;
  const auto idle = [&](const char* key, bool said, const char* what) {
    if (said) notes.push_back(fmt::format("{}: does nothing with format {}: it is for {}", key, formats.front(), what));
  };
  const bool csv = formats.front() == "csv" || formats.front() == "tsv";
  idle("header", !csv && (!spec.header || spec.header_auto), "csv and tsv");
  idle("delimiter", !csv && !spec.delimiter.empty(), "csv and tsv");
  idle("quote", !csv && !spec.quote.empty(), "csv and tsv");
  idle("year", spec.year != 0 && !may_lack_year(formats), "formats whose times lack it (syslog, haproxy, glog)");
  return notes;
}

}  // namespace

std::vector<std::string> idle_key_notes(const Job& job) {
  std::vector<std::string> notes;
  for (const TableSpec& table : job.tables) {
    if (!table.input) continue;
    for (const std::string& note : idle_keys(table.input->format, ""))
      notes.push_back(fmt::format("{}: {}", table.input->place.in(job.path), note));
  }
  return notes;
}

void TableRun::note_input(const TableInput& input, TableReport& report) const {
  report.format = input.format;
  report.notes = input.notes;
  if (input.spec->input) {
    for (std::string& note : idle_keys(input.format_spec(), input.format)) report.notes.push_back(std::move(note));
  }
  if (std::string note = year_note(input); !note.empty()) report.notes.push_back(std::move(note));
  report.stored_bytes = input.stored_bytes();
}

namespace {

void note_files(TableReport& report) {
  for (const FileLedger& file : report.files) {
    if (!file.damage.empty())
      report.notes.push_back(fmt::format("{}: {}{}", file.file, file.damage, file.skipped ? "; skipped whole" : ""));
    if (file.unclosed) {
      report.notes.push_back(fmt::format(
          "{}: the array is not closed: the file begins with [ and does not end with ], so records may be missing",
          file.file));
    }
    const auto count_in = [&](std::int64_t value, const char* text) {
      const std::string where = report.files.size() > 1 ? file.file + ": " : std::string();
      if (value > 0) report.notes.push_back(fmt::format("{}{} {}", where, value, text));
    };
    count_in(file.replaced, "ill-formed UTF-8 sequences became U+FFFD");
    count_in(file.nul_bytes, "NUL bytes are kept in strings");
    count_in(file.extra_fields, "records have fields behind the known ones, kept in the column extra");
    count_in(file.duplicate_keys,
             "keys were given twice in one record; one value counts (the last, where they are spelt alike)");
    count_in(file.lone_surrogates, "halves of surrogate pairs in JSON became U+FFFD");
    count_in(file.preamble_lines, "lines above the CSV header were taken for text about the table and passed over");
  }
}

void note_counters(const EvalCounters& counters, TableReport& report) {
  const auto count = [&](std::int64_t value, const char* text) {
    if (value > 0) report.notes.push_back(fmt::format("{} {}", value, text));
  };
  count(counters.division_by_zero, "divisions by zero gave null");
  count(counters.int_overflow, "integer results beyond 64 bits, or times outside the years 1 to 9999, gave null");
  count(counters.regex_limit, "matches gave up at the match limit and counted as no match");
}

}  // namespace

/// What one segment adds: rows dropped by its steps, seconds; the last one says which columns there are.
void TableRun::note_piece(const TableInput& input, const SegmentResult& piece, std::size_t number,
                          TableReport& report) {
  const std::size_t first_step = pieces_[number].begin;
  for (std::size_t s = first_step; s < pieces_[number].end; ++s) {
    const std::size_t at = s - first_step;
    report.steps[s] = {spec_.steps[s].name,     piece.pass.filtered[at], piece.pass.rows_in[at],
                       piece.pass.rows_out[at], s >= records_end_,       {}};
    if (piece.pass.odd[at] > 0)
      report.notes.push_back(fmt::format("step {} ({}): {} values were no array and stayed one row", s + 1,
                                         spec_.steps[s].name, piece.pass.odd[at]));
  }
  note_lookups(piece, first_step, report);
  if (!input.dataset) {
    report.passes = piece.passes;
    note_files(report);
    note_state(piece.pass, report);
  }
  note_patterns(piece.pass, first_step, !input.dataset, report);
  note_counters(piece.pass.counters, report);
  const bool records = number == 0 ? !spec_.sql : first_step <= records_end_;
  const std::int64_t rows_rejected = piece.pass.rejected_rows + (records ? 0 : piece.pass.rejected);
  if (rows_rejected > 0) {
    report.notes.push_back(fmt::format(
        "{} rows did not fit a step behind explode, join, group or sql: rejects, beside the records' ledger",
        rows_rejected));
  }
  report.rejected_rows += rows_rejected;
  report.read_seconds += comm_.max(piece.seconds.read);
  report.decode_seconds += comm_.max(piece.seconds.decode);
  report.steps_seconds += comm_.max(piece.seconds.steps);
  report.encode_seconds += comm_.max(piece.seconds.encode);
  for (const auto& [slot, step] : piece.program.settled_at) {
    const auto at = static_cast<std::size_t>(slot);
    evidence_[piece.program.slots[at].name] = piece.pass.evidence[at];
  }
  if (number + 1 < pieces_.size()) return;
  for (std::size_t c = 0; c < piece.program.fields.size(); ++c) {
    const Field& field = piece.program.fields[c];
    ColumnReport column;
    column.name = field.name;
    column.type = field.type;
    column.missing = c < piece.pass.missing.size() ? piece.pass.missing[c] : 0;
    const auto seen = evidence_.find(field.name);
    if (seen != evidence_.end()) {
      if (comm_.is_root()) column.why = what_stopped(input_, seen->second);
      column.null_words = seen->second.null_words;
      column.zero_padded = seen->second.zero_padded;
      const std::string hint = column.type == ValueType::kInt64 ? epoch_hint(column.name, seen->second) : std::string();
      if (!hint.empty()) report.notes.push_back(hint);
      if (comm_.is_root()) column.dates = what_decided(input_, seen->second);
    }
    report.columns.push_back(std::move(column));
  }
  note_operators(report);
  note_what_stays(report);
}

/// For messages of queries about text columns: a value, and where it stands in the files.
void TableRun::note_examples(Dataset& data) const {
  for (const Field& field : data.fields()) {
    const auto seen = evidence_.find(field.name);
    if (field.type != ValueType::kString || seen == evidence_.end()) continue;
    data.note_example(field.name, shown_text_value(input_, {seen->second}, 0));
  }
}

/// `only_new`: what the next run is to know.
void TableRun::note_state(const PassResult& pass, TableReport& report) const {
  if (!input_.state) return;
  std::vector<bool> left_out;
  for (const FileLedger& file : report.files) left_out.push_back(file.skipped);
  report.state_path = spec_.input->only_new;
  report.state = input_.state->after(pass.line_ends, left_out);
}

/// Joins that rows looked up in passing: what an exchange would have said.
void TableRun::note_lookups(const SegmentResult& piece, std::size_t first_step, TableReport& report) {
  for (const auto& op : piece.program.ops) {
    const auto texts = piece.pass.key_texts.find(op->step);
    if (texts == piece.pass.key_texts.end()) continue;
    const std::size_t step = first_step + static_cast<std::size_t>(op->step);
    for (std::string& note : lookup_notes(*op, texts->second)) {
      OperatorReport said;
      said.name = fmt::format("join {}", std::get<JoinStep>(spec_.steps[step].body).table.value);
      said.notes.push_back(std::move(note));
      queries_.operators.push_back(std::move(said));
    }
    report.steps[step].how = "broadcast";
  }
}

/// What steps over whole tables and queries have to say: each rank counted for the rows it had. Collective.
void TableRun::note_operators(TableReport& report) const {
  const auto sums = comm_.sum(std::vector<std::int64_t>{queries_.counters.division_by_zero,
                                                        queries_.counters.int_overflow, queries_.counters.regex_limit});
  note_counters({sums[0], sums[1], sums[2]}, report);
  for (const OperatorReport& done : queries_.operators) {
    for (const std::string& note : done.notes) report.notes.push_back(fmt::format("{}: {}", done.name, note));
    const double seconds = comm_.max(done.seconds);
    if (done.how.empty() && done.rows_in == 0 && done.rows_out == 0) continue;  // only notes
    report.operators.push_back({done.name, done.how, done.rows_in, done.rows_right, done.rows_out, seconds});
  }
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
    const bool there = std::any_of(input_columns_.begin(), input_columns_.end(),
                                   [&](const InputColumn& c) { return c.name == declared.name; });
    if (!there)
      report.notes.push_back(
          fmt::format("types: no column '{}' in this input; steps see it as missing", declared.name));
  }
}

}  // namespace evclean
