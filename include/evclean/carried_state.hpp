// SPDX-License-Identifier: Apache-2.0
// Decoders whose lines are read by what lines before them said (`#Fields:`). A split that begins inside a file guesses
// that from the file's begin; the engine compares with where the split before ended, as it does for record begins.
#pragma once

#include <string>
#include <string_view>

namespace evclean {

/// Implemented beside Decoder.
class CarriesState {
 public:
  virtual ~CarriesState() = default;
  /// Whether the format has such lines at all.
  virtual bool carries_state() const = 0;
  /// What is in force for the next record; comparable between splits of one file.
  virtual std::string state() const = 0;
  virtual void set_state(std::string_view state) = 0;
  /// What is in force behind whole lines, when `state` was before them.
  virtual std::string state_behind(std::string_view lines, std::string_view state) const = 0;
};

/// Whether a record of the format begins behind a line end and nowhere else, so that a split finds it by that alone:
/// not those of CSV and JSON, nor of presets made of JSON.
bool begins_at_line(const std::string& format);

struct FormatSpec;
/// The regex of lines that begin a record of several lines: the job's, or the format's own; empty: a line is a record.
std::string event_start(const FormatSpec& spec, const std::string& format);

}  // namespace evclean
