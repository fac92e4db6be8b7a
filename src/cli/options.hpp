// SPDX-License-Identifier: Apache-2.0
// The command line as a plain struct. No MPI, no files: every rank reads its own arguments to the same result, and
// rank 0 prints what there is to print.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evclean/byte_stream.hpp"
#include "evclean/report.hpp"

namespace evclean::cli {

enum class Command { kRun, kCheck, kPreview, kExplain, kTest, kInit, kFormats, kFunctions, kPlan };

/// The word of a command: "run".
std::string_view command_name(Command command);

enum class LogLevel { kError, kWarning, kInfo, kDebug };

/// What a user asked for. Only what belongs to the command is set.
struct CommandLine {
  Command command = Command::kRun;
  std::string job;                 ///< run, check, preview, explain, test: the job file
  std::vector<std::string> names;  ///< init: files; formats, functions: names to show (none: all)
  std::vector<std::string> sets;   ///< --set key.path=value, in the order written
  std::string report;              ///< --report FILE.html|.json; empty: none
  ProgressMode progress = ProgressMode::kAuto;
  LogLevel log_level = LogLevel::kInfo;
  bool resume = false;
  bool overwrite = false;
  std::int64_t limit = -1;              ///< --limit records; -1: all
  std::string replay;                   ///< --replay REJECTS.jsonl; empty: none
  Encoding encoding = Encoding::kAuto;  ///< init --encoding
  std::int64_t rows = 20;               ///< preview -n
  bool s3 = false;                      ///< check --s3
  std::int64_t nodes = 0;               ///< plan --nodes; 0: one, or those of the partition
  std::string type;                     ///< plan --type; empty: not said
  std::string partition;                ///< plan --partition
  int ranks_per_node = 0;               ///< plan --ranks-per-node; 0: calculated
  bool emr = false;                     ///< plan --emr
};

/// Either a command to run, or text to print and the exit code to end with.
struct ParsedCommandLine {
  std::optional<CommandLine> command;
  std::string out;    ///< for stdout: help, versions
  std::string error;  ///< for stderr: a usage error and what to do
  int exit_code = 0;  ///< 0 or 2 (usage)
};

/// Parses the arguments behind the program's name. `evclean JOB.yml` is short for run; a first word that is near a
/// command's name is taken for a misspelt command. `versions` is what --version prints. Never throws for bad arguments.
ParsedCommandLine parse_command_line(std::vector<std::string> arguments, const std::string& versions);

}  // namespace evclean::cli
