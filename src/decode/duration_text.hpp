// SPDX-License-Identifier: Apache-2.0
// Durations as Go programs write them.
#pragma once

#include <string_view>

namespace evclean {

/// Reads 1h2m3.5s, 1.2ms, 300µs, -4ns as seconds. False: `text` is none; `seconds` is untouched then.
bool read_duration(std::string_view text, double& seconds);

}  // namespace evclean
