// SPDX-License-Identifier: Apache-2.0
// Collects the mistakes of one job, so that a user sees all of them at once.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "evclean/job.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

/// Keeps problems in the order found, up to kMost (a file of garbage would give millions).
class Problems {
 public:
  static constexpr std::size_t kMost = 200;

  /// `overrides` are the texts of --set, which nodes made by them refer to.
  explicit Problems(std::vector<std::string> overrides = {}) : overrides_(std::move(overrides)) {}

  void add(JobPlace place, std::string message);

  /// Adds a problem at a node; one that came from --set is named in the message, as it has no place in the file.
  template <typename... Args>
  void report(const YamlNode& at, fmt::format_string<Args...> text, Args&&... args) {
    add_at(at, fmt::format(text, std::forward<Args>(args)...));
  }

  /// A problem of the --set with that index.
  void add_override(int index, const std::string& message);

  std::size_t count() const noexcept { return list_.size() + dropped_; }
  bool full() const noexcept { return list_.size() >= kMost; }
  /// Hands over the list; says so when some were left out.
  std::vector<JobProblem> take();

 private:
  void add_at(const YamlNode& at, std::string message);

  std::vector<std::string> overrides_;
  std::vector<JobProblem> list_;
  std::size_t dropped_ = 0;
};

}  // namespace evclean::job
