// SPDX-License-Identifier: Apache-2.0
// Signature version 4 of AWS.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "credentials.hpp"
#include "http.hpp"
#include "url_text.hpp"

namespace evclean::s3 {

/// What a signature covers.
struct SignedParts {
  std::string method;
  std::string host;  ///< with its port, if that is not the scheme's
  std::string path;  ///< encoded, begins with /
  Query query;
  std::vector<Header> headers;  ///< names in lower case
  std::string payload_hash;     ///< of the body: 64 hex digits
};

/// The headers to send: those given, host, the time, the session's token and the signature. Anonymous credentials sign
/// nothing. `now_s`: seconds since 1970.
std::vector<Header> sign(const SignedParts& parts, const Credentials& credentials, const std::string& region,
                         const std::string& service, std::int64_t now_s);

}  // namespace evclean::s3
