// SPDX-License-Identifier: Apache-2.0
// The generator's command line.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "profile.hpp"

namespace generate {

struct Options {
  std::string format = "combined";
  std::string output;
  std::string truth;
  std::int64_t rows = 0;   ///< in all; 0: by bytes
  std::int64_t bytes = 0;  ///< in all; each file ends with the first record that reaches its part
  std::int64_t first_row = 0;
  int files = 1;
  ProfileOptions profile;
  bool help = false;
};

/// What the user has written wrong.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Errors: UsageError.
Options parse_options(const std::vector<std::string>& words);
std::string usage();

}  // namespace generate
