// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <set>

#include "checkpoint.hpp"
#include "evclean/interrupt.hpp"
#include "evclean/s3.hpp"
#include "input_state.hpp"
#include "replay.hpp"
#include "table_join.hpp"
#include "table_order.hpp"
#include "table_run.hpp"

namespace evclean {
namespace {

/// Finds what cannot be written before anything is read; leaves nothing behind.
void try_outputs(const Job& job, const std::string& scratch, const Comm& comm) {
  Publisher trial(comm);
  const JointFiles joint(job.outputs, comm, scratch);
  for (const OutputSpec& output : job.outputs) {
    if (!joint.holds(output)) trial.reserve_output(output, scratch);
  }
}

/// Whether the run is to be remembered: one cut short has not read what it would have to remember.
bool is_remembered(const RunOptions& options) { return options.limit < 0 && options.replay.empty(); }

/// The same for what `only_new` remembers, which is written when the outputs are published.
void try_states(const Job& job, const RunOptions& options, const Comm& comm) {
  comm.agree([&] {
    if (!comm.is_root() || !is_remembered(options)) return;
    for (const TableSpec* table : order_tables(job, written_tables(job)).tables) {
      if (!table->input || table->input->only_new.empty()) continue;
      const std::string& path = table->input->only_new;
      if (is_s3_path(path)) {
        S3Client::of(table->input->s3.value_or(S3Settings{}))->try_upload(S3Url::parse(path));
      } else {
        try_file("only_new", path);
      }
    }
  });
}

/// Takes more names. False: there are none, since all are used or nobody can say.
bool add_names(const std::optional<std::vector<std::string>>& more, std::set<std::string>& used) {
  if (more) used.insert(more->begin(), more->end());
  return more.has_value();
}

/// Takes what a step of another table uses of `table`. False: all of it, or unknown.
bool add_used(const Job& job, const StepSpec& step, const std::string& table, const Fields& fields,
              std::set<std::string>& used) {
  if (const auto* join = std::get_if<JoinStep>(&step.body)) {
    return join->table.value != table || add_names(joined_columns(*join, fields), used);
  }
  if (const auto* align = std::get_if<AlignStep>(&step.body)) return align->table.value != table;
  const auto* sql = std::get_if<SqlStep>(&step.body);
  return sql == nullptr || add_names(query_columns(job, sql->query, table, fields), used);
}

/// Columns of `table` that its readers use, when each of them says so.
std::optional<std::vector<std::string>> used_by(const Job& job, const std::vector<const TableSpec*>& readers,
                                                const std::string& table, const Fields& fields) {
  std::set<std::string> used;
  for (const TableSpec* reader : readers) {
    if (reader->sql && !add_names(query_columns(job, *reader->sql, table, fields), used)) return std::nullopt;
    for (const StepSpec& step : reader->steps) {
      if (!add_used(job, step, table, fields, used)) return std::nullopt;
    }
  }
  std::vector<std::string> in_order;
  for (const Field& field : fields) {
    if (used.count(field.name) > 0) in_order.push_back(field.name);
  }
  return in_order;
}

/// All tables of a run, one after another; a table is let go when its last reader is done.
class JobRun {
 public:
  JobRun(const Job& job, const RunOptions& options, const Resources& resources, const Comm& comm, Progress* progress)
      : job_(job),
        options_(options),
        resources_(resources),
        comm_(comm),
        progress_(progress),
        order_(order_tables(job, written_tables(job))),
        joint_(job.outputs, comm, resources.scratch),
        workspace_{comm, std::make_shared<MemoryBudget>(resources.memory_bytes / 2), resources.scratch,
                   throw_if_interrupted} {
    if (options.resume) checkpoint_ = std::make_unique<Checkpoint>(job, comm);
  }

  void run(RunReport& report) {
    try {
      for (const TableSpec* table : order_.tables) {
        if (!run_table(*table, report)) break;
      }
    } catch (const Error& error) {
      if (checkpoint_ && !may_pass(error.code())) checkpoint_->forget();
      throw;
    }
    std::stable_sort(report.tables.begin(), report.tables.end(),
                     [&](const TableReport& a, const TableReport& b) { return place_of(a.name) < place_of(b.name); });
  }

  bool over_budget() const { return over_budget_; }
  /// All outputs and then the rejects, together; over budget the rejects alone. Collective.
  void publish() {
    std::vector<Publisher*> sets;
    const auto add = [&](const std::vector<std::unique_ptr<Publisher>>& more) {
      for (const auto& set : more) {
        if (set) sets.push_back(set.get());
      }
    };
    if (!over_budget_) {
      add(outputs_);
      sets.push_back(&joint_.publisher());
    }
    add(reject_files_);
    for (Publisher* set : sets) set->prepare();
    comm_.agree(throw_if_interrupted);
    Publisher::publish_together(sets);
  }
  /// The run has ended, and nothing is left to be done by another one. Collective.
  void end(RunReport& report) {
    if (!checkpoint_) return;
    checkpoint_->forget();
    if (const std::string failure = checkpoint_->failure(comm_); !failure.empty())
      report.notes.push_back(fmt::format("--resume: from some point on nothing more was kept: {}", failure));
  }
  void settle_sizes(std::vector<WrittenFile>& files) const { joint_.settle_sizes(files); }

 private:
  /// False: over its reject budget while others need it.
  bool run_table(const TableSpec& table, RunReport& report) {
    const auto& readers = order_.readers[table.name];
    TableSurroundings around{job_, options_,         resources_, comm_,   progress_,        workspace_,
                             {},   !readers.empty(), {},         &joint_, checkpoint_.get()};
    const bool reads_once = table.sql && std::none_of(table.steps.begin(), table.steps.end(), is_table_step);
    around.other = [&, reads_once](const std::string& name) {
      const bool last = reads_once && order_.readers.at(name).size() == 1;
      return last ? std::move(made_.at(name)) : made_.at(name);  // who holds it alone may let it go while it reads
    };
    around.wanted_by_others = [&](const Fields& fields) { return used_by(job_, readers, table.name, fields); };
    TableRun run(table, around);
    report.tables.push_back(run.run());
    over_budget_ |= report.tables.back().over_budget;
    for (WrittenFile& file : run.take_files()) report.outputs.push_back(std::move(file));
    outputs_.push_back(run.take_outputs());
    reject_files_.push_back(run.take_reject_file());
    if (report.tables.back().over_budget && !readers.empty()) return false;
    made_[table.name] = run.take_dataset();
    let_go(table);
    return true;
  }

  void let_go(const TableSpec& reader) {
    for (auto& [name, readers] : order_.readers) {
      std::erase(readers, &reader);
      if (readers.empty()) made_.erase(name);
    }
  }

  std::ptrdiff_t place_of(const std::string& name) const { return &table_named(job_, name) - job_.tables.data(); }

  const Job& job_;
  const RunOptions& options_;
  const Resources& resources_;
  const Comm& comm_;
  Progress* progress_;
  TableOrder order_;
  JointFiles joint_;
  Workspace workspace_;
  std::map<std::string, DatasetPtr> made_;
  std::vector<std::unique_ptr<Publisher>> outputs_, reject_files_;
  std::unique_ptr<Checkpoint> checkpoint_;  ///< with --resume
  bool over_budget_ = false;
};

/// Only whole runs are kept and gone on with.
void refuse_parts(const RunOptions& options) {
  if (!options.resume) return;
  if (options.limit >= 0) fail_user("--resume goes on with whole runs: leave out --limit, or --resume");
  if (!options.replay.empty()) fail_user("--resume goes on with whole runs: leave out --replay, or --resume");
}

}  // namespace

bool may_pass(ExitCode code) {
  return code == ExitCode::kSystem || code == ExitCode::kInterrupted || code == ExitCode::kTerminated;
}

RunReport run_job(const Job& given, const RunOptions& asked, const Comm& comm) {
  const auto begin = std::chrono::steady_clock::now();
  RunOptions options = asked;
  Job job = options.replay.empty() ? given : replay_job(given, options.replay, options.replayed_table);
  for (OutputSpec& output : job.outputs) output.overwrite |= options.overwrite;
  refuse_parts(options);
  Resources resources;
  comm.agree([&] { resources = find_resources(job.resources, comm); });
  try_outputs(job, resources.scratch, comm);
  try_states(job, options, comm);
  std::unique_ptr<Progress> progress;
  if (comm.is_root()) progress = std::make_unique<Progress>(options.progress, 0);
  RunReport report;
  report.job = job.name;
  report.ranks = comm.size();
  JobRun run(job, options, resources, comm, progress.get());
  run.run(report);
  if (progress) progress->finish();
  run.publish();
  if (run.over_budget()) {
    report.outputs.clear();
    report.exit_code = static_cast<int>(ExitCode::kOverBudget);
  } else {
    run.settle_sizes(report.outputs);
    report.published = true;
    comm.agree([&] {
      if (comm.is_root() && is_remembered(options)) write_states(job, report.tables);
    });
  }
  run.end(report);
  if (const std::int64_t again = comm.sum(S3Client::counts().sent_again); again > 0) {
    report.notes.push_back(fmt::format("{} requests to S3 were sent again (errors that passed)", again));
  }
  report.peak_memory_bytes = comm.sum(peak_memory_bytes());
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (options.digests) add_digests(report.outputs, comm);
  return report;
}

}  // namespace evclean
