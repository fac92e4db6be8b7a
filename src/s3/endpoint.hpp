// SPDX-License-Identifier: Apache-2.0
// Where requests go.
#pragma once

#include <string>

#include "evclean/s3_settings.hpp"

namespace evclean::s3 {

struct Endpoint {
  std::string scheme;  ///< "https"
  std::string host;    ///< with its port, if that is not the scheme's
  std::string path;    ///< before the bucket; without a slash at its end

  /// Takes a URL apart. Errors: user Error.
  static Endpoint parse(const std::string& url);
};

/// The endpoint that the job, the environment or the profile name; empty: AWS's own.
std::string configured_endpoint(const S3Settings& settings, const std::string& region);

/// "amazonaws.com", or China's.
std::string domain_of(const std::string& region);

/// Host and path of a bucket: path style "host/bucket", else "bucket.host".
Endpoint bucket_endpoint(const S3Settings& settings, const std::string& bucket, const std::string& region);

}  // namespace evclean::s3
