// SPDX-License-Identifier: Apache-2.0
// What a run tells: while it goes on (progress), at its end (a table for people, JSON for programs).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "evclean/ledger.hpp"
#include "evclean/pattern_tally.hpp"
#include "evclean/sink.hpp"
#include "evclean/types.hpp"
#include "evclean/value_type.hpp"

namespace evclean {

struct ColumnReport {
  std::string name;
  ValueType type = ValueType::kString;
  std::int64_t missing = 0;
  std::string why;  ///< what stopped a narrower type; empty: nothing to say
  std::map<std::string, std::int64_t> null_words;
  std::int64_t zero_padded = 0;  ///< digits with a leading zero, which keep the column text
  std::string dates;             ///< what decided the order of day and month, or did not; empty: no such dates
};

/// How one pattern of a series did.
struct PatternReport {
  std::string series;  ///< "format regex", "step 2 (parse)"
  bool own = true;     ///< the job's; false: a preset's
  PatternTally tally;
};

struct StepReport {
  std::string name;
  std::int64_t filtered = 0;
  std::int64_t rows_in = 0, rows_out = 0;
  bool off_records = false;  ///< its rows do not stand for records, before it or behind it
  std::string how;           ///< of a step over whole tables: "broadcast"
};

/// What a join, group, sort … over a whole table did, in a step or in a query.
struct OperatorLine {
  std::string name, how;  ///< "join users", "broadcast"
  std::int64_t rows_in = 0, rows_right = 0, rows_out = 0;
  double seconds = 0;  ///< of the slowest rank
};

struct TableReport {
  std::string name;
  std::string format;
  LedgerCounts ledger;
  std::vector<FileLedger> files;
  std::vector<ColumnReport> columns;
  std::vector<StepReport> steps;
  std::vector<OperatorLine> operators;  ///< in the order in which they ran
  std::vector<PatternReport> patterns;
  std::vector<Reject> first_rejects;  ///< up to three, with their line (1-based)
  std::int64_t rejected_rows = 0;     ///< rows that no longer stood for records (behind explode)
  std::string rejects_path;
  std::vector<std::string> notes;
  std::string state_path, state;  ///< only_new: what to write there once the outputs are published (rank 0)
  std::int64_t stored_bytes = 0;
  int passes = 0;
  std::int64_t restored_splits = 0;  ///< taken over from an earlier run (--resume), over all passes
  bool over_budget = false;
  std::string over_file;  ///< the file that is over `max_per_file`; empty: none
  std::string budget;     ///< "0.1%" or "500", as judged
  double read_seconds = 0, decode_seconds = 0, steps_seconds = 0, encode_seconds = 0,
         write_seconds = 0;  ///< max over ranks
};

struct RunReport {
  std::string job;
  int ranks = 1;
  double seconds = 0;
  std::int64_t peak_memory_bytes = 0;  ///< sum over ranks of their peak resident sizes
  std::vector<TableReport> tables;     ///< events first
  std::vector<WrittenFile> outputs;
  std::vector<std::string> notes;
  bool published = false;
  int exit_code = 0;
};

/// The report as JSON (job contract, 2.7).
std::string report_json(const RunReport& report);
/// The closing table for people (stderr): rows in and out, types, rejects, seconds a stage, files.
std::string report_text(const RunReport& report);

/// The same as a page of its own: no script, nothing fetched, every text from data escaped.
std::string report_html(const RunReport& report);

enum class ProgressMode { kAuto, kPlain, kJson, kNone };

/// Progress on rank 0's stderr: a bar on a terminal, plain lines otherwise, JSON lines, or nothing.
class Progress {
 public:
  Progress(ProgressMode mode, std::int64_t stored_bytes);
  ~Progress();
  /// More stored bytes and records are done. Prints at most a few times a second (plain: every 10 s and each tenth).
  void advance(std::int64_t stored_bytes, std::int64_t records);
  /// Starts over for another pass or table.
  void begin(const std::string& what, std::int64_t stored_bytes);
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A table for people: columns aligned, numbers to the right, text made safe for a terminal and cut at `max_width`.
std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                       std::size_t max_width = 40);

}  // namespace evclean
