// SPDX-License-Identifier: Apache-2.0
// One table from its input to its sinks: passes until the guess has become the truth.
#pragma once

#include "evclean/engine.hpp"
#include "pass.hpp"
#include "resources.hpp"

namespace evclean {

class TableRun {
 public:
  TableRun(const Job& job, const TableSpec& spec, const RunOptions& options, const Resources& resources,
           const Comm& comm, Progress* progress);
  ~TableRun();

  /// Collective. Reads, cleans and writes under hidden names; publishes nothing.
  TableReport run();
  std::vector<WrittenFile> take_files() { return std::move(files_); }
  /// Hidden files of the outputs, and of the rejects (null: none), to be published or dropped.
  std::unique_ptr<Publisher> take_outputs() { return std::move(outputs_); }
  std::unique_ptr<Publisher> take_reject_file() { return std::move(reject_file_); }

 private:
  PassResult settle(const TableInput& input);
  std::optional<PassResult> one_pass(const TableInput& input, Guess& guess, std::optional<Error>& last_error);
  void open_sinks(const Fields& fields);
  bool schema_changed(const PassResult& result, Guess& guess) const;
  bool rows_counted(const Program& program, const PassResult& result, Guess& guess) const;
  void write_rejects(const TableInput& input, const PassResult& result, TableReport& report);
  void stage_rejects(const TableInput& input, const PassResult& result, Sink* sink, TableReport& report) const;
  void judge_budget(const PassResult& result, TableReport& report) const;
  void gather_first_rejects(TableReport& report);
  void fill_report(const TableInput& input, const PassResult& result, TableReport& report);
  void note_what_stays(TableReport& report) const;
  void fill_columns(const TableInput& input, const PassResult& result, TableReport& report);

  const Job& job_;
  const TableSpec& spec_;
  const RunOptions& options_;
  const Resources& resources_;
  const Comm& comm_;
  Progress* progress_;
  std::unique_ptr<Publisher> outputs_, reject_file_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::unique_ptr<RejectStage> rejects_;
  std::vector<WrittenFile> files_;
  std::vector<Evidence> evidence_;  ///< of the last pass
  Program program_;
  Guess guess_;  ///< the last
  StageSeconds seconds_;
  int passes_ = 0;
  bool no_records_ = false;   ///< no record in any file: no column is known
  bool fresh_types_ = false;  ///< the guess was changed by the last pass
};

}  // namespace evclean
