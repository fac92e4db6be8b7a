// SPDX-License-Identifier: Apache-2.0
// Turns Arrow's Status and Result into Error, in this one place.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <utility>

#include "evclean/error.hpp"

namespace evclean {

/// Throws when an Arrow call failed: out of memory and I/O are the system's side, the rest is a bug.
inline void check_arrow(const arrow::Status& status, const char* what) {
  if (status.ok()) return;
  const bool system = status.IsOutOfMemory() || status.IsIOError();
  throw Error(system ? ExitCode::kSystem : ExitCode::kBug, fmt::format("{}: {}", what, status.ToString()));
}

/// Takes the value out of an Arrow Result or throws as check_arrow does.
template <typename T>
T take_arrow(arrow::Result<T> result, const char* what) {
  check_arrow(result.status(), what);
  return std::move(result).ValueUnsafe();
}

}  // namespace evclean
