// SPDX-License-Identifier: Apache-2.0
// The one main and the one catch. MPI starts first and ends last; rank 0 speaks.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "commands.hpp"
#include "evclean/heap_pages.hpp"
#include "evclean/interrupt.hpp"
#include "evclean/s3.hpp"
#include "standard_streams.hpp"

namespace {

using namespace evclean;
using namespace evclean::cli;

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = note_interrupt;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int dispatch(const CommandLine& command, const Comm& comm) {
  switch (command.command) {
    case Command::kRun:
      return run_command(command, comm);
    case Command::kCheck:
      return check_command(command, comm);
    case Command::kPreview:
      return preview_command(command, comm);
    case Command::kTest:
      return test_command(command, comm);
    case Command::kFunctions:
      return functions_command(command, comm);
    case Command::kFormats:
      return formats_command(command, comm);
    case Command::kPlan:
      return plan_command(command, comm);
    case Command::kExplain:
      return explain_command(command, comm);
    case Command::kInit:
      return init_command(command, comm);
  }
  fail_bug("unknown command");
}

int report_error(const Comm& comm, ExitCode code, const char* message) {
  if (const int signal = interrupt_signal(); signal != 0) {  // whatever failed, failed because the files are gone
    code = signal == SIGINT ? ExitCode::kInterrupted : ExitCode::kTerminated;
    message = "interrupted; nothing was published, temporary files are removed";
  }
  const char* const bug = code == ExitCode::kBug ? "this is a bug, please report it: " : "";
  if (comm.is_root()) speak(stderr, fmt::format("{}evclean: {}\n", bug, message));
  return static_cast<int>(code);
}

int run_all(const std::vector<std::string>& arguments) {
  const Comm comm = Comm::world();
  const ParsedCommandLine parsed = parse_command_line(arguments, version_text());
  if (!parsed.command) {
    if (comm.is_root()) {
      std::fputs(parsed.out.c_str(), stdout);
      speak(stderr, parsed.error);
    }
    return parsed.exit_code;
  }
  try {
    return dispatch(*parsed.command, comm);
  } catch (const Error& error) {
    return report_error(comm, error.code(), error.what());
  }
}

/// However a run ends, no thread outlives main().
struct RequestsEnd {
  ~RequestsEnd() { S3Client::end_all(); }
};

}  // namespace

int main(int argc, char** argv) {
#if defined(__x86_64__) && defined(__AVX2__)
  if (!__builtin_cpu_supports("avx2")) {
    std::fputs("evclean was built for processors with AVX2: build it with -DEVCLEAN_ARCH=x86-64\n", stderr);
    return static_cast<int>(ExitCode::kSystem);
  }
#endif
  secure_standard_streams();
  settle_heap_pages();
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is a failed write, not a death; MPI writes files too
  int code = 0;
  try {
    MpiEnvironment mpi(argc, argv);
    const RequestsEnd requests_end;
    watch_signals();
    try {
      code = run_all(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const Error& error) {
      speak(stderr, fmt::format("evclean: {}\n", error.what()));
      abort_all(error.code());
    } catch (const std::exception& error) {
      // Not agreed upon by the ranks: the others may wait in a collective.
      speak(stderr, fmt::format("this is a bug, please report it: evclean: {}\n", error.what()));
      abort_all(ExitCode::kBug);
    }
    if (!flush_stdout() && code == 0) {
      fmt::print(stderr, "evclean: cannot write to the standard output: what was to stand there is not whole\n");
      code = static_cast<int>(ExitCode::kSystem);
    }
    std::fflush(nullptr);
  } catch (const std::exception& error) {
    speak(stderr, fmt::format("evclean: {}\n", error.what()));
    return static_cast<int>(ExitCode::kSystem);
  }
  return code;
}
