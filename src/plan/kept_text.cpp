// SPDX-License-Identifier: Apache-2.0
#include "kept_text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "evclean/error.hpp"
#include "evclean/function.hpp"
#include "evclean/s3.hpp"

namespace evclean {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> read_object(const std::string& what, const std::string& path, const S3Settings& s3,
                                       std::int64_t most_bytes) {
  const auto client = S3Client::of(s3);
  const S3Url url = S3Url::parse(path);
  const auto object = client->look_at(url);
  if (!object) return std::nullopt;
  if (object->size_bytes == 0) return std::string();
  if (object->size_bytes > most_bytes)
    fail_user("{}: {} has {} bytes, which is too large", what, path, object->size_bytes);
  S3Piece piece = client->read(url, object->etag, 0, object->size_bytes).get();
  if (!piece.trouble.empty()) fail_system("{}: {}: {}", what, path, piece.trouble);
  return std::move(piece.bytes);
}

/// Whether all was written and is on the disk; errno says why not.
bool write_whole(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return false;
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) break;
    done += static_cast<std::size_t>(wrote);
  }
  const bool fine = done == text.size() && ::fsync(file) == 0;
  const int error = errno;
  const bool closed = ::close(file) == 0;
  if (!fine) errno = error;
  return fine && closed;
}

void write_file(const std::string& what, const std::string& path, const std::string& text,
                const std::string& consequence) {
  const fs::path whole = fs::absolute(path);
  std::error_code error;
  fs::create_directories(whole.parent_path(), error);
  const std::string hidden = (whole.parent_path() / fmt::format(".{}.part", whole.filename().string())).string();
  if (!error && write_whole(hidden, text) && std::rename(hidden.c_str(), whole.c_str()) == 0) return;
  const std::string why = error ? error.message() : std::strerror(errno);
  ::unlink(hidden.c_str());
  fail_system("{}: cannot write '{}': {}; {}", what, path, why, consequence);
}

}  // namespace

std::optional<std::string> read_kept(const std::string& what, const std::string& path, const S3Settings& s3,
                                     std::int64_t most_bytes) {
  if (is_s3_path(path)) return read_object(what, path, s3, most_bytes);
  std::ifstream file(path, std::ios::binary);
  if (!file && !fs::exists(path)) return std::nullopt;
  if (!file) fail_user("{}: cannot read '{}': {}", what, path, std::strerror(errno));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void write_kept(const std::string& what, const std::string& path, const S3Settings& s3, const std::string& text,
                const std::string& consequence) {
  if (!is_s3_path(path)) return write_file(what, path, text, consequence);
  try {
    S3Client::of(s3)->put(S3Url::parse(path), text, false);
  } catch (const Error& error) {
    fail_system("{}: {}; {}", what, error.what(), consequence);
  }
}

std::int64_t kept_number(const std::string& line, const char* key) {
  const std::string text = functions::json_get(line, key).value_or("");
  std::int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace evclean
