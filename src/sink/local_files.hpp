// SPDX-License-Identifier: Apache-2.0
// Outputs as files in local folders: their folders and hidden files made, sets found again, bytes flushed. What is
// written where, and when it appears, the publisher knows. Local; errors name the output as the user wrote it
// (`shown`).
#pragma once

#include <string>
#include <vector>

namespace evclean {

/// The files of an output together, where their names depend on the data.
struct FileSetClaim {
  std::string base_path;  ///< without numbers and partitions
  bool overwrite = false;
};

/// "." for a name without one.
std::string folder_of(const std::string& path);

/// Makes the folder and those above it; gives the made ones, outermost first. Errors: system Error for a full disk or
/// denied access, user Error for a path that cannot be.
std::vector<std::string> make_folders(const std::string& folder, const std::string& shown);

/// Whether a file of the set stands in hive folders.
bool is_in_partition(const std::string& path, const FileSetClaim& claim);
/// All files that belong to a set, those in hive folders too.
std::vector<std::string> files_of(const FileSetClaim& claim);
/// Removes hive folders that have become empty, from a file's folder up to `top`.
void remove_empty_partitions(const std::string& file, const std::string& top);

/// Errors: user Error where no file of that name can appear, or a device would go.
void refuse_name(const std::string& path);

/// Makes the hidden file, empty: what cannot be written is found before any work is done. Errors: as make_folders.
void make_hidden(const std::string& hidden, const std::string& shown);
/// Every rank writes into the hidden file that the first one has made: on a machine with another folder under this name
/// it is not there. Errors: user Error that names the machine.
void check_shared(const std::string& hidden, const std::string& shown);

/// Flushes a file or a folder. Errors: system Error.
void sync_path(const std::string& path, int flags, const std::string& shown);

}  // namespace evclean
