// SPDX-License-Identifier: Apache-2.0
// One table from its input to its sinks: segments of steps, with steps over the whole table between them.
#pragma once

#include "segment_run.hpp"
#include "table_steps.hpp"

namespace evclean {

/// What a table needs of the run around it.
struct TableSurroundings {
  const Job& job;
  const RunOptions& options;
  const Resources& resources;
  const Comm& comm;
  Progress* progress = nullptr;
  const Workspace& workspace;
  std::function<DatasetPtr(const std::string&)> other;  ///< a table that has been run
  bool keep = false;                                    ///< other tables read this one: give its rows as a dataset
  /// Columns that other tables use of it; empty function or nothing: all.
  std::function<std::optional<std::vector<std::string>>(const Fields&)> wanted_by_others;
  JointFiles* joint = nullptr;       ///< files that outputs of several tables write
  Checkpoint* checkpoint = nullptr;  ///< null: nothing is kept for a later run
};

class TableRun {
 public:
  TableRun(const TableSpec& spec, const TableSurroundings& around);
  ~TableRun();

  /// Collective. Reads, cleans and writes under hidden names; publishes nothing.
  TableReport run();
  std::vector<WrittenFile> take_files() { return std::move(files_); }
  /// Hidden files of the outputs, and of the rejects (null: none), to be published or dropped.
  std::unique_ptr<Publisher> take_outputs() { return std::move(outputs_); }
  std::unique_ptr<Publisher> take_reject_file() { return std::move(reject_file_); }
  DatasetPtr take_dataset() { return std::move(kept_); }

 private:
  /// Steps [begin, end) need no other row; the step at `end`, if any, is one over the whole table.
  struct Piece {
    std::size_t begin = 0, end = 0;
  };

  void gather_lookups();
  void plan_pieces();
  OriginPlan origin_behind(std::size_t step) const;
  SegmentResult run_piece(const TableInput& input, std::size_t piece, TableReport& report);
  std::vector<std::unique_ptr<Sink>> open_sinks(const Fields& fields, std::size_t piece, const SegmentPlan& plan);
  std::vector<std::unique_ptr<Sink>> open_outputs(const Fields& fields, std::int64_t memory_bytes,
                                                  const SegmentPlan& plan);
  DatasetPtr start_query(TableReport& report);
  void run_table_step_behind(std::size_t piece, TableReport& report);
  void finish(SegmentResult& last, TableReport& report);
  void close_sinks(SegmentResult& last, TableReport& report);
  std::optional<ColumnsBehind> wanted(const Fields& fields, std::size_t piece) const;

  // The ledger, in table_ledger.cpp.
  void begin_ledger(const TableInput& input, const SegmentResult& first, TableReport& report);
  void note_later_drops(const PassResult& pass, TableReport& report);
  void note_distinct_drops(const Dataset& before, const Dataset& after, TableReport& report);
  void drop_from(std::int64_t id, std::int64_t filtered, std::int64_t rejected, TableReport& report) const;
  void send_rejects_home(RejectStage& later, bool records);
  void judge_budget(TableReport& report) const;
  void judge_files(TableReport& report) const;
  void check_ledger(const TableReport& report) const;
  void write_rejects(TableReport& report);
  void stage_rejects(Sink* sink, TableReport& report) const;
  void gather_first_rejects(TableReport& report) const;

  // What is said of it, in table_report.cpp.
  void note_input(const TableInput& input, TableReport& report) const;
  void note_piece(const TableInput& input, const SegmentResult& piece, std::size_t number, TableReport& report);
  void note_examples(Dataset& data) const;
  void note_patterns(const PassResult& pass, std::size_t first_step, bool of_files, TableReport& report) const;
  void note_state(const PassResult& pass, TableReport& report) const;
  void note_lookups(const SegmentResult& piece, std::size_t first_step, TableReport& report);
  void note_operators(TableReport& report) const;
  void note_what_stays(TableReport& report) const;

  const TableSpec& spec_;
  const TableSurroundings& around_;
  const Job& job_;
  const Comm& comm_;
  std::map<std::size_t, std::shared_ptr<const Lookup>> lookups_;  ///< by step
  std::vector<Piece> pieces_;
  std::vector<RenamedColumn> renames_;  ///< by the pieces before the one that runs
  std::optional<EncodedTable> encoded_;
  std::size_t records_end_ = 0;  ///< steps before this one still see records
  OriginPlan origin_;
  NullWords nulls_;
  TableInput input_;  ///< the files (or inline rows)
  std::vector<InputColumn> input_columns_;
  std::vector<std::int32_t> owners_;  ///< of the splits
  std::vector<std::vector<std::int64_t>> line_bases_;
  std::unique_ptr<RejectStage> rejects_;
  std::map<std::string, Evidence> evidence_;  ///< a column by name: why it has its type
  bool nameless_ = false;                     ///< nobody wrote down all columns: there is no record
  bool early_stop_ = false;                   ///< over the reject budget while reading
  DatasetPtr data_;                           ///< between segments
  std::shared_ptr<Dataset> staged_, kept_data_;
  DatasetPtr kept_;
  std::unique_ptr<Publisher> outputs_, reject_file_;
  std::vector<WrittenFile> files_;
  QueryReport queries_;
};

}  // namespace evclean
