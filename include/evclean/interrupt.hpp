// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM: the handler removes hidden files at once (mpirun sends SIGKILL a second later) and sets a flag,
// which long loops ask for and turn into an Error.
#pragma once

#include <csignal>
#include <string>

#include "evclean/error.hpp"

namespace evclean {

/// The signal that arrived, or 0.
int interrupt_signal() noexcept;

/// What a signal handler calls: removes what is marked, then sets the flag. Async-signal-safe.
void note_interrupt(int signal) noexcept;

/// Marks a file (or an empty folder) to be removed when a signal arrives. Up to 4,096 marks; more are not kept.
void remove_on_signal(const std::string& path, bool folder = false);
/// Takes the mark away: the file was published, or removed.
void keep_on_signal(const std::string& path) noexcept;

/// Throws when a signal has arrived: exit code 130 for Ctrl-C, 143 for SIGTERM.
inline void throw_if_interrupted() {
  const int signal = interrupt_signal();
  if (signal == 0) return;
  throw Error(signal == SIGINT ? ExitCode::kInterrupted : ExitCode::kTerminated,
              "interrupted; nothing was published, temporary files are removed");
}

}  // namespace evclean
