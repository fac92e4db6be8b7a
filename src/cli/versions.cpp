// SPDX-License-Identifier: Apache-2.0
#include <arrow/config.h>
#include <fmt/format.h>

#include "commands.hpp"
#include "versions.hpp"

namespace evclean::cli {

std::string version_text() {
  return fmt::format("evclean {} ({}, HDF5 {}, PCRE2 {}, zstd {}, Arrow {})", EVCLEAN_VERSION,
                     MpiEnvironment::version(), EVCLEAN_HDF5_VERSION, EVCLEAN_PCRE2_VERSION, EVCLEAN_ZSTD_VERSION,
                     arrow::GetBuildInfo().version_string);
}

}  // namespace evclean::cli
