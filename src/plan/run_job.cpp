// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <set>

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

}  // namespace

RunReport run_job(const Job& job, const RunOptions& options, const Comm& comm) {
  const auto begin = std::chrono::steady_clock::now();
  Resources resources;
  comm.agree([&] { resources = find_resources(job.resources, comm); });
  Publisher outputs(comm), reject_files(comm);
  for (const OutputSpec& output : job.outputs) {
    for (const std::string& path : output_files(output)) outputs.reserve(path, output.overwrite || options.overwrite);
  }
  std::unique_ptr<Progress> progress;
  if (comm.is_root()) progress = std::make_unique<Progress>(options.progress, 0);
  RunReport report;
  report.job = job.name;
  report.ranks = comm.size();
  bool over_budget = false;
  for (const TableSpec* table : wanted_tables(job)) {
    TableRun run(job, *table, options, resources, comm, outputs, reject_files, progress.get());
    report.tables.push_back(run.run());
    over_budget |= report.tables.back().over_budget;
    for (WrittenFile& file : run.take_files()) report.outputs.push_back(std::move(file));
  }
  if (progress) progress->finish();
  reject_files.publish();
  if (over_budget) {
    outputs.discard();
    report.outputs.clear();
    report.exit_code = static_cast<int>(ExitCode::kOverBudget);
  } else {
    outputs.publish();
    report.published = true;
  }
  report.peak_memory_bytes = comm.sum(peak_memory_bytes());
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return report;
}

}  // namespace evclean
