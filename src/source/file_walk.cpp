// SPDX-License-Identifier: Apache-2.0
#include "file_walk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "evclean/error.hpp"
#include "member_decoder.hpp"
#include "path_pattern.hpp"
#include "stored_file.hpp"
#include "utf8.hpp"

namespace evclean {
namespace {

constexpr std::size_t kSignBytes = 4096;
constexpr std::int64_t kSmallBytes = 1024;  ///< a compressed file above it is taken to hold text

class FolderWalk {
 public:
  explicit FolderWalk(const std::function<void(const std::string&)>& found) : found_(found) {}

  void enter(const std::string& folder) {
    const auto info = look_at(folder);
    if (!info || !entered_.insert({info->st_dev, info->st_ino}).second) return;
    for (const std::string& name : folder_names(folder)) {
      if (is_hidden(name)) continue;
      const std::string path = folder.ends_with('/') ? folder + name : folder + "/" + name;
      if (is_folder(path)) {
        enter(path);
      } else {
        found_(path);
      }
    }
  }

 private:
  const std::function<void(const std::string&)>& found_;
  std::set<std::pair<dev_t, ino_t>> entered_;
};

std::string first_bytes(const std::string& path) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor) fail_unreadable(path, errno);
  std::string head(kSignBytes, '\0');
  const ssize_t got = ::pread(descriptor.get(), head.data(), head.size(), 0);
  if (got < 0) fail_unreadable(path, errno);
  head.resize(static_cast<std::size_t>(got));
  return head;
}

bool begins_with_utf16_mark(std::string_view head) {
  return head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff");
}

/// A name for people and for outputs, which are UTF-8: other bytes as \xff.
std::string as_text(std::string_view name) {
  std::string text;
  for (std::size_t whole = scalar_prefix(name);; whole = scalar_prefix(name)) {
    text += name.substr(0, whole);
    name.remove_prefix(whole);
    if (name.empty()) return text;
    const std::size_t bad = bad_sequence(name).length;
    for (const char c : name.substr(0, bad)) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    name.remove_prefix(bad);
  }
}

}  // namespace

void fail_unreadable(const std::string& path, int error) {
  struct stat info {};
  if ((error != EACCES && error != EPERM) || ::stat(path.c_str(), &info) != 0) {
    fail_system("cannot read '{}': {}", path, std::strerror(error));
  }
  fail_system(
      "cannot read '{}': permission denied (mode {:04o}, owner {}, group {}; this process is user {}, group {})", path,
      info.st_mode & 07777u, info.st_uid, info.st_gid, ::geteuid(), ::getegid());
}

bool is_hidden(std::string_view name) { return name.starts_with('.') || name.starts_with('_'); }

bool is_folder(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::optional<struct stat> look_at(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) return info;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  if (errno == ELOOP || errno == ENAMETOOLONG) fail_user("input '{}': {}", path, std::strerror(errno));
  fail_unreadable(path, errno);
}

void walk_folder(const std::string& folder, const std::function<void(const std::string&)>& found) {
  FolderWalk(found).enter(folder);
}

InputFile inspect_file(const std::string& path, const std::string& shown, const struct stat& info, Encoding encoding) {
  return describe_file(path, shown, info.st_size, info.st_mtim.tv_sec, first_bytes(path), encoding);
}

InputFile describe_file(const std::string& path, const std::string& shown, std::int64_t size_bytes,
                        std::int64_t modified_s, std::string_view head, Encoding encoding) {
  const ContentSign sign = sign_of_content(head);
  if (!sign.refused.empty()) {
    fail_user("input '{}' is {}: reading that is not available yet; unpack or convert it first, or leave it out", shown,
              sign.refused);
  }
  InputFile file{
      .path = path, .shown = as_text(shown), .size_bytes = size_bytes, .modified_s = modified_s, .codec = sign.codec};
  const bool marked = sign.codec == Codec::kPlain && head.starts_with(kUtf8Mark);
  file.mark_bytes = marked ? static_cast<std::int32_t>(kUtf8Mark.size()) : 0;
  const bool is_utf8 = marked || encoding == Encoding::kAuto || encoding == Encoding::kUtf8;
  file.splittable = sign.codec == Codec::kPlain && is_utf8 && !begins_with_utf16_mark(head);
  return file;
}

bool is_small_compressed(const InputFile& file) {
  return file.codec != Codec::kPlain && file.size_bytes <= kSmallBytes;
}

bool is_without_text(const InputFile& file) {
  if (file.codec == Codec::kPlain) return file.text_bytes() == 0;
  if (!is_small_compressed(file)) return false;
  const auto stream = open_stream(file, 0, {});
  TextBlock block;
  return stream->read(block, 1) == 0 && !stream->damage().damaged;
}

}  // namespace evclean
