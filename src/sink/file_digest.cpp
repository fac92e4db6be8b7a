// SPDX-License-Identifier: Apache-2.0
#include "file_digest.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <future>
#include <vector>

#include "evclean/descriptor.hpp"
#include "evclean/digest.hpp"
#include "evclean/error.hpp"
#include "evclean/s3.hpp"

namespace evclean {

std::string sha256_of_file(const std::string& path, const std::string& shown) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) fail_system("cannot read {} back: {}", shown, std::strerror(errno));
  Sha256 hash;
  std::vector<char> buffer(256 << 10);  // stays in the second-level cache
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_system("cannot read {} back: {}", shown, std::strerror(errno));
    if (n == 0) break;
    hash.update({buffer.data(), static_cast<std::size_t>(n)});
  }
  return hex_digits(hash.digest());
}

std::string sha256_of_object(const std::string& path, std::int64_t size_bytes, const S3Settings& s3) {
  constexpr std::int64_t kPieceBytes = 4 << 20;
  constexpr std::size_t kAhead = 8;
  const auto client = S3Client::of(s3);
  const S3Url url = S3Url::parse(path);
  Sha256 hash;
  std::deque<std::future<S3Piece>> coming;
  for (std::int64_t asked = 0; asked < size_bytes || !coming.empty();) {
    for (; asked < size_bytes && coming.size() < kAhead; asked += kPieceBytes) {
      coming.push_back(client->read(url, "", asked, std::min(kPieceBytes, size_bytes - asked)));
    }
    const S3Piece piece = coming.front().get();
    coming.pop_front();
    if (!piece.trouble.empty()) fail_system("cannot read {} back: {}", path, piece.trouble);
    hash.update(piece.bytes);
  }
  return hex_digits(hash.digest());
}

}  // namespace evclean
