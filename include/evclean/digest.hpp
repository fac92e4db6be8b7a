// SPDX-License-Identifier: Apache-2.0
// SHA-256 of bytes: for the report, and for requests that are signed.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace evclean {

/// A hash that takes its bytes piece by piece.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  /// 32 bytes. Ends the hash.
  std::string digest();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// 64 hex digits of the hash of `bytes`.
std::string sha256_hex(std::string_view bytes);

/// 32 bytes: HMAC with SHA-256.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// Two lower-case digits a byte.
std::string hex_digits(std::string_view bytes);

}  // namespace evclean
