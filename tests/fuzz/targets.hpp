// SPDX-License-Identifier: Apache-2.0
// What is fuzzed: one function a decoder, decompression, the job file, expressions. A target takes any bytes; it
// returns when all is well and throws (or crashes, or hangs) when it is not. Seeds come from samples that are kept
// elsewhere; inputs that found something new are kept in corpus/.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace evclean::fuzz {

struct Target {
  std::string name;
  std::function<void(std::string_view)> run;
  std::vector<std::string> seeds;
};

/// Throws std::logic_error unless `fact` holds.
void must(bool fact, const char* what);

void add_decoders(std::vector<Target>& targets);
void add_streams(std::vector<Target>& targets);
void add_jobs(std::vector<Target>& targets);

/// All of them, by name.
std::vector<Target> all_targets();

}  // namespace evclean::fuzz
