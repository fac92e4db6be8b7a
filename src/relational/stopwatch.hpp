// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "evclean/relational.hpp"

namespace evclean {

/// Adds the seconds of its life to a report.
class Stopwatch {
 public:
  explicit Stopwatch(OperatorReport& report) : report_(report) {}
  ~Stopwatch() { report_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  OperatorReport& report_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace evclean
