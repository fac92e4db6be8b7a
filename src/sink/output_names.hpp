// SPDX-License-Identifier: Apache-2.0
// The set of files that one output name stands for: name.ext and name-00000-of-00004.ext.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evclean/sink.hpp"

namespace evclean {

/// A final path taken apart. For "out/events-00000-of-00004.csv.zst": folder "out/", stem "events", extension
/// ".csv.zst".
struct OutputName {
  std::string folder;     ///< with its slash, or empty
  std::string stem;       ///< without "-NNNNN-of-MMMMM"
  std::string extension;  ///< with its dots
};

OutputName split_output_name(std::string_view path);

/// "out/events-00001-of-00004.csv.zst".
std::string numbered_name(const OutputName& name, int index, int count);

/// Files of the same set in hive folders (name=value) below the path's folder, whatever their number.
std::vector<std::string> files_in_partitions(const std::string& path);

/// Files in the folder that belong to the same set, whatever their number; the path itself included. Empty when
/// the folder cannot be read.
std::vector<std::string> files_of_set(const std::string& path);

}  // namespace evclean
