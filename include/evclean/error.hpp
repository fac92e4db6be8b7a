// SPDX-License-Identifier: Apache-2.0
// The one exception of the program. `Error` means "the job cannot go on": it carries the exit code and
// a message that names the file, line, column or key and says what to do. Bad data is never an Error:
// it is a reject (see reject.hpp). main() has the one catch; ranks agree through Comm::all_ok().
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace evclean {

/// Exit codes of the program (job contract, section 1).
enum class ExitCode : int {
  kDone = 0,
  kOverBudget = 1,  ///< over the reject budget, or a job test failed
  kUser = 2,        ///< job file, option, path, column, or an input that does not allow the job
  kSystem = 3,      ///< disk full, access denied, S3, MPI
  kBug = 4,         ///< a bug, or a ledger that does not balance
  kInterrupted = 130,
  kTerminated = 143,
};

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, std::string message) : std::runtime_error(std::move(message)), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// Throws an Error of the user's side; the message says what to change.
template <typename... Args>
[[noreturn]] void fail_user(fmt::format_string<Args...> text, Args&&... args) {
  throw Error(ExitCode::kUser, fmt::format(text, std::forward<Args>(args)...));
}

/// Throws an Error of the system's side (disk, network, MPI).
template <typename... Args>
[[noreturn]] void fail_system(fmt::format_string<Args...> text, Args&&... args) {
  throw Error(ExitCode::kSystem, fmt::format(text, std::forward<Args>(args)...));
}

/// Throws an Error for a broken invariant of the program itself.
template <typename... Args>
[[noreturn]] void fail_bug(fmt::format_string<Args...> text, Args&&... args) {
  throw Error(ExitCode::kBug, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace evclean

/// Checks an invariant; fixed text first, values last: EVCLEAN_CHECK(a == b, "wrong width: {} vs {}", a, b).
#define EVCLEAN_CHECK(condition, ...)                                             \
  do {                                                                            \
    if (!(condition)) ::evclean::fail_bug("internal check failed: " __VA_ARGS__); \
  } while (false)
