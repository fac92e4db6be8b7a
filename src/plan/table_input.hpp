// SPDX-License-Identifier: Apache-2.0
// A table's input, resolved: its files, splits and format, the same on every rank.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evclean/comm.hpp"
#include "evclean/dataset.hpp"
#include "evclean/job.hpp"
#include "evclean/lookup.hpp"
#include "evclean/pipeline.hpp"
#include "evclean/sink.hpp"
#include "evclean/text_layout.hpp"
#include "replay.hpp"

namespace evclean {

class InputState;

/// Where a file begins for this run: bytes of its text, and the lines before them.
struct FileStart {
  std::int64_t begin = 0;
  std::int64_t lines = 0;
};

struct TableInput {
  const Job* job = nullptr;
  const TableSpec* spec = nullptr;
  std::vector<InputFile> files;
  std::vector<TextLayout> layouts;  ///< a file: how its text can be read in parts
  std::vector<Split> splits;        ///< inline rows: one split without segments
  std::vector<std::string> notes;   ///< about the listing and the format, for people
  std::string format;               ///< chosen, if `auto`
  bool closed = false;              ///< no column can appear that is not known from the format alone
  NullWords nulls;
  StreamOptions stream;
  std::vector<FileStart> starts;      ///< a file: what earlier runs have read of it (only_new); empty: nothing
  std::shared_ptr<InputState> state;  ///< rank 0, with only_new
  std::vector<InputFile> known;       ///< rank 0: where nothing is new, the files that were read: they have the columns
  bool replays = false;               ///< just the records at `rejected` are read (--replay)
  std::vector<std::vector<RejectedPlace>> rejected;      ///< a file
  std::vector<std::vector<std::int64_t>> segment_lines;  ///< split, segment: lines of the file before it, where known
  DatasetPtr dataset;  ///< rows that a step over whole tables gave, instead of files; a split is a part
  /// Joins among the steps that are looked up in passing, by the step's index.
  std::map<int, std::shared_ptr<const Lookup>> lookups;
  /// Columns whose values the step at an index or one behind it reads; empty function or nothing: all.
  std::function<std::optional<std::vector<std::string>>(int step, const Fields&)> reads;
  int origin_columns = 0;  ///< of the dataset, its last ones: where each row's record stands (row_origin.hpp)

  const FormatSpec& format_spec() const { return spec->input->format; }
  bool is_inline() const { return spec->rows.has_value() && !dataset; }
  /// Of either name: `csv` or `tsv`.
  bool reads_csv() const { return format == "csv" || format == "tsv"; }
  std::int64_t stored_bytes() const;
};

/// Lists and cuts on rank 0 and tells all ranks. `rejects`: a reject file whose records alone are read; empty: all.
/// Collective. Errors: user Error about paths or the format.
TableInput open_table(const Job& job, const TableSpec& spec, const Comm& comm, const std::string& rejects = {});

/// Rows of a dataset as the input of further steps.
TableInput open_dataset(const Job& job, const TableSpec& spec, const NullWords& nulls, DatasetPtr dataset);

/// The same without ranks, for preview and check.
TableInput open_table(const Job& job, const TableSpec& spec);

/// Whether a CR without LF ends a line of the file, too (Decoder::lone_cr).
bool has_lone_cr(const FormatSpec& spec, const std::string& format, const InputFile& file, const StreamOptions& stream);

/// Words for missing of an input read as `format`: `-` too in log presets; JSON knows only the user's own.
NullWords nulls_for(const InputSpec& spec, const std::string& format);

/// Whether a format alone says which columns there are.
bool is_closed(const std::string& format);

/// Errors: user Error when an input path covers an output of the job.
void refuse_own_outputs(const TableInput& input);
/// The same once the files are known: a list of paths may name anything.
void refuse_listed_outputs(const TableInput& input);

/// Whether a line end always ends a record (or cannot be taken for anything else): where a split begins is certain
/// then.
bool records_are_lines(const TableInput& input);

/// What the compiler needs to know of a table. `sample` as in PipelineCompiler::Options.
PipelineCompiler::Options compiler_options(const TableInput& input);

/// With `source: true`: adds the columns _file and _line to a batch; `line_base` lines of the file stand before its
/// segment.
void add_source_columns(const TableInput& input, std::int64_t line_base, Batch& batch);
/// The same for the list of columns, as they are in the data.
void add_source_columns(const TableInput& input, std::vector<InputColumn>& columns);
/// Before that: the data's own columns of these names make way as `_file_2` and `_line_2`.
void keep_own_columns(const TableInput& input, Batch& batch);

/// Inline rows (rows:, tests) as a batch of raw columns, and as the columns of a table.
Batch inline_batch(const std::vector<InlineRow>& rows);

/// Where a value stands, for people: "f.log:17"; empty when it is in no file. Reads the file up to there.
std::string shown_place(const TableInput& input, const Place& place);

}  // namespace evclean
