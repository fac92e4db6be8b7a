// SPDX-License-Identifier: Apache-2.0
// Log formats as data: the files of formats/ (compiled in) say how a record is taken apart, what types the columns
// have, and give sample lines with what they mean, which a test runs. docs in formats/README.md.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "row_writer.hpp"

namespace evclean {

/// A file of formats/ as it is.
struct PresetFile {
  const char* name;
  const char* text;
};
const std::vector<PresetFile>& preset_files();

enum class PresetKind : std::uint8_t {
  kAccess,      ///< common and combined: the pattern defines, a scanner of its own reads
  kPatterns,    ///< named groups become columns, the first pattern that matches wins
  kFields,      ///< fields in a fixed order between separators, quoted ones and [bracketed] ones
  kDirectives,  ///< the same, in the order that a #Fields line names
  kPairs,       ///< key=value
  kLabels,      ///< label:value between tabs
  kJson,        ///< objects, names flattened
};

struct PresetSample {
  std::string line;
  bool reject = false;
  bool blank = false;                                                      ///< no event
  std::string reason;                                                      ///< part of the reject's reason
  std::vector<std::pair<std::string, std::optional<std::string>>> expect;  ///< CSV text; nullopt: missing
};

struct Preset {
  std::string name;
  std::string about;
  int version = 1;
  PresetKind kind = PresetKind::kPatterns;
  std::vector<std::string> patterns;
  std::vector<std::string> unescape;  ///< columns in which \" stands for "
  std::vector<CellType> types;  ///< kFields, kDirectives: the fields in order; else: the columns with a fixed type
  char separator = ' ';
  bool separator_repeats = false;
  std::size_t least_fields = 0;     ///< fields that the oldest version has
  std::vector<std::size_t> quoted;  ///< places of fields in quotes, if quotes inside of them are not escaped
  std::size_t default_fields = 0;   ///< fields there are without a header; 0: all
  bool header = false;              ///< a first line with the fields' names gives their order
  std::string records;              ///< kJson: the key of the array whose elements are the rows
  std::string multiline_start;      ///< records of several lines, unless the job says otherwise
  std::string head;                 ///< kPatterns: a record that speaks of the file is blank; empty: there is none
  std::vector<PresetSample> samples;
};

/// The preset of that name, read once; null: none. Errors: bug Error for a mistake in its file.
const Preset* find_preset(const std::string& name);

/// The same from a file's text (for tests).
Preset read_preset(const std::string& name, const std::string& text);

/// The vendor's name of a field as a column: lower case, runs of other characters as one `_`, none at the ends.
std::string column_name(std::string_view vendor_name);

}  // namespace evclean
