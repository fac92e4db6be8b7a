// SPDX-License-Identifier: Apache-2.0
#include "local_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "evclean/descriptor.hpp"
#include "evclean/error.hpp"
#include "evclean/path_problem.hpp"
#include "evclean/sink.hpp"
#include "output_names.hpp"

namespace evclean {
namespace {

/// Disk full and access denied are the system's side; a path that cannot be is the user's.
bool is_system_side(int why) {
  return why == ENOSPC || why == EDQUOT || why == EIO || why == EACCES || why == EPERM || why == EROFS;
}

}  // namespace

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::vector<std::string> make_folders(const std::string& folder, const std::string& shown) {
  std::vector<std::string> made;
  for (std::size_t slash = 0; slash != std::string::npos;) {
    slash = folder.find('/', slash + 1);
    const std::string step = folder.substr(0, slash);
    if (::mkdir(step.c_str(), 0777) == 0) {
      made.push_back(step);
    } else if (errno != EEXIST) {
      const int why = errno;
      std::for_each(made.rbegin(), made.rend(), [](const std::string& name) { ::rmdir(name.c_str()); });
      if (is_system_side(why)) fail_write(shown, why);
      fail_user("cannot write {}: cannot make the folder {}: {}", shown, step, std::strerror(why));
    }
  }
  return made;
}

bool is_in_partition(const std::string& path, const FileSetClaim& claim) {
  const OutputName base = split_output_name(claim.base_path);
  const OutputName file = split_output_name(path);
  if (file.stem != base.stem || !path.starts_with(base.folder) || file.folder == base.folder) return false;
  std::string_view rest = std::string_view(file.folder).substr(base.folder.size());
  for (; !rest.empty(); rest.remove_prefix(rest.find('/') + 1)) {
    if (rest.substr(0, rest.find('/')).find('=') == std::string_view::npos) return false;
  }
  return true;
}

bool is_in_output_set(const std::string& path, const std::string& base) {
  const OutputName file = split_output_name(path), wanted = split_output_name(base);
  if (file.stem != wanted.stem || file.extension != wanted.extension) return false;
  return file.folder == wanted.folder || is_in_partition(path, {base});
}

std::vector<std::string> files_of(const FileSetClaim& claim) {
  std::vector<std::string> files = files_of_set(claim.base_path);
  for (std::string& file : files_in_partitions(claim.base_path)) files.push_back(std::move(file));
  return files;
}

void remove_empty_partitions(const std::string& file, const std::string& top) {
  for (std::string folder = folder_of(file); folder.size() > top.size(); folder = folder_of(folder)) {
    if (folder.substr(folder.rfind('/') + 1).find('=') == std::string::npos || ::rmdir(folder.c_str()) != 0) return;
  }
}

void refuse_name(const std::string& path) {
  if (const std::string problem = file_name_problem(path); !problem.empty())
    fail_user("cannot write {}: {}", path, problem);
}

void make_hidden(const std::string& hidden, const std::string& shown) {
  refuse_name(shown);  // the hidden name is shorter: this one would be refused when all is written
  Descriptor file(::open(hidden.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file) return;
  if (is_system_side(errno)) fail_write(shown, errno);
  fail_user("cannot write {}: {} (in the folder {})", shown, std::strerror(errno), folder_of(shown));
}

void check_shared(const std::string& hidden, const std::string& shown) {
  if (::access(hidden.c_str(), W_OK) == 0) return;
  const int why = errno;
  if (why != ENOENT && why != ENOTDIR) fail_write(shown, why);
  char host[256] = "this machine";
  ::gethostname(host, sizeof host - 1);
  fail_user(
      "cannot write {}: its folder on {} is not that of the first rank's machine (ranks on several machines write into "
      "a folder that they share, or to s3://)",
      shown, host);
}

void sync_path(const std::string& path, int flags, const std::string& shown) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  if (!file) fail_write(shown, errno);
  if (::fsync(file.get()) != 0 && errno != EINVAL && errno != ENOTSUP) fail_write(shown, errno);
}

}  // namespace evclean
