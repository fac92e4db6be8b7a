// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>

#include "evclean/descriptor.hpp"
#include "evclean/hash.hpp"
#include "evclean/interrupt.hpp"
#include "evclean/sink.hpp"
#include "output_names.hpp"

namespace evclean {
namespace {

struct Reserved {
  std::string final_path;
  std::string hidden_path;
  bool overwrite = false;
};

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// Disk full and access denied are the system's side; a path that cannot be is the user's.
bool is_system_side(int why) {
  return why == ENOSPC || why == EDQUOT || why == EIO || why == EACCES || why == EPERM || why == EROFS;
}

/// Makes the folder and those above it; gives the made ones, outermost first.
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

void refuse_existing(const std::string& path, const std::vector<Reserved>& reserved) {
  struct stat status;
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    fail_user("cannot write {}: it is a folder (a file name is needed here)", path);
  }
  for (const std::string& old : files_of_set(path)) {
    const bool ours =
        std::any_of(reserved.begin(), reserved.end(), [&](const Reserved& r) { return r.final_path == old; });
    if (!ours)
      fail_user("{} exists already{} (--overwrite or overwrite: true replaces it)", old,
                old == path ? "" : " and belongs to the same output as " + path);
  }
}

/// Makes the hidden file, empty: what cannot be written is found before any work is done.
void make_hidden(const std::string& hidden, const std::string& shown) {
  Descriptor file(::open(hidden.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file) return;
  if (is_system_side(errno)) fail_write(shown, errno);
  fail_user("cannot write {}: {} (in the folder {})", shown, std::strerror(errno), folder_of(shown));
}

void sync_path(const std::string& path, int flags, const std::string& shown) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  if (!file) fail_write(shown, errno);
  if (::fsync(file.get()) != 0 && errno != EINVAL && errno != ENOTSUP) fail_write(shown, errno);
}

}  // namespace

struct Publisher::Impl {
  explicit Impl(const Comm& c) : comm(c) {}

  /// Undoes the first `count` renames that replaced nothing, so that a failed publish leaves no half of a set.
  void take_back(std::size_t count, const std::vector<bool>& replaced) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (!replaced[i]) ::rename(reserved[i].final_path.c_str(), reserved[i].hidden_path.c_str());
    }
  }

  void rename_all() const {
    std::vector<bool> replaced;
    for (std::size_t i = 0; i < reserved.size(); ++i) {
      const Reserved& r = reserved[i];
      replaced.push_back(::access(r.final_path.c_str(), F_OK) == 0);
      if (replaced.back() && !r.overwrite) {
        take_back(i, replaced);
        fail_user("{} appeared while the job ran: nothing is published (--overwrite replaces it)", r.final_path);
      }
      if (::rename(r.hidden_path.c_str(), r.final_path.c_str()) != 0) {
        const int why = errno;
        take_back(i, replaced);
        fail_system("cannot rename {} to {}: {}", r.hidden_path, r.final_path, std::strerror(why));
      }
    }
  }

  /// Removes what is left of an older set with another number of files.
  void remove_stale() const {
    for (const Reserved& r : reserved) {
      if (!r.overwrite) continue;
      for (const std::string& old : files_of_set(r.final_path)) {
        const bool ours =
            std::any_of(reserved.begin(), reserved.end(), [&](const Reserved& o) { return o.final_path == old; });
        if (!ours && ::unlink(old.c_str()) != 0) fail_system("cannot remove the old {}: {}", old, std::strerror(errno));
      }
    }
  }

  void unmark() const noexcept {
    for (const Reserved& r : reserved) keep_on_signal(r.hidden_path);
    for (const std::string& folder : made_folders) keep_on_signal(folder);
  }

  void sync_folders() const {
    std::vector<std::string> folders;
    for (const Reserved& r : reserved) folders.push_back(folder_of(r.final_path));
    std::sort(folders.begin(), folders.end());
    folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
    for (const std::string& folder : folders) sync_path(folder, O_RDONLY | O_DIRECTORY, folder);
  }

  const Comm& comm;
  std::string token;
  std::vector<Reserved> reserved;
  std::vector<std::string> made_folders;
  std::atomic<bool> over{false};  ///< published or discarded
};

Publisher::Publisher(const Comm& comm) : impl_(std::make_unique<Impl>(comm)) {
  std::string token;
  if (comm.is_root()) {
    std::random_device random;
    token = fmt::format("{:08x}{:08x}", random(), static_cast<std::uint32_t>(::getpid()));
  }
  impl_->token = comm.broadcast(token);
}

Publisher::~Publisher() {
  if (impl_->comm.is_root()) discard();
}

void Publisher::reserve(const std::string& final_path, bool overwrite) {
  const Reserved next{final_path, hidden(final_path), overwrite};
  std::string made;
  impl_->comm.agree([&] {
    if (!impl_->comm.is_root()) return;
    if (std::any_of(impl_->reserved.begin(), impl_->reserved.end(),
                    [&](const Reserved& r) { return r.final_path == final_path; })) {
      fail_user("two outputs write {}: give each its own path", final_path);
    }
    if (!overwrite)
      refuse_existing(final_path, impl_->reserved);
    else if (std::filesystem::is_directory(final_path))
      fail_user("cannot write {}: it is a folder", final_path);
    const auto folders = make_folders(folder_of(final_path), final_path);
    impl_->made_folders.insert(impl_->made_folders.end(), folders.begin(), folders.end());
    for (const std::string& folder : folders) remove_on_signal(folder, /*folder=*/true);
    remove_on_signal(next.hidden_path);
    make_hidden(next.hidden_path, final_path);
  });
  impl_->reserved.push_back(next);
}

std::string Publisher::hidden(const std::string& final_path) {
  const std::size_t slash = final_path.rfind('/');
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  std::string name = final_path.substr(begin);
  constexpr std::size_t kLongestName = 200;  // names end at 255 bytes
  if (name.size() > kLongestName) name = fmt::format("{}{:016x}", name.substr(0, 180), hash_bytes(name));
  return fmt::format("{}.{}.evclean-{}", final_path.substr(0, begin), name, impl_->token);
}

void Publisher::publish() {
  const Comm& comm = impl_->comm;
  comm.agree([&] {
    for (std::size_t i = 0; i < impl_->reserved.size(); ++i) {
      if (static_cast<int>(i % static_cast<std::size_t>(comm.size())) != comm.rank()) continue;
      sync_path(impl_->reserved[i].hidden_path, O_RDONLY, impl_->reserved[i].final_path);
    }
  });
  comm.agree([&] {
    if (!comm.is_root()) return;
    impl_->rename_all();
    impl_->remove_stale();
    impl_->sync_folders();
  });
  impl_->over = true;
  impl_->unmark();
}

void Publisher::discard() noexcept {
  // Only unlink and rmdir from here on: this also runs on the way out of a signal.
  if (impl_->over.exchange(true)) return;
  for (const Reserved& r : impl_->reserved) ::unlink(r.hidden_path.c_str());
  for (auto folder = impl_->made_folders.rbegin(); folder != impl_->made_folders.rend(); ++folder) {
    ::rmdir(folder->c_str());
  }
  impl_->unmark();
}

}  // namespace evclean
