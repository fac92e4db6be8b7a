// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <optional>
#include <random>
#include <set>

#include "evclean/descriptor.hpp"
#include "evclean/hash.hpp"
#include "evclean/interrupt.hpp"
#include "evclean/sink.hpp"
#include "left_behind.hpp"
#include "local_files.hpp"
#include "output_names.hpp"
#include "remote_outputs.hpp"

namespace evclean {
namespace {

struct Reserved {
  std::string final_path;
  std::string hidden_path;
  bool overwrite = false;
  bool late = false;  ///< of a claimed set: its folder may have to be made
};

void refuse_existing(const std::string& path, const std::vector<Reserved>& reserved) {
  refuse_name(path);
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

void refuse_old_set(const std::vector<std::string>& old, const std::string& base_path) {
  if (old.empty()) return;
  fail_user("{} exists already{} (--overwrite or overwrite: true replaces the whole set)", old.front(),
            old.front() == base_path ? "" : " and belongs to the same output as " + base_path);
}

}  // namespace

struct Publisher::Impl {
  explicit Impl(const Comm& c) : comm(c) {}

  void rename_all() {
    for (const Reserved& r : reserved) {
      const bool there = ::access(r.final_path.c_str(), F_OK) == 0;
      if (there && !r.overwrite)
        fail_user("{} appeared while the job ran: nothing is published (--overwrite replaces it)", r.final_path);
      // A partition's folder appears with its file.
      if (r.late && !make_late_folder(r.final_path)) fail_write(r.final_path, errno);
      if (::rename(r.hidden_path.c_str(), r.final_path.c_str()) != 0)
        fail_system("cannot rename {} to {}: {}", r.hidden_path, r.final_path, std::strerror(errno));
      replaced.push_back(there);
    }
  }

  /// Undoes the renames that replaced nothing, so that a failed publish leaves no half of a set.
  void take_back() noexcept {
    for (std::size_t i = 0; i < replaced.size(); ++i) {
      if (!replaced[i]) ::rename(reserved[i].final_path.c_str(), reserved[i].hidden_path.c_str());
    }
    replaced.clear();
  }

  /// False: errno says why.
  bool make_late_folder(const std::string& final_path) {
    const std::string folder = folder_of(final_path);
    if (!late_folders.insert(folder).second || ::access(folder.c_str(), F_OK) == 0) return true;
    try {
      const auto folders = make_folders(folder, final_path);
      made_folders.insert(made_folders.end(), folders.begin(), folders.end());
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  std::set<std::string> final_names() const {
    std::set<std::string> names;
    for (const Reserved& r : reserved) names.insert(r.final_path);
    return names;
  }

  /// Removes what is left of older sets with other numbers or partitions.
  void remove_stale() const {
    const std::set<std::string> ours = final_names();
    const auto remove = [&](const std::string& old) {
      if (ours.count(old) > 0) return false;
      if (::unlink(old.c_str()) != 0) fail_system("cannot remove the old {}: {}", old, std::strerror(errno));
      return true;
    };
    for (const Reserved& r : reserved) {
      if (!r.overwrite || r.late) continue;
      for (const std::string& old : files_of_set(r.final_path)) remove(old);
    }
    const auto remove_set = [&](const FileSetClaim& claim) {
      if (!claim.overwrite) return;
      for (const std::string& old : files_of(claim)) {
        if (remove(old)) remove_empty_partitions(old, folder_of(claim.base_path));
      }
    };
    std::for_each(claims.begin(), claims.end(), remove_set);
    std::for_each(unpartitioned.begin(), unpartitioned.end(), remove_set);
  }

  /// Hidden files of runs before this one that were killed.
  void remove_left_behind() const {
    std::vector<std::string> hidden;
    for (const Reserved& r : reserved) hidden.push_back(r.hidden_path);
    for (const std::string& path : left_behind(hidden, token, began)) ::unlink(path.c_str());
  }

  void unmark() const noexcept {
    for (const Reserved& r : reserved) keep_on_signal(r.hidden_path);
    for (const std::string& folder : made_folders) keep_on_signal(folder);
  }

  /// Flushes this rank's share of the files; of very many the whole file system, which is faster.
  void sync_files() const {
    constexpr std::size_t kMany = 256;
    if (reserved.size() > kMany) {
      const Descriptor folder(::open(folder_of(reserved[0].hidden_path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!folder || ::syncfs(folder.get()) != 0) fail_write(reserved[0].final_path, errno);
      return;
    }
    for (std::size_t i = 0; i < reserved.size(); ++i) {
      if (static_cast<int>(i % static_cast<std::size_t>(comm.size())) != comm.rank()) continue;
      sync_path(reserved[i].hidden_path, O_RDONLY, reserved[i].final_path);
    }
  }

  void sync_folders() const {
    std::vector<std::string> folders;
    for (const Reserved& r : reserved) folders.push_back(folder_of(r.final_path));
    std::sort(folders.begin(), folders.end());
    folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
    for (const std::string& folder : folders) sync_path(folder, O_RDONLY | O_DIRECTORY, folder);
  }

  void take_folder(const std::string& final_path);
  void check_claim(const FileSetClaim& claim, const std::string& trial);
  void claim_partitions(const FileSetClaim& claim);

  const Comm& comm;
  std::string token;
  std::filesystem::file_time_type began = std::filesystem::file_time_type::clock::now();
  std::vector<Reserved> reserved;
  std::vector<bool> replaced;  ///< of those renamed so far: an older file
  std::vector<FileSetClaim> claims;
  std::vector<FileSetClaim> unpartitioned;  ///< outputs without; a former run may have had them
  std::unique_ptr<RemoteOutputs> remote;
  std::vector<std::string> made_folders;
  std::set<std::string> late_folders;
  std::atomic<bool> over{false};  ///< published or discarded
};

Publisher::Publisher(const Comm& comm) : impl_(std::make_unique<Impl>(comm)) {
  std::string token;
  if (comm.is_root()) {
    std::random_device random;
    token = fmt::format("{:08x}{:08x}", random(), static_cast<std::uint32_t>(::getpid()));
  }
  impl_->token = comm.broadcast(token);
  impl_->remote = std::make_unique<RemoteOutputs>(comm, impl_->token);
}

Publisher::~Publisher() {
  if (impl_->comm.is_root()) discard();
}

void Publisher::Impl::take_folder(const std::string& final_path) {
  const auto folders = make_folders(folder_of(final_path), final_path);
  made_folders.insert(made_folders.end(), folders.begin(), folders.end());
  for (const std::string& folder : folders) remove_on_signal(folder, /*folder=*/true);
}

void Publisher::reserve(const std::string& final_path, bool overwrite, const RemotePlace& place) {
  if (is_s3_path(final_path)) return impl_->remote->reserve(final_path, overwrite, place);
  const Reserved next{final_path, hidden(final_path), overwrite};
  impl_->comm.agree([&] {
    if (!impl_->comm.is_root()) return;
    std::error_code unknown;
    if (std::any_of(impl_->reserved.begin(), impl_->reserved.end(),
                    [&](const Reserved& r) { return r.final_path == final_path; })) {
      fail_user("two outputs write {}: give each its own path", final_path);
    }
    if (!overwrite)
      refuse_existing(final_path, impl_->reserved);
    else if (std::filesystem::is_directory(final_path, unknown))
      fail_user("cannot write {}: it is a folder", final_path);
    impl_->take_folder(final_path);
    remove_on_signal(next.hidden_path);
    make_hidden(next.hidden_path, final_path);
  });
  impl_->reserved.push_back(next);  // from here on it is removed again
  impl_->comm.agree([&] { check_shared(next.hidden_path, final_path); });
}

void Publisher::reserve_output(const OutputSpec& spec, const std::string& scratch_dir) {
  const RemotePlace place{spec.s3.value_or(S3Settings{}), scratch_dir};
  const bool is_set = names_depend_on_data(spec) || spec.path.ends_with('/');
  if (!is_set) {
    for (const std::string& path : output_files(spec)) reserve(path, spec.overwrite, place);
    if (!is_s3_path(spec.path)) impl_->claim_partitions({output_base(spec), spec.overwrite});
    return;
  }
  const FileSetClaim claim{output_base(spec), spec.overwrite};
  if (is_s3_path(spec.path)) {
    impl_->remote->claim(claim.base_path, spec.overwrite, place);
  } else {
    const std::string trial = hidden(claim.base_path);
    impl_->comm.agree([&] {
      if (impl_->comm.is_root()) impl_->check_claim(claim, trial);
    });
    std::optional<Error> other_folder;
    try {
      impl_->comm.agree([&] { check_shared(trial, claim.base_path); });
    } catch (const Error& error) {
      other_folder = error;
    }
    if (impl_->comm.is_root()) {
      ::unlink(trial.c_str());
      keep_on_signal(trial);
    }
    if (other_folder) throw *other_folder;
    impl_->claims.push_back(claim);
  }
  if (!names_depend_on_data(spec)) add_files(output_files(spec), spec.overwrite);
}

void Publisher::Impl::check_claim(const FileSetClaim& claim, const std::string& trial) {
  for (const FileSetClaim& other : claims) {
    if (other.base_path == claim.base_path) fail_user("two outputs write {}: give each its own path", claim.base_path);
  }
  if (!claim.overwrite) refuse_old_set(files_of(claim), claim.base_path);
  take_folder(claim.base_path);
  remove_on_signal(trial);
  make_hidden(trial, claim.base_path);  // to see that it can be done
}

/// Partitions of a former run belong to an output of that name though it has none now.
void Publisher::Impl::claim_partitions(const FileSetClaim& claim) {
  comm.agree([&] {
    if (comm.is_root() && !claim.overwrite) refuse_old_set(files_in_partitions(claim.base_path), claim.base_path);
  });
  unpartitioned.push_back(claim);
}

void Publisher::add_files(const std::vector<std::string>& final_paths, bool overwrite) {
  if (!final_paths.empty() && is_s3_path(final_paths.front())) return impl_->remote->add_files(final_paths);
  std::vector<Reserved> next;
  for (const std::string& path : final_paths) next.push_back({path, hidden(path), overwrite, true});
  impl_->comm.agree([&] {
    if (!impl_->comm.is_root()) return;
    std::set<std::string> taken = impl_->final_names();
    for (const Reserved& r : next) {
      if (!taken.insert(r.final_path).second) fail_user("two outputs write {}: give each its own path", r.final_path);
      std::error_code unknown;
      if (std::filesystem::is_directory(r.final_path, unknown))
        fail_user("cannot write {}: it is a folder", r.final_path);
      remove_on_signal(r.hidden_path);
      make_hidden(r.hidden_path, r.final_path);
    }
  });
  impl_->reserved.insert(impl_->reserved.end(), next.begin(), next.end());
}

std::string Publisher::hidden(const std::string& final_path) {
  if (is_s3_path(final_path)) return impl_->remote->hidden(final_path);
  const std::size_t slash = final_path.rfind('/');
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  std::string name = final_path.substr(begin);
  for (const FileSetClaim& claim : impl_->claims) {
    if (!is_in_partition(final_path, claim)) continue;
    // Such files wait beside the partitions' folders, which are made when all is complete.
    return fmt::format("{}.{}-{:016x}.evclean-{}", split_output_name(claim.base_path).folder, name.substr(0, 180),
                       hash_bytes(final_path), impl_->token);
  }
  constexpr std::size_t kLongestName = 200;  // names end at 255 bytes
  if (name.size() > kLongestName) name = fmt::format("{}{:016x}", name.substr(0, 180), hash_bytes(name));
  return fmt::format("{}.{}.evclean-{}", final_path.substr(0, begin), name, impl_->token);
}

void Publisher::publish() { publish_together({this}); }

void Publisher::publish_together(const std::vector<Publisher*>& publishers) {
  if (publishers.empty()) return;
  std::vector<Impl*> sets;
  for (Publisher* publisher : publishers) sets.push_back(publisher->impl_.get());
  const Comm& comm = sets.front()->comm;
  comm.agree([&] {
    for (const Impl* set : sets) set->sync_files();
  });
  for (Impl* set : sets) set->remote->publish();
  comm.agree([&] {
    if (comm.is_root()) rename_together(sets);
  });
  for (Impl* set : sets) {
    set->over = true;
    set->unmark();
  }
}

void Publisher::rename_together(const std::vector<Impl*>& sets) {
  for (const Impl* set : sets) set->remove_left_behind();
  try {
    for (Impl* set : sets) set->rename_all();
  } catch (const Error&) {
    for (Impl* set : sets) set->take_back();
    throw;
  }
  for (const Impl* set : sets) {
    set->remove_stale();
    set->sync_folders();
  }
}

bool Publisher::is_shared(const std::string& final_path) const {
  return !is_s3_path(final_path) || impl_->remote->is_shared();
}

std::int64_t Publisher::uploaded_bytes(const std::string& final_path) const {
  return impl_->remote->size_of(final_path);
}

std::string Publisher::waiting_place(const std::string& final_path) {
  if (!is_s3_path(final_path)) return final_path;
  return fmt::format(
      "{} (it waits in the scratch folder {} of {} until it is uploaded: resources.scratch names another)", final_path,
      folder_of(folder_of(hidden(final_path))), MpiEnvironment::host_name());
}

std::vector<int> Publisher::ranks_beside_first(const std::string& final_path) const {
  if (is_s3_path(final_path)) return impl_->remote->ranks_beside_first();
  std::vector<int> ranks(static_cast<std::size_t>(impl_->comm.size()));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

void Publisher::prepare() { impl_->remote->prepare(); }

void try_file(const std::string& what, const std::string& path) {
  const Comm alone = Comm::self();
  try {
    Publisher(alone).reserve(path, true);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", what, error.what()));
  }
}

void Publisher::discard() noexcept {
  impl_->remote->discard();
  // Only unlink and rmdir from here on: this also runs on the way out of a signal.
  if (impl_->over.exchange(true)) return;
  for (const Reserved& r : impl_->reserved) ::unlink(r.hidden_path.c_str());
  for (auto folder = impl_->made_folders.rbegin(); folder != impl_->made_folders.rend(); ++folder) {
    ::rmdir(folder->c_str());
  }
  impl_->unmark();
}

}  // namespace evclean
