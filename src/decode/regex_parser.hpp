// SPDX-License-Identifier: Apache-2.0
// The formats `lines` and `regex`.
//
// regex: a series of patterns; the first that matches wins. Named groups become columns in the order in which they
// first appear; the same name may stand in several patterns. A group that took no part is missing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "record_parser.hpp"

namespace evclean {

/// One column `line` with the text as it is.
std::unique_ptr<RecordParser> make_lines_parser();

/// Errors: user Error for no pattern, a bad pattern (with caret), a pattern without named groups.
std::unique_ptr<RecordParser> make_regex_parser(const std::vector<std::string>& patterns);

/// A series of patterns and the columns their groups fill.
class PatternSeries {
 public:
  explicit PatternSeries(const std::vector<std::string>& patterns);

  /// Names in order of first appearance.
  const std::vector<std::string>& names() const { return names_; }
  /// Index of the first pattern that matches, or -1. Its groups are then in spans(): one a name, missing where unset.
  int match(std::string_view text, std::uint32_t base_offset);
  const std::vector<Span>& spans() const { return spans_; }
  /// Why none matches: the pattern that got furthest, with a caret where it stopped.
  Complaint explain(std::string_view text);
  std::vector<PatternTally> take_tallies() { return tally_.take(); }

 private:
  struct Target {
    std::uint32_t group;
    std::uint32_t name;
  };
  struct Entry {
    Pattern pattern;
    std::vector<Target> targets;
  };
  void add(const std::string& text);
  std::uint32_t name_index(const std::string& name);
  void take_groups(const Entry& entry, std::uint32_t base_offset);

  std::vector<Entry> entries_;
  std::vector<std::string> names_;
  std::vector<Span> spans_;
  SeriesTally tally_;
  bool limit_hit_ = false;
};

}  // namespace evclean
