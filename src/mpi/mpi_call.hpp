// SPDX-License-Identifier: Apache-2.0
// Checks of MPI return codes, and sizes cut to what an int can count.
#pragma once

#include <mpi.h>

#include <cstdint>

#include "evclean/error.hpp"

namespace evclean {

/// No single MPI call moves more than this (Open MPI 4.1.4 overflows an int beyond 2 GiB in several places).
inline constexpr std::int64_t kMaxCallBytes = std::int64_t{1} << 29;

inline void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  fail_system("{}: {}", call, text);
}

}  // namespace evclean
