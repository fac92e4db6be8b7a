// SPDX-License-Identifier: Apache-2.0
#include "split_record.hpp"

#include <algorithm>
#include <tuple>

#include "evclean/span_mask.hpp"
#include "record_wire.hpp"
#include "wire.hpp"

namespace evclean {
namespace {

/// Ledger numbers of one file, in the order they are summed over ranks.
enum Count : std::size_t {
  kLines,
  kKept,
  kFiltered,
  kRejected,
  kBlank,
  kReplaced,
  kNul,
  kExtra,
  kDuplicate,
  kSurrogate,
  kPreamble,
  kUnverified,
  kLost,
  kCounts  ///< how many there are
};

void add(std::vector<std::int64_t>& sums, std::int32_t file, Count count, std::int64_t value) {
  sums[static_cast<std::size_t>(file) * kCounts + count] += value;
}

std::vector<std::int64_t> file_sums(const TableInput& input, const std::map<std::int64_t, SplitRecord>& records) {
  std::vector<std::int64_t> sums(std::max<std::size_t>(1, input.files.size()) * kCounts);
  for (const auto& [split, record] : records) {
    for (std::size_t s = 0; s < record.segments.size(); ++s) {
      const SegmentOutcome& segment = record.segments[s];
      const std::int32_t file = std::max(segment.file, 0);
      add(sums, file, kLines, segment.lines);
      add(sums, file, kKept, record.kept[s]);
      add(sums, file, kFiltered, record.filtered[s]);
      add(sums, file, kRejected, segment.rejected + record.rejected[s]);
      add(sums, file, kBlank, segment.blank);
      add(sums, file, kReplaced, segment.replaced);
      add(sums, file, kNul, segment.nul_bytes);
      add(sums, file, kExtra, segment.extra_fields);
      add(sums, file, kDuplicate, segment.duplicate_keys);
      add(sums, file, kSurrogate, segment.lone_surrogates);
      add(sums, file, kPreamble, segment.preamble_lines);
      add(sums, file, kUnverified, segment.unverified);
      add(sums, file, kLost, segment.damage.lost_stored_bytes);
    }
  }
  return sums;
}

std::string pack_damage(const TableInput& input, const std::map<std::int64_t, SplitRecord>& records) {
  Packer out;
  for (const auto& [split, record] : records) {
    for (const SegmentOutcome& segment : record.segments) {
      if (!segment.damage.damaged) continue;
      out.put(segment.file)
          .put(segment.damage.stored_offset)
          .text(fmt::format("{} at byte {} of the file ({} bytes of text before it are whole){}", segment.damage.reason,
                            segment.damage.stored_offset, segment.damage.at_bytes,
                            input.reads_csv() && segment.damage.at_bytes == 0
                                ? "; a header at its begin is lost: what was taken for one may be values"
                                : ""));
    }
  }
  return out.take();
}

/// How the text of each file ends, as far as this rank has read: by its last segment that tells.
std::string pack_endings(const std::map<std::int64_t, SplitRecord>& records) {
  Packer out;
  for (const auto& [split, record] : records) {
    for (const SegmentOutcome& segment : record.segments) {
      if (segment.ending != SegmentOutcome::Ending::kUnseen) out.put(segment.file).put(split).put(segment.ending);
    }
  }
  return out.take();
}

void note_endings(const Comm& comm, const std::map<std::int64_t, SplitRecord>& records,
                  std::vector<FileLedger>& ledgers) {
  std::map<std::int32_t, std::int64_t> last;
  for (const std::string& packed : comm.all_gather(pack_endings(records))) {
    for (Unpacker in(packed); !in.empty();) {
      const auto file = in.get<std::int32_t>();
      const auto split = in.get<std::int64_t>();
      const auto ending = in.get<SegmentOutcome::Ending>();
      const auto [known, fresh] = last.try_emplace(file, split);
      if (!fresh && known->second > split) continue;
      known->second = split;
      FileLedger& ledger = ledgers[static_cast<std::size_t>(file)];
      ledger.unclosed = ending == SegmentOutcome::Ending::kOpen && !ledger.skipped;
    }
  }
}

std::vector<FileLedger> file_ledgers(const TableInput& input, const Comm& comm,
                                     const std::map<std::int64_t, SplitRecord>& records,
                                     const std::set<std::int32_t>& excluded) {
  const std::vector<std::int64_t> sums = comm.sum(file_sums(input, records));
  const bool of_files = !input.is_inline() && !input.dataset;
  std::vector<FileLedger> ledgers(of_files ? input.files.size() : 1);
  for (std::size_t f = 0; f < ledgers.size(); ++f) {
    const std::int64_t* n = sums.data() + f * kCounts;
    FileLedger& ledger = ledgers[f];
    ledger.file = of_files ? input.files[f].shown : "rows";
    ledger.counts = {n[kLines], n[kKept], n[kFiltered], n[kRejected], n[kBlank]};
    ledger.replaced = n[kReplaced];
    ledger.nul_bytes = n[kNul];
    ledger.extra_fields = n[kExtra];
    ledger.duplicate_keys = n[kDuplicate];
    ledger.lone_surrogates = n[kSurrogate];
    ledger.preamble_lines = n[kPreamble];
    ledger.unverified = n[kUnverified];
    ledger.lost_bytes = n[kLost];
    ledger.skipped = excluded.count(static_cast<std::int32_t>(f)) > 0;
  }
  if (!input.replays) note_endings(comm, records, ledgers);  // a replay reads rejects only
  std::map<std::int32_t, std::int64_t> first;                // damage of each file: that of its lowest offset is told
  for (const std::string& packed : comm.all_gather(pack_damage(input, records))) {
    for (Unpacker in(packed); !in.empty();) {
      const auto file = in.get<std::int32_t>();
      const auto offset = in.get<std::int64_t>();
      std::string text = in.text();
      const auto [known, fresh] = first.try_emplace(file, offset);
      if (!fresh && known->second <= offset) continue;
      known->second = offset;
      ledgers[static_cast<std::size_t>(file)].damage = std::move(text);
    }
  }
  return ledgers;
}

std::string pack_columns(const std::map<std::int64_t, SplitRecord>& records) {
  Packer out;
  std::set<std::string> sent;
  for (const auto& [split, record] : records) {
    std::int64_t position = 0;
    for (const auto& [segment, column] : record.columns) {
      ++position;
      if (!sent.insert(fmt::format("{}{}{}", column.name, '\0', column.fixed ? static_cast<int>(column.type) : -1))
               .second)
        continue;
      out.put(split).put(position).text(column.name).put(column.fixed).put(column.type);
    }
  }
  return out.take();
}

std::vector<InputColumn> all_columns(const Comm& comm, const std::map<std::int64_t, SplitRecord>& records) {
  std::vector<Appearance> appearances;
  for (const std::string& packed : comm.all_gather(pack_columns(records))) {
    for (Unpacker in(packed); !in.empty();) {
      Appearance seen;
      seen.split = in.get<std::int64_t>();
      seen.position = in.get<std::int64_t>();
      seen.column.name = in.text();
      seen.column.fixed = in.get<bool>();
      seen.column.type = in.get<ValueType>();
      appearances.push_back(std::move(seen));
    }
  }
  return merge_columns(std::move(appearances));
}

std::string pack_evidence(const Program& program, const std::map<std::int64_t, SplitRecord>& records) {
  std::vector<Evidence> merged(program.slots.size());
  std::map<std::pair<int, std::string>, Evidence> unknown;
  for (const auto& [split, record] : records) {
    for (std::size_t s = 0; s < merged.size(); ++s) merged[s].merge(record.state.evidence[s]);
    for (const auto& [key, evidence] : record.unknown) unknown[key].merge(evidence);
  }
  Packer out;
  for (const Evidence& evidence : merged) out.text(evidence.serialize());
  for (const auto& [key, evidence] : unknown) out.put(key.first).text(key.second).text(evidence.serialize());
  return out.take();
}

void merge_evidence(const Program& program, const Comm& comm, const std::map<std::int64_t, SplitRecord>& records,
                    PassResult& result) {
  result.evidence.resize(program.slots.size());
  for (const std::string& packed : comm.all_gather(pack_evidence(program, records))) {
    Unpacker in(packed);
    for (Evidence& evidence : result.evidence) evidence.merge(Evidence::parse(in.text()));
    while (!in.empty()) {
      const int step = in.get<int>();
      const std::string name = in.text();
      result.unknown[{step, name}].merge(Evidence::parse(in.text()));
    }
  }
}

/// Sums over ranks of what splits counted: rows at numbering steps, and line ends of segments.
void merge_positions(const TableInput& input, const Comm& comm, const std::map<std::int64_t, SplitRecord>& records,
                     PassResult& result) {
  const std::size_t splits = input.splits.size();
  for (std::size_t step = 0; step < input.spec->steps.size(); ++step) {
    if (!numbers_rows(input.spec->steps[step])) continue;
    std::vector<std::int64_t> counts(std::max<std::size_t>(1, splits));
    for (const auto& [split, record] : records) counts[static_cast<std::size_t>(split)] = record.state.next_row[step];
    result.row_counts[static_cast<int>(step)] = comm.sum(std::move(counts));
  }
  std::vector<std::int64_t> newlines;
  std::vector<std::size_t> begins;
  for (const Split& split : input.splits) {
    begins.push_back(newlines.size());
    newlines.resize(newlines.size() + split.segments.size());
  }
  for (const auto& [split, record] : records) {
    const std::size_t segments = input.splits[static_cast<std::size_t>(split)].segments.size();
    for (std::size_t s = 0; s < std::min(segments, record.segments.size()); ++s)
      newlines[begins[static_cast<std::size_t>(split)] + s] = record.segments[s].newlines;
  }
  newlines.push_back(0);
  newlines = comm.sum(std::move(newlines));
  std::vector<std::int64_t>& before = result.line_ends;
  before.resize(input.files.size());
  for (std::size_t f = 0; f < input.starts.size(); ++f) before[f] = input.starts[f].lines;
  if (!input.segment_lines.empty()) {
    result.line_bases = input.segment_lines;
    return;
  }
  for (std::size_t s = 0; s < splits; ++s) {
    result.line_bases.emplace_back();
    for (std::size_t i = 0; i < input.splits[s].segments.size(); ++i) {
      std::int64_t& lines = before[static_cast<std::size_t>(input.splits[s].segments[i].file)];
      result.line_bases.back().push_back(lines);
      lines += newlines[begins[s] + i];
    }
  }
}

void merge_counts(const TableInput& input, const Program& program, const Comm& comm,
                  const std::map<std::int64_t, SplitRecord>& records, PassResult& result) {
  const std::size_t steps = input.spec->steps.size(), columns = program.fields.size();
  std::vector<std::int64_t> sums(4 * steps + 5 + columns);
  for (const auto& [split, record] : records) {
    const OpState& state = record.state;
    std::int64_t* at = sums.data();
    for (const auto* counts : {&state.filtered, &state.rows_in, &state.rows_out, &state.odd}) {
      for (const std::int64_t count : *counts) *at++ += count;
    }
    for (const std::int64_t misfits : state.misfits) at[0] += misfits;
    at[1] += state.counters.division_by_zero;
    at[2] += state.counters.int_overflow;
    at[3] += state.counters.regex_limit;
    at[4] += record.rejected_rows;
    for (std::size_t c = 0; c < std::min(columns, record.missing.size()); ++c) at[5 + c] += record.missing[c];
  }
  sums = comm.sum(std::move(sums));
  const std::int64_t* at = sums.data();
  for (auto* counts : {&result.filtered, &result.rows_in, &result.rows_out, &result.odd}) {
    counts->assign(at, at + steps);
    at += steps;
  }
  result.misfits = at[0];
  result.counters.division_by_zero = at[1];
  result.counters.int_overflow = at[2];
  result.counters.regex_limit = at[3];
  result.rejected_rows = at[4];
  result.missing.assign(at + 5, at + 5 + columns);
}

/// Texts that joins looked up, by the step.
void merge_key_texts(const TableInput& input, const Comm& comm, const std::map<std::int64_t, SplitRecord>& records,
                     PassResult& result) {
  for (const auto& [step, lookup] : input.lookups) {
    const auto& join_step = std::get<JoinStep>(input.spec->steps[static_cast<std::size_t>(step)].body);
    std::vector<std::int64_t> sums(2 * join_step.on.size());
    for (const auto& [split, record] : records) {
      const auto& texts = record.state.key_texts[static_cast<std::size_t>(step)];
      for (std::size_t i = 0; i < texts.size(); ++i) sums[i] += texts[i];
    }
    result.key_texts[step] = comm.sum(std::move(sums));
  }
}

/// How patterns did: a step each, and the format.
void merge_patterns(const TableInput& input, const Comm& comm, const std::map<std::int64_t, SplitRecord>& records,
                    PassResult& result) {
  const std::size_t steps = input.spec->steps.size();
  std::vector<std::vector<PatternTally>> mine(steps + 1);
  for (const auto& [split, record] : records) {
    for (std::size_t s = 0; s < std::min(steps, record.state.patterns.size()); ++s)
      merge_tallies(mine[s], record.state.patterns[s]);
    merge_tallies(mine[steps], record.patterns);
  }
  result.patterns.resize(steps + 1);
  for (const std::string& packed : comm.all_gather(pack_tallies(mine))) {
    const auto theirs = unpack_tallies(packed);
    for (std::size_t s = 0; s <= steps; ++s) merge_tallies(result.patterns[s], theirs.at(s));
  }
}

}  // namespace

std::vector<InputColumn> merge_columns(std::vector<Appearance> appearances) {
  std::stable_sort(appearances.begin(), appearances.end(), [](const Appearance& a, const Appearance& b) {
    return std::tie(a.split, a.position) < std::tie(b.split, b.position);
  });
  std::vector<InputColumn> columns;
  std::unordered_map<std::string, std::size_t> known;
  for (const Appearance& seen : appearances) {
    const auto [at, fresh] = known.emplace(seen.column.name, columns.size());
    if (fresh) {
      columns.push_back(seen.column);
    } else if (columns[at->second].fixed != seen.column.fixed || columns[at->second].type != seen.column.type) {
      columns[at->second].fixed = false;
      columns[at->second].type = ValueType::kString;
    }
  }
  return columns;
}

void note_columns(SplitRecord& record, const DecodedBlock& block) {
  std::size_t known = 0;
  for (const auto& [segment, column] : record.columns) known += segment == block.segment;
  for (; known < block.columns->size(); ++known) record.columns.emplace_back(block.segment, (*block.columns)[known]);
}

bool note_unknown(SplitRecord& record, const Batch& batch, const Guess& guess, const NullWords& nulls) {
  bool unknown = false;
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    const std::string& name = batch.names[c];
    if (c < guess.input.size() && guess.input[c].name == name) continue;
    const auto same = [&](const InputColumn& column) { return column.name == name; };
    if (std::any_of(guess.input.begin(), guess.input.end(), same)) continue;
    unknown = true;
    if (!batch.is_raw(static_cast<int>(c))) continue;
    SpanColumn copy = batch.raw(static_cast<int>(c));
    Evidence& evidence = record.unknown[{-1, name}];
    mark_missing(copy, nulls, evidence);
    std::int64_t misfits = 0;
    convert(copy, ColumnType{}, PlaceOf{&batch}, evidence, misfits);
  }
  return unknown;
}

void count_missing(const Batch& batch, std::vector<std::int64_t>& missing) {
  missing.resize(batch.columns.size());
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    if (!batch.is_raw(static_cast<int>(c))) {
      missing[c] += batch.array(static_cast<int>(c))->null_count();
      continue;
    }
    const std::vector<Span>& spans = batch.raw(static_cast<int>(c)).spans;
    missing[c] += for_each_present(spans.data(), batch.num_rows, [](Span, std::int64_t) {});
  }
}

SplitNews summary_of(const SplitRecord& record) {
  SplitNews news;
  news.certain = record.certain;
  for (std::size_t s = 0; s < record.segments.size(); ++s) {
    const SegmentOutcome& segment = record.segments[s];
    news.records += segment.lines - segment.blank;
    news.rejected += segment.rejected + record.rejected[s];
    news.segments.push_back(segment);
    news.segments.back().rejected += record.rejected[s];
  }
  news.rejected += record.rejected_rows;
  return news;
}

PassResult merge_records(const TableInput& input, const Program& program, const Comm& comm,
                         const std::map<std::int64_t, SplitRecord>& records, const std::set<std::int32_t>& excluded) {
  PassResult result;
  result.files = file_ledgers(input, comm, records, excluded);
  result.columns = all_columns(comm, records);
  if (!result.columns.empty() && !input.dataset) add_source_columns(input, result.columns);
  merge_evidence(program, comm, records, result);
  merge_patterns(input, comm, records, result);
  merge_positions(input, comm, records, result);
  merge_counts(input, program, comm, records, result);
  merge_key_texts(input, comm, records, result);
  for (const FileLedger& file : result.files) {
    result.rejected += file.counts.rejected;
  }
  return result;
}

}  // namespace evclean
