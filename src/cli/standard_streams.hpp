// SPDX-License-Identifier: Apache-2.0
// What may be wrong with the streams a caller gave: closed, a pipe that nobody reads, a full disk. Nothing that people
// would have read can end a run.
#pragma once

#include <cstdio>
#include <string_view>

namespace evclean::cli {

/// Closed descriptors 0 to 2 become /dev/null, so that no file that is opened takes their place; what cannot be written
/// to stderr is dropped. To be called first.
void secure_standard_streams();

/// Writes to stdout or stderr with bytes that command a terminal as \x1b: names and values of data are in all messages.
void speak(std::FILE* stream, std::string_view text);

/// Writes out what waits for stdout. False: it could not be written, and whoever reads it lacks some of it. A pipe that
/// is closed is no failure: its reader had enough.
bool flush_stdout();

}  // namespace evclean::cli
