// SPDX-License-Identifier: Apache-2.0
#include "table_input.hpp"

#include <algorithm>

#include "evclean/carried_state.hpp"
#include "evclean/pattern.hpp"
#include "evclean/valueless.hpp"
#include "file_head.hpp"
#include "input_state.hpp"
#include "lookup_op.hpp"
#include "wire.hpp"

namespace evclean {
namespace {

constexpr std::size_t kSniffedFiles = 8;

std::string pack(const TableInput& input) {
  Packer out;
  out.text(input.format).put(static_cast<std::int64_t>(input.files.size()));
  for (const InputFile& file : input.files) {
    out.text(file.path)
        .text(file.shown)
        .put(file.size_bytes)
        .put(file.modified_s)
        .put(file.codec)
        .put(file.mark_bytes)
        .put(file.splittable)
        .text(file.etag);
  }
  out.put(input.replays);
  for (std::size_t f = 0; f < input.files.size() && input.replays; ++f) {
    out.put(static_cast<std::int64_t>(input.rejected[f].size()));
    for (const RejectedPlace& place : input.rejected[f]) out.put(place);
  }
  out.put(static_cast<std::int64_t>(input.starts.size()));
  for (const FileStart& start : input.starts) out.put(start);
  out.put(static_cast<std::int64_t>(input.notes.size()));
  for (const std::string& note : input.notes) out.text(note);
  return out.take();
}

/// Looks into large compressed files, each rank into some of them, and tells all. Collective.
void find_layouts(TableInput& input, const Comm& comm) {
  const std::int64_t chunk_bytes = input.job->resources.chunk_bytes;
  Packer mine;
  comm.agree([&] {
    for (std::size_t f = 0; f < input.files.size(); ++f) {
      if (static_cast<int>(f % static_cast<std::size_t>(comm.size())) != comm.rank()) continue;
      const TextLayout layout = find_layout(input.files[f], input.stream, chunk_bytes);
      if (layout.access == TextAccess::kWhole) continue;
      mine.put(f).put(layout.access).put(layout.bytes).put(layout.mark_bytes).put(layout.places.size());
      for (const MemberPlace& place : layout.places) mine.put(place);
    }
  });
  for (const std::string& packed : comm.all_gather(mine.bytes())) {
    for (Unpacker in(packed); !in.empty();) {
      TextLayout& layout = input.layouts[in.get<std::size_t>()];
      layout.access = in.get<TextAccess>();
      layout.bytes = in.get<std::int64_t>();
      layout.mark_bytes = in.get<std::int32_t>();
      layout.places.resize(in.get<std::size_t>());
      for (MemberPlace& place : layout.places) place = in.get<MemberPlace>();
    }
  }
}

void unpack(const std::string& bytes, TableInput& input) {
  Unpacker in(bytes);
  input.format = in.text();
  const auto s3 = std::make_shared<const S3Settings>(input.spec->input->s3.value_or(S3Settings{}));
  input.files.resize(static_cast<std::size_t>(in.get<std::int64_t>()));
  for (InputFile& file : input.files) {
    file.path = in.text();
    file.shown = in.text();
    file.size_bytes = in.get<std::int64_t>();
    file.modified_s = in.get<std::int64_t>();
    file.codec = in.get<Codec>();
    file.mark_bytes = in.get<std::int32_t>();
    file.splittable = in.get<bool>();
    file.etag = in.text();
    if (is_s3_path(file.path)) file.s3 = s3;
  }
  input.replays = in.get<bool>();
  for (std::size_t f = 0; f < input.files.size() && input.replays; ++f) {
    input.rejected.emplace_back(static_cast<std::size_t>(in.get<std::int64_t>()));
    for (RejectedPlace& place : input.rejected.back()) place = in.get<RejectedPlace>();
  }
  input.starts.resize(static_cast<std::size_t>(in.get<std::int64_t>()));
  for (FileStart& start : input.starts) start = in.get<FileStart>();
  input.notes.resize(static_cast<std::size_t>(in.get<std::int64_t>()));
  for (std::string& note : input.notes) note = in.text();
}

/// Control bytes and replaced ones: a tenth of them is no text, or one in another encoding.
void refuse_binary(const std::string& head, const std::string& name) {
  std::size_t control = 0, replaced = 0;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const auto byte = static_cast<unsigned char>(head[i]);
    control += (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != 0x1b) || byte == 0x7f;
    replaced += head.compare(i, 3, "\xEF\xBF\xBD") == 0 ? 3 : 0;
  }
  if ((control + replaced) * 10 <= head.size()) return;
  if (control == 0)
    fail_user(
        "{} is not UTF-8: say encoding: latin-1 if it is that, or name its format to have the other bytes replaced",
        name);
  fail_user("{} looks binary, not like a log: name its format if you mean it (format: lines reads anything){}", name,
            control * 3 > head.size() ? ", or say encoding: utf-16le or utf-16be if it is that without a mark" : "");
}

/// By its name, compressed or not.
bool is_called_csv(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.find(".csv") != std::string::npos || name.find(".tsv") != std::string::npos;
}

/// Heads of some files, spread over the list, for `format: auto`.
void choose(TableInput& input) {
  const InputSpec& spec = *input.spec->input;
  if (spec.format.formats != std::vector<std::string>{"auto"}) {
    input.format = spec.format.formats.size() == 1 ? spec.format.formats[0] : std::string();
    return;
  }
  std::vector<std::string> heads, names;
  const std::vector<InputFile>& files = input.files.empty() ? input.known : input.files;
  const std::size_t step = std::max<std::size_t>(1, files.size() / kSniffedFiles);
  for (std::size_t i = 0; i < files.size(); i += step) {
    const InputFile& file = files[i];
    heads.push_back(is_called_csv(file.path) ? read_csv_head(file, input.stream, spec.format.max_line_bytes)
                                             : read_head(file, input.stream));
    names.push_back(file.shown);
    refuse_binary(heads.back(), names.back());
  }
  const AutoChoice choice = choose_format(spec.format, heads, names);
  input.format = choice.format;
  input.notes.push_back(fmt::format("format {}: {}", choice.format, choice.why));
}

Error placed(const TableInput& input, JobPlace place, const Error& error) {
  return Error(error.code(), fmt::format("{}: {}", place.in(input.job->path), error.what()));
}

/// An error of `body` gets its place in the job file.
template <typename Body>
void at_place(const TableInput& input, JobPlace place, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    throw placed(input, place, error);
  }
}

/// Patterns are compiled once here for their place in the job file, and the zone is looked up; decoders do it again.
void check_patterns(const TableInput& input) {
  const InputSpec& spec = *input.spec->input;
  for (std::size_t i = 0; i < spec.format.patterns.size(); ++i) {
    const JobPlace place = i < spec.pattern_places.size() ? spec.pattern_places[i] : spec.format_place;
    FormatSpec one = spec.format;
    one.patterns = {spec.format.patterns[i]};
    at_place(input, place, [&] { make_decoder(one, "regex"); });
  }
  if (!spec.format.multiline_start.empty())
    at_place(input, spec.multiline_place, [&] { const Pattern compiled(spec.format.multiline_start); });
  at_place(input, spec.timezone_place, [&] { TimeZone::named(spec.format.timezone); });
  for (const std::string& format : spec.format.formats) {
    if (format != "auto") at_place(input, spec.format_place, [&] { make_decoder(spec.format, format); });
  }
}

/// `only_new`: the files of the listing that a run reads.
void choose_new(TableInput& input) {
  if (input.spec->input->only_new.empty()) return;
  input.state = std::make_shared<InputState>(input.spec->input->only_new, input.spec->input->s3.value_or(S3Settings{}),
                                             input.spec->name);
  input.state->choose(input);
}

/// Segments that earlier runs have read go, and those that begin in them begin behind.
void cut_starts(TableInput& input) {
  if (input.starts.empty()) return;
  std::vector<Split> splits;
  for (Split& split : input.splits) {
    std::erase_if(split.segments, [&](SplitSegment& segment) {
      const std::int64_t begin = input.starts[static_cast<std::size_t>(segment.file)].begin;
      const bool read = segment.end >= 0 && segment.end <= begin;
      if (!read && segment.begin < begin) {
        split.size_bytes -= begin - segment.begin;
        segment.begin = begin;
      }
      return read;
    });
    if (split.segments.empty()) continue;
    split.ordinal = static_cast<std::int32_t>(splits.size());
    splits.push_back(std::move(split));
  }
  input.splits = std::move(splits);
}

/// `wanted` takes what a run reads from the listing.
void list(TableInput& input, const std::function<void(TableInput&)>& wanted) {
  check_patterns(input);
  refuse_own_outputs(input);
  const InputSpec& spec = *input.spec->input;
  ListOptions options;
  options.base_dir = input.job->base_dir;
  options.missing = spec.missing;
  options.empty = spec.empty;
  options.encoding = spec.encoding;
  options.s3 = spec.s3.value_or(S3Settings{});
  std::vector<std::string> paths;
  for (const Text& path : spec.paths) paths.push_back(path.value);
  try {
    Listing listing = list_inputs(paths, options);
    input.files = std::move(listing.files);
    input.notes = std::move(listing.notes);
  } catch (const ListError& error) {
    const JobPlace place = spec.paths[error.entry].place;
    if (place.line == 0) throw Error(error);  // `init` lists what the command line names
    throw placed(input, place, error);
  }
  refuse_listed_outputs(input);
  wanted(input);
  choose(input);
}

bool is_preset(const std::string& format) {
  static const std::vector<std::string> plain = {"json", "csv", "tsv", "lines", "regex", "auto", ""};
  return std::find(plain.begin(), plain.end(), format) == plain.end();
}

/// Everything that follows from the listing.
void settle_input(TableInput& input) {
  const InputSpec& spec = *input.spec->input;
  input.splits = cut_splits(input.files, input.layouts, input.job->resources.chunk_bytes);
  cut_starts(input);
  if (input.replays) cut_rejected(input);
  input.closed = is_closed(input.format);
  input.nulls = nulls_for(spec, input.format);
}

TableInput begin(const Job& job, const TableSpec& spec) {
  TableInput input;
  input.job = &job;
  input.spec = &spec;
  input.nulls = NullWords::standard();
  if (spec.input) {
    input.stream.encoding = spec.input->encoding;
    input.stream.corrupt = spec.input->corrupt;
    input.stream.max_ratio = spec.input->max_ratio;
  } else {
    input.closed = true;
    input.splits.resize(1);
  }
  return input;
}

}  // namespace

TableInput open_dataset(const Job& job, const TableSpec& spec, const NullWords& nulls, DatasetPtr dataset) {
  TableInput input;
  input.job = &job;
  input.spec = &spec;
  input.nulls = nulls;
  input.closed = true;
  input.splits.resize(dataset->parts().size());
  for (std::size_t part = 0; part < input.splits.size(); ++part) {
    input.splits[part].ordinal = static_cast<std::int32_t>(part);
    input.splits[part].size_bytes = dataset->parts()[part].rows;
  }
  input.dataset = std::move(dataset);
  return input;
}

bool is_closed(const std::string& format) {
  return format == "combined" || format == "common" || format == "lines" || format == "regex";
}

NullWords nulls_for(const InputSpec& spec, const std::string& format) {
  const auto& all = spec.format.formats;
  const bool logs = format.empty() ? std::any_of(all.begin(), all.end(), is_preset) : is_preset(format);
  const NullWords usual = format == "json" ? NullWords::only({""}) : logs ? NullWords::logs() : NullWords::standard();
  return usual.changed_by(spec.format.nulls);
}

bool records_are_lines(const TableInput& input) { return begins_at_line(input.format); }

std::int64_t TableInput::stored_bytes() const {
  std::int64_t total = 0;
  for (const Split& split : splits) total += split.size_bytes;
  return total;
}

TableInput open_table(const Job& job, const TableSpec& spec, const Comm& comm, const std::string& rejects) {
  TableInput input = begin(job, spec);
  if (!spec.input) return input;
  const auto wanted = [&](TableInput& listed) {
    if (rejects.empty()) return choose_new(listed);
    choose_rejected(listed, rejects);
  };
  comm.agree([&] {
    if (comm.is_root()) list(input, wanted);
  });
  const std::string packed = comm.broadcast(comm.is_root() ? pack(input) : std::string());
  if (!comm.is_root()) unpack(packed, input);
  input.layouts.resize(input.files.size());
  if (!input.replays) find_layouts(input, comm);  // a replay reads stretches of its own
  settle_input(input);
  return input;
}

TableInput open_table(const Job& job, const TableSpec& spec) {
  TableInput input = begin(job, spec);
  if (!spec.input) return input;
  list(input, [](TableInput&) {});
  input.layouts.resize(input.files.size());
  settle_input(input);
  return input;
}

PipelineCompiler::Options compiler_options(const TableInput& input) {
  PipelineCompiler::Options options;
  options.nulls = input.nulls;
  options.macros = input.job->functions;
  options.job_path = input.job->path;
  options.job_text = input.job->text;
  if (input.spec->input) {
    options.zone = TimeZone::named(input.spec->input->format.timezone);
    if (!input.dataset) options.types = input.spec->input->types;
  }
  if (input.dataset) {
    const std::vector<bool> none = columns_without_values(*input.dataset);
    for (std::size_t c = 0; c < none.size(); ++c) {
      if (none[c]) options.valueless.insert(input.dataset->fields()[c].name);
    }
  }
  options.reads = input.reads;
  if (input.lookups.empty()) return options;
  options.join = [&input](int step, const Fields& left, const std::vector<bool>& empty) {
    return compile_lookup(input.lookups.at(step), input.spec->steps[static_cast<std::size_t>(step)], left, empty,
                          input.job->path);
  };
  return options;
}

Batch inline_batch(const std::vector<InlineRow>& rows) {
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(rows.size());
  auto text = std::make_shared<TextBlock>();
  std::vector<SpanColumn> columns;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const auto& [name, value] : rows[row]) {
      int at = batch.find(name);
      if (at < 0) {
        at = static_cast<int>(batch.names.size());
        batch.names.push_back(name);
        columns.emplace_back();
        columns.back().kind = RawKind::kJson;
      }
      auto& spans = columns[static_cast<std::size_t>(at)].spans;
      spans.resize(rows.size());
      if (value.kind == InlineValue::Kind::kNull) continue;
      // A bare word is text that inference may read, as in a CSV field; quotes make it a string.
      const std::uint32_t flags = value.quoted ? Span::kQuoted : 0;
      spans[row] = Span::of(text->append(value.text), static_cast<std::uint32_t>(value.text.size()), flags);
    }
    batch.records.push_back({static_cast<std::uint32_t>(row), 0});
  }
  for (SpanColumn& column : columns) {
    column.text = text;
    column.spans.resize(rows.size());
    batch.columns.emplace_back(std::move(column));
  }
  batch.text = text;
  return batch;
}

}  // namespace evclean
