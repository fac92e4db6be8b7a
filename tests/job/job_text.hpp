// SPDX-License-Identifier: Apache-2.0
// Shortcuts of the job tests: parse a text, show its problems.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "evclean/job.hpp"

namespace evclean::job_test {

inline ParsedJob parse(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return parse_job("jobs/x.yml", text, overrides);
}

inline std::string problems(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return show_problems("x.yml", parse(text, overrides).problems);
}

/// The job, which must be without problems.
inline Job job(const std::string& text, const std::vector<std::string>& overrides = {}) {
  ParsedJob parsed = parse(text, overrides);
  EXPECT_EQ(show_problems("x.yml", parsed.problems), "") << text;
  return std::move(parsed.job);
}

/// A job around the steps given (two blanks of indentation).
inline std::string with_steps(const std::string& steps) {
  return "input: {paths: a.log}\noutput: {path: a.csv}\nsteps:\n" + steps;
}

/// A job around further keys of input, written in flow style.
inline std::string with_input(const std::string& keys) {
  return "output: {path: a.csv}\ninput: {paths: a.log, " + keys + "}\n";
}

inline std::string with_output(const std::string& keys) { return "input: {paths: a.log}\noutput: {" + keys + "}\n"; }

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

#define EXPECT_HAS(text, part) EXPECT_TRUE(evclean::job_test::contains((text), (part))) << "in:\n" << (text)

}  // namespace evclean::job_test
