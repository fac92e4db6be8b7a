// SPDX-License-Identifier: Apache-2.0
// What a client holds; shared by the files that implement it.
#pragma once

#include "evclean/s3.hpp"
#include "session.hpp"

namespace evclean {

struct S3Client::Impl {
  explicit Impl(const S3Settings& settings) : session(settings) {}
  s3::Session session;
};

}  // namespace evclean
