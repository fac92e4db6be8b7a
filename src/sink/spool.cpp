// SPDX-License-Identifier: Apache-2.0
#include "spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "evclean/descriptor.hpp"
#include "evclean/error.hpp"
#include "evclean/interrupt.hpp"

namespace evclean {
namespace {

/// What is sent at a time; a piece that is all zero is not.
constexpr std::int64_t kPieceBytes = 256 << 10;
constexpr std::int64_t kSpoolRoundBytes = 16 << 20;  ///< a rank holds at a time

[[noreturn]] void fail_spool(const std::string& path) {
  fail_system("cannot use the scratch folder for outputs on S3: {}: {} (resources.scratch names another)", path,
              std::strerror(errno));
}

void touch(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file) fail_spool(path);
}

bool is_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

struct PieceHead {
  std::int64_t part;
  std::int64_t begin;
  std::int64_t size;
};

/// Lays received bytes over those at hand: where they meet, one side is zero.
void lay_over(int file, const std::string& path, std::int64_t begin, std::string_view bytes) {
  std::string here(bytes.size(), '\0');
  const ssize_t got = ::pread(file, here.data(), here.size(), begin);
  if (got < 0) fail_spool(path);
  for (std::size_t i = 0; i < here.size(); ++i) here[i] = static_cast<char>(here[i] | bytes[i]);
  write_at(file, begin, here, path);
}

}  // namespace

std::string read_spooled(const std::string& path, std::int64_t begin, std::int64_t size_bytes) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) fail_spool(path);
  std::string bytes(static_cast<std::size_t>(size_bytes), '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got =
        ::pread(file.get(), bytes.data() + done, bytes.size() - done, begin + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_spool(path);
    if (got == 0) break;  // a hole at the end: zeros
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Spool::Spool(const Comm& comm, const std::string& scratch_dir, const std::string& token) : comm_(comm) {
  folder_ = fmt::format("{}/.evclean-s3-{}", scratch_dir.empty() ? "/var/tmp" : scratch_dir, token);
  const auto mark = [&](int rank) { return path(fmt::format("rank-{}", rank)); };
  comm.agree([&] {
    if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) fail_spool(folder_);
    touch(mark(comm.rank()));
  });
  std::set<int> here;  // ranks whose marks this rank sees
  comm.agree([&] {
    for (int rank = 0; rank < comm.size(); ++rank) {
      if (::access(mark(rank).c_str(), F_OK) == 0) here.insert(rank);
    }
  });
  leader_ = *here.begin();
  for (const std::string& text : comm.all_gather(std::to_string(leader_))) leader_of_.push_back(std::stoi(text));
  groups_ = static_cast<int>(std::set<int>(leader_of_.begin(), leader_of_.end()).size());
  if (!leads()) return;
  for (const int rank : here) ::unlink(mark(rank).c_str());
  remove_on_signal(folder_, /*folder=*/true);
}

Spool::~Spool() { remove(); }

void Spool::add(const std::vector<std::string>& paths) {
  comm_.agree([&] {
    for (const std::string& path : paths) {
      if (!leads()) return;
      remove_on_signal(path);
      touch(path);
    }
  });
  files_.insert(files_.end(), paths.begin(), paths.end());
}

std::vector<int> Spool::ranks_beside_first() const {
  std::vector<int> ranks;
  for (std::size_t rank = 0; rank < leader_of_.size(); ++rank) {
    if (leader_of_[rank] == leader_of_.front()) ranks.push_back(static_cast<int>(rank));
  }
  return ranks;
}

std::int64_t Spool::size(const std::string& path) const {
  struct stat status {};
  return comm_.max(::stat(path.c_str(), &status) == 0 ? static_cast<std::int64_t>(status.st_size) : 0);
}

void Spool::bring_together(const std::vector<SpoolPart>& parts) const {
  if (is_shared()) return;
  for (std::size_t begin = 0; begin < parts.size();) {
    std::size_t end = begin;
    for (std::int64_t bytes = 0; end < parts.size() && (end == begin || bytes < kSpoolRoundBytes); ++end) {
      bytes += parts[end].end - parts[end].begin;
    }
    exchange_round(parts, begin, end);
    begin = end;
  }
}

/// The leader of each group sends what its folder has of parts that are wanted elsewhere.
void Spool::exchange_round(const std::vector<SpoolPart>& parts, std::size_t begin, std::size_t end) const {
  std::vector<std::string> outgoing(static_cast<std::size_t>(comm_.size()));
  comm_.agree([&] {
    for (std::size_t p = begin; leads() && p < end; ++p) {
      const SpoolPart& part = parts[p];
      if (leader_of_[static_cast<std::size_t>(part.owner)] == comm_.rank()) continue;
      for (std::int64_t at = part.begin; at < part.end; at += kPieceBytes) {
        const std::string bytes = read_spooled(part.file, at, std::min(kPieceBytes, part.end - at));
        if (is_zero(bytes)) continue;
        const PieceHead head{static_cast<std::int64_t>(p), at, static_cast<std::int64_t>(bytes.size())};
        std::string& out = outgoing[static_cast<std::size_t>(part.owner)];
        out.append(reinterpret_cast<const char*>(&head), sizeof head).append(bytes);
      }
    }
  });
  const std::vector<std::string> incoming = comm_.all_to_all(outgoing);
  comm_.agree([&] {
    for (std::string_view in : incoming) {
      while (!in.empty()) {
        PieceHead head{};
        std::memcpy(&head, in.data(), sizeof head);
        const std::string& path = parts[static_cast<std::size_t>(head.part)].file;
        Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        if (!file) fail_spool(path);
        lay_over(file.get(), path, head.begin, in.substr(sizeof head, static_cast<std::size_t>(head.size)));
        in.remove_prefix(sizeof head + static_cast<std::size_t>(head.size));
      }
    }
  });
}

void Spool::remove() noexcept {
  if (!leads()) return;
  for (const std::string& file : files_) {
    ::unlink(file.c_str());
    keep_on_signal(file);
  }
  ::rmdir(folder_.c_str());
  keep_on_signal(folder_);
  files_.clear();
}

}  // namespace evclean
