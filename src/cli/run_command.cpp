// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "commands.hpp"
#include "evclean/engine.hpp"
#include "evclean/path_problem.hpp"
#include "evclean/s3.hpp"
#include "evclean/sink.hpp"
#include "standard_streams.hpp"

namespace evclean::cli {
namespace {

/// Job, ranks, hosts and versions: the first lines of a run.
void print_header(const Job& job, const std::string& hosts, const Comm& comm) {
  speak(stderr, fmt::format("evclean: job {} ({}), {} rank{} on {}\n{}\n", job.name.empty() ? job.path : job.name,
                            job.path, comm.size(), comm.size() == 1 ? "" : "s", hosts, version_text()));
}

/// Host names with their ranks: "node1 (2), node2 (2)".
std::string host_list(const Comm& comm) {
  std::vector<std::pair<std::string, int>> hosts;
  for (const std::string& host : comm.all_gather(MpiEnvironment::host_name())) {
    if (!hosts.empty() && hosts.back().first == host) {
      ++hosts.back().second;
    } else {
      hosts.emplace_back(host, 1);
    }
  }
  std::string text;
  for (const auto& [host, ranks] : hosts) text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", host, ranks);
  return text;
}

/// A pipe, a device or a link: written as it is, never replaced.
bool is_special(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::symlink_status(path, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

/// `shown`: the file as the user named it.
void write_into(const std::string& path, const std::string& text, const std::string& shown) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) fail_system("cannot write the report {}: {}", shown, std::strerror(errno));
}

/// Rank 0 alone; under its name at once, as outputs are.
void write_report(const std::string& path, const S3Settings& s3, const RunReport& report) {
  const std::string text = path.ends_with(".html") ? report_html(report) : report_json(report);
  if (is_s3_path(path)) return S3Client::of(s3)->put(S3Url::parse(path), text, false);
  if (is_special(path)) return write_into(path, text, path);
  const Comm alone = Comm::self();
  Publisher publisher(alone);
  publisher.reserve(path, true);
  write_into(publisher.hidden(path), text, path);
  publisher.publish();
}

/// Finds a report that cannot be written before anything is read.
void try_report(const std::string& path, const Job& job) {
  if (path.empty()) return;
  refuse_report(job, path);
  if (const std::string problem = path_problem(path); !problem.empty()) fail_user("--report: {}", problem);
  if (is_s3_path(path)) {
    const S3Url url = S3Url::parse(path);
    S3Client& client = *S3Client::of(job.s3);
    return client.try_upload(url);
  }
  if (!is_special(path)) try_file("--report", path);
}

/// Runs, and tells what is left when it is cut off.
RunReport run_whole(const Job& job, const RunOptions& options, const Comm& comm) {
  try {
    return run_job(job, options, comm);
  } catch (const Error& error) {
    if (!options.resume || !comm.is_root() || !may_pass(error.code())) throw;
    if (const std::string folder = resume_folder(job); std::filesystem::exists(folder))
      speak(stderr, fmt::format("evclean: what is done is kept in {}: the same command goes on from there\n", folder));
    throw;
  }
}

}  // namespace

int run_command(const CommandLine& command, const Comm& comm) {
  const auto job = read_job(command, comm, true);
  if (!job) return static_cast<int>(ExitCode::kUser);
  comm.agree([&] {
    if (comm.is_root()) try_report(command.report, *job);
  });
  const std::string hosts = host_list(comm);
  const bool talks = comm.is_root() && command.log_level >= LogLevel::kInfo;
  if (talks) print_header(*job, hosts, comm);
  RunOptions options;
  options.overwrite = command.overwrite;
  options.limit = command.limit;
  options.replay = command.replay;
  options.resume = command.resume;
  options.digests = !command.report.empty();
  options.progress = command.log_level >= LogLevel::kInfo ? command.progress : ProgressMode::kNone;
  const RunReport report = run_whole(*job, options, comm);
  comm.agree([&] {
    if (!comm.is_root()) return;
    if (!command.report.empty()) write_report(command.report, job->s3, report);
    if (talks || report.exit_code != 0) speak(stderr, report_text(report));
  });
  return report.exit_code;
}

}  // namespace evclean::cli
