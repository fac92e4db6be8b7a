// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <set>

#include "evclean/interrupt.hpp"
#include "table_run.hpp"

namespace evclean {
namespace {

/// Tables that outputs name, in the order of the job.
std::vector<const TableSpec*> wanted_tables(const Job& job) {
  std::set<std::string> named;
  for (const OutputSpec& output : job.outputs) named.insert(output.table);
  std::vector<const TableSpec*> tables;
  for (const TableSpec& table : job.tables) {
    if (named.count(table.name) > 0) tables.push_back(&table);
  }
  return tables;
}

/// Finds what cannot be written before anything is read; leaves nothing behind.
void try_outputs(const Job& job, const Comm& comm) {
  Publisher trial(comm);
  for (const OutputSpec& output : job.outputs) {
    for (const std::string& path : output_files(output)) trial.reserve(path, output.overwrite);
  }
}

}  // namespace

RunReport run_job(const Job& given, const RunOptions& options, const Comm& comm) {
  const auto begin = std::chrono::steady_clock::now();
  Job job = given;
  for (OutputSpec& output : job.outputs) output.overwrite |= options.overwrite;
  Resources resources;
  comm.agree([&] { resources = find_resources(job.resources, comm); });
  try_outputs(job, comm);
  std::unique_ptr<Progress> progress;
  if (comm.is_root()) progress = std::make_unique<Progress>(options.progress, 0);
  RunReport report;
  report.job = job.name;
  report.ranks = comm.size();
  std::vector<std::unique_ptr<Publisher>> outputs;
  bool over_budget = false;
  for (const TableSpec* table : wanted_tables(job)) {
    TableRun run(job, *table, options, resources, comm, progress.get());
    report.tables.push_back(run.run());
    over_budget |= report.tables.back().over_budget;
    for (WrittenFile& file : run.take_files()) report.outputs.push_back(std::move(file));
    outputs.push_back(run.take_outputs());
    if (auto rejects = run.take_reject_file()) rejects->publish();
  }
  if (progress) progress->finish();
  if (over_budget) {
    report.outputs.clear();
    report.exit_code = static_cast<int>(ExitCode::kOverBudget);
  } else {
    comm.agree(throw_if_interrupted);
    for (const auto& set : outputs) set->publish();
    report.published = true;
  }
  report.peak_memory_bytes = comm.sum(peak_memory_bytes());
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (options.digests) add_digests(report.outputs, comm);
  return report;
}

}  // namespace evclean
