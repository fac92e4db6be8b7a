// SPDX-License-Identifier: Apache-2.0
#include "file_digest.hpp"

#include <fcntl.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "evclean/descriptor.hpp"
#include "evclean/error.hpp"

namespace evclean {
namespace {

struct DigestTraits {
  using Raw = EVP_MD_CTX*;
  static Raw null() { return nullptr; }
  static void close(Raw raw) { EVP_MD_CTX_free(raw); }
};

std::string hex(const unsigned char* bytes, unsigned size) {
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

}  // namespace

std::string sha256_of_file(const std::string& path, const std::string& shown) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) fail_system("cannot read {} back: {}", shown, std::strerror(errno));
  Handle<DigestTraits> digest(EVP_MD_CTX_new());
  EVCLEAN_CHECK(digest && EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1, "SHA-256 is not available");
  std::vector<char> buffer(256 << 10);  // stays in the second-level cache
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_system("cannot read {} back: {}", shown, std::strerror(errno));
    if (n == 0) break;
    EVP_DigestUpdate(digest.get(), buffer.data(), static_cast<std::size_t>(n));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  EVP_DigestFinal_ex(digest.get(), sum.data(), &size);
  return hex(sum.data(), size);
}

}  // namespace evclean
