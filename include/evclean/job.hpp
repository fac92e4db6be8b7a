// SPDX-License-Identifier: Apache-2.0
// job.yml as plain structs, with the place of every key for messages. What the contract names but is not built yet is
// refused by name here, never ignored.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "evclean/decoder.hpp"
#include "evclean/error.hpp"
#include "evclean/source.hpp"

namespace evclean {

/// A file that a job uses (`use:`).
struct JobPiece {
  std::string path;    ///< as messages show it
  std::string folder;  ///< relative to that of the job file; relative paths in the piece are relative to it
};

/// Line and column in the job file or a piece of it, 1-based; 0: from neither.
struct JobPlace {
  int line = 0;
  int column = 0;
  const JobPiece* piece = nullptr;  ///< one of Job::pieces; null: the job file itself

  /// "job.yml:12:7".
  std::string in(const std::string& job_path) const {
    return (piece ? piece->path : job_path) + ":" + std::to_string(line) + ":" + std::to_string(column);
  }
};

/// A scalar with its place.
struct Text {
  std::string value;
  JobPlace place;
  bool null = false;  ///< map's default: YAML's null
};

struct NamedText {  ///< one entry of set:, flag:, rename:, cast:, fill:
  std::string name;
  std::string value;
  JobPlace place;        ///< of the key
  JobPlace value_place;  ///< of the value
  bool null = false;     ///< map: the value is YAML's null, so the result is missing
};

struct RejectBudget {
  std::optional<double> share;  ///< 0.001 for 0.1%
  std::optional<std::int64_t> count;
  std::optional<double> file_share;  ///< max_per_file
  std::optional<std::int64_t> file_count;
  std::string path;  ///< empty: counted, the first three shown
  std::optional<S3Settings> s3 = {};
};

struct InputSpec {
  JobPlace place;
  std::vector<Text> paths;
  FormatSpec format;
  JobPlace format_place;
  JobPlace multiline_place;  ///< of its pattern
  JobPlace timezone_place;
  std::vector<JobPlace> pattern_places;
  OnMissing missing = OnMissing::kFail;
  OnEmpty empty = OnEmpty::kSkip;
  OnCorrupt corrupt = OnCorrupt::kFail;
  RejectBudget rejects{0.10, std::nullopt, std::nullopt, std::nullopt, {}};
  std::vector<NamedText> types;
  Encoding encoding = Encoding::kAuto;
  std::int64_t max_ratio = 1000;
  bool source = false;                ///< adds _file, _line
  std::string only_new;               ///< state file; empty: everything
  std::optional<S3Settings> s3 = {};  ///< set for all once the job is read: the nearest block
};

// Steps, in the order of the contract's table.
struct FilterStep {
  Text expression;
};
struct ParseStep {
  Text column;
  std::vector<Text> patterns;
  std::string prefix;
  bool all = false;
};
struct SetStep {
  std::vector<NamedText> values;
};
struct FlagStep {
  std::vector<NamedText> values;
};
struct FillStep {
  bool none = false;        ///< fill: None
  std::optional<Text> all;  ///< fill: {all: 0}
  std::vector<NamedText> values;
};
struct SelectStep {
  std::vector<Text> columns;
};
struct DropStep {
  std::vector<Text> columns;
};
struct RenameStep {
  std::vector<NamedText> names;  ///< old -> new
  bool warehouse = false;
  int version = 1;
  bool camel_split = false;
};
struct CastStep {
  std::vector<NamedText> types;
  bool null_on_error = false;
};
struct MapStep {
  Text column;
  std::vector<NamedText> values;
  std::optional<Text> otherwise;
};
struct ExplodeStep {
  Text column;
  std::optional<Text> as;
  bool keep_empty = false;
};
struct IndexStep {
  Text name;
};
struct LimitStep {
  std::int64_t rows = 0;
};
struct SampleStep {
  double fraction = 1.0;
  std::int64_t seed = 0;
};

// Steps over whole tables: rows meet rows of other ranks.
struct JoinStep {
  Text table;
  std::vector<std::pair<Text, Text>> on;     ///< left column, right column
  std::string how = "inner";                 ///< inner, left, right, full, semi, anti
  std::optional<std::vector<Text>> columns;  ///< right columns wanted (globs); empty: all but the keys
  std::string suffix = "_right";
  std::string strategy = "auto";  ///< auto, broadcast, keys, rows
};
struct AlignStep {
  Text table;
};
struct DistinctStep {
  std::vector<Text> columns;  ///< none: all
};
struct GroupStep {
  std::vector<Text> by;
  std::vector<NamedText> aggregates;
};
struct SessionizeStep {
  std::vector<Text> by;
  Text time;
  std::int64_t gap_us = 0;
};
struct SortColumn {
  Text column;
  bool descending = false;
};
struct SortStep {
  std::vector<SortColumn> columns;
};
struct SqlStep {
  Text query;
};
/// One use of a column by encode, in the order written.
struct EncodedColumn {
  enum class Kind { kOneHot, kOrdinal, kHash, kStandardise, kKeep, kMissing };
  Kind kind = Kind::kKeep;
  Text column;
  std::optional<std::vector<std::string>> categories;  ///< in the order given; none: those of the data, sorted
  std::int64_t buckets = 0;                            ///< kHash
};
struct EncodeSplit {
  std::vector<Text> by;
  double test = 0.2;
  std::int64_t seed = 0;
};
struct EncodeStep {
  std::vector<EncodedColumn> columns;
  bool all_missing = false;   ///< missing: true
  std::optional<Text> label;  ///< y
  std::vector<Text> id;       ///< columns that stay beside the features
  std::optional<EncodeSplit> split;
  std::optional<std::int64_t> max_categories;
  std::optional<Text> fitted;      ///< a mapping to apply instead of fitting one
  std::optional<S3Settings> s3{};  ///< for `fitted`; as for input
  JobPlace place;
};

using StepBody = std::variant<FilterStep, ParseStep, SetStep, FlagStep, FillStep, SelectStep, DropStep, RenameStep,
                              CastStep, MapStep, ExplodeStep, IndexStep, LimitStep, SampleStep, JoinStep, AlignStep,
                              DistinctStep, GroupStep, SessionizeStep, SortStep, SqlStep, EncodeStep>;

struct StepSpec {
  std::string name;  ///< the word in the job file
  JobPlace place;
  StepBody body;
};

/// A value of an inline row (tables: rows, tests: input, expect).
struct InlineValue {
  enum class Kind { kNull, kText, kNumber, kBool } kind = Kind::kNull;
  std::string text;     ///< as written
  bool quoted = false;  ///< written in quotes: a string
};
using InlineRow = std::vector<std::pair<std::string, InlineValue>>;

struct TableSpec {
  std::string name;  ///< "events" for the top level
  JobPlace place;
  std::optional<InputSpec> input;
  std::optional<std::vector<InlineRow>> rows;
  std::optional<Text> sql;
  std::vector<StepSpec> steps;
};

enum class OutputFormat { kCsv, kTsv, kJsonLines, kHdf5, kParquet, kArrow, kNpy };
enum class OutputCodec { kNone, kGzip, kZstd };
enum class Warehouse { kNone, kRedshift, kAthena };

struct OutputSpec {
  JobPlace place;
  std::string path;
  std::string table = "events";
  OutputFormat format = OutputFormat::kCsv;
  OutputCodec codec = OutputCodec::kNone;
  int files = 1;
  std::int64_t file_size_bytes = 0;  ///< a file closes at the first frame or row group at or after it; 0: one file
  std::vector<Text> partition_by;    ///< columns that become folders
  std::int64_t max_partitions = 10'000;
  bool overwrite = false;
  std::string missing_text;  ///< CSV
  std::optional<int> compression_level;
  std::string key = "events";       ///< HDF5
  std::int64_t max_string = 4096;   ///< HDF5, bytes
  bool truncate_long_text = false;  ///< HDF5 long_text: truncate
  bool matrix = false;              ///< float32 X and y: .npy, or HDF5 with layout: matrix
  Warehouse warehouse = Warehouse::kNone;
  std::optional<S3Settings> s3 = {};  ///< as for input
};

/// The path of an output without numbers and partitions: "out/" with format: csv is "out/events.csv".
std::string output_base(const OutputSpec& output);

struct TestSpec {
  std::string name;
  JobPlace place;
  std::vector<std::string> lines;              ///< input as text
  std::optional<std::vector<InlineRow>> rows;  ///< input as maps
  std::map<std::string, std::vector<InlineRow>> tables;
  bool expect_reject = false;
  std::string reject_reason;  ///< expect: {reject: text}: the reason must contain it
  bool expect_filtered = false;
  std::vector<InlineRow> expect;
  JobPlace expect_place;
};

struct ResourceSpec {
  std::int64_t memory_bytes = 0;  ///< per rank; 0: found out
  std::int64_t chunk_bytes = 64 << 20;
  std::string scratch;
  JobPlace scratch_place;
  int threads = 1;
};

struct FunctionPlaces {
  JobPlace head, body;
};

struct Job {
  std::string name;
  std::string path;               ///< of the job file
  std::string base_dir;           ///< folder of the job file
  std::string text;               ///< its bytes
  std::uint64_t identity = 0;     ///< of all it says, with overrides and environment
  std::vector<TableSpec> tables;  ///< events first
  std::vector<OutputSpec> outputs;
  std::vector<TestSpec> tests;
  ResourceSpec resources;
  std::map<std::string, std::string> functions;
  std::map<std::string, FunctionPlaces> function_places;  ///< of what `functions` has
  S3Settings s3;                                          ///< the block at the top
  std::vector<std::shared_ptr<const JobPiece>> pieces;    ///< files it uses; places point to them
};

/// One mistake in a job file. Its place is good while the job is there.
struct JobProblem {
  JobPlace place;
  std::string message;  ///< may have further lines (caret, what to do)
};

/// Formats problems as "job.yml:12:7: error: …", in order of place.
std::string show_problems(const std::string& path, const std::vector<JobProblem>& problems);

struct ParsedJob {
  Job job;
  std::vector<JobProblem> problems;
};

/// Gives the bytes of a piece by its path (relative to the working directory, or absolute); nothing: it cannot be read.
using PieceReader = std::function<std::optional<std::string>(const std::string& path)>;

/// Parses a job: YAML 1.2 core schema, `--set` overrides ("key.path=value"), ${VAR} after parsing. Collects all
/// mistakes: YAML errors, unknown and duplicate keys (did you mean), wrong kinds of value, what is not available yet, a
/// job without output. Does not look at expressions, patterns or data. Not collective; `text` is the file's bytes, and
/// `read_piece` gives those of the files under `use:` (each is asked for once).
ParsedJob parse_job(const std::string& path, const std::string& text, const std::vector<std::string>& overrides,
                    const PieceReader& read_piece = {});

}  // namespace evclean
