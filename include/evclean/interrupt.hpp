// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM as an Error: the handler only sets a flag, which long loops ask for.
#pragma once

#include <csignal>

#include "evclean/error.hpp"

namespace evclean {

/// The signal that arrived, or 0.
inline volatile std::sig_atomic_t& interrupt_signal() {
  static volatile std::sig_atomic_t signal = 0;
  return signal;
}

/// Throws when a signal has arrived: exit code 130 for Ctrl-C, 143 for SIGTERM.
inline void throw_if_interrupted() {
  const int signal = interrupt_signal();
  if (signal == 0) return;
  throw Error(signal == SIGINT ? ExitCode::kInterrupted : ExitCode::kTerminated,
              "interrupted; nothing was published, temporary files are removed");
}

}  // namespace evclean
