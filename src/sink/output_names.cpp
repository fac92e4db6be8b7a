// SPDX-License-Identifier: Apache-2.0
#include "output_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "evclean/sink.hpp"
#include "partition_sink.hpp"

namespace evclean {
namespace {

bool is_number(std::string_view text) {
  return text.size() >= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Cuts "-00000-of-00004" off; leaves any other name alone.
std::string_view without_number(std::string_view stem) {
  const std::size_t of = stem.rfind("-of-");
  if (of == std::string_view::npos || of == 0 || !is_number(stem.substr(of + 4))) return stem;
  const std::size_t dash = stem.rfind('-', of - 1);
  if (dash == std::string_view::npos || !is_number(stem.substr(dash + 1, of - dash - 1))) return stem;
  return stem.substr(0, dash);
}

/// Where the extension begins: the last dot, or the one before it when the last is a codec's. A name that begins with
/// its only dot has none.
std::size_t extension_begin(std::string_view name) {
  std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return name.size();
  const std::string_view last = name.substr(dot);
  if (last == ".gz" || last == ".zst") {
    const std::size_t inner = name.rfind('.', dot - 1);
    if (inner != std::string_view::npos && inner > 0) dot = inner;
  }
  return dot;
}

}  // namespace

OutputName split_output_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  const std::string_view name = path.substr(begin);
  const std::size_t dot = extension_begin(name);
  return {std::string(path.substr(0, begin)), std::string(without_number(name.substr(0, dot))),
          std::string(name.substr(dot))};
}

std::string numbered_name(const OutputName& name, int index, int count) {
  return fmt::format("{}{}-{:05}-of-{:05}{}", name.folder, name.stem, index, count, name.extension);
}

std::vector<std::string> files_of_set(const std::string& path) {
  const OutputName wanted = split_output_name(path);
  std::vector<std::string> found;
  std::error_code ignored;
  const std::filesystem::path folder(wanted.folder.empty() ? "." : wanted.folder);
  for (std::filesystem::directory_iterator entry(folder, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    const OutputName here = split_output_name(name);
    if (here.stem == wanted.stem && here.extension == wanted.extension) found.push_back(wanted.folder + name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> files_in_partitions(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int kDeepest = 32;  // columns of partition_by
  const OutputName wanted = split_output_name(path);
  std::vector<std::string> found;
  std::error_code ignored;
  const fs::path folder(wanted.folder.empty() ? "." : wanted.folder);
  for (fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, ignored), end;
       !ignored && entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    std::error_code unknown;
    if (entry->symlink_status(unknown).type() == fs::file_type::directory) {
      if (name.find('=') == std::string::npos || entry.depth() >= kDeepest) entry.disable_recursion_pending();
      continue;
    }
    const OutputName here = split_output_name(name);
    if (entry.depth() == 0 || here.stem != wanted.stem || here.extension != wanted.extension) continue;
    found.push_back(wanted.folder + entry->path().lexically_relative(folder).string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool names_depend_on_data(const OutputSpec& spec) { return spec.file_size_bytes > 0 || !spec.partition_by.empty(); }

std::vector<std::string> output_files(const OutputSpec& spec) {
  const std::string base = output_base(spec);
  OutputName name = split_output_name(base);
  for (const Text& column : spec.partition_by) name.folder += hive_folder(column.value, "value") + "/";
  const int count = spec.file_size_bytes > 0 ? 1 : spec.files > 1 ? spec.files : 0;
  if (count == 0) return {name.folder + base.substr(base.rfind('/') + 1)};
  std::vector<std::string> files;
  for (int i = 0; i < count; ++i) files.push_back(numbered_name(name, i, count));
  return files;
}

}  // namespace evclean
