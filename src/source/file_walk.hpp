// SPDX-License-Identifier: Apache-2.0
// What stands at a path, and what is below a folder.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "evclean/source.hpp"

namespace evclean {

/// Throws the system Error for a path that is there but may not be read: with its mode, owner and who we are.
[[noreturn]] void fail_unreadable(const std::string& path, int error);

/// Names beginning with . or _ are not data (temporary files, markers of other tools).
bool is_hidden(std::string_view name);
bool is_folder(const std::string& path);

/// Follows links; nothing there is nullopt. Errors: system Error without permission.
std::optional<struct stat> look_at(const std::string& path);

/// Calls `found` with every file below, hidden names skipped; links to folders are followed, each folder entered once.
void walk_folder(const std::string& folder, const std::function<void(const std::string&)>& found);

/// Describes a regular file: size, codec, mark, whether it can be split. Errors: user Error for an archive and the
/// like; system Error without permission.
InputFile inspect_file(const std::string& path, const std::string& shown, const struct stat& info, Encoding encoding);

/// The same from its first bytes.
InputFile describe_file(const std::string& path, const std::string& shown, std::int64_t size_bytes,
                        std::int64_t modified_s, std::string_view head, Encoding encoding);

/// A compressed file that may hold no text at all.
bool is_small_compressed(const InputFile& file);

/// Whether there is no text in it; a small compressed file is decompressed to see.
bool is_without_text(const InputFile& file);

}  // namespace evclean
