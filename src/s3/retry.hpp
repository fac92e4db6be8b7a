// SPDX-License-Identifier: Apache-2.0
// Which requests are worth sending again, and when.
#pragma once

#include <string>

#include "http.hpp"

namespace evclean::s3 {

/// Whether the trouble may pass: no or half a reply, 429, 5xx, SlowDown and its like.
bool may_pass(const HttpReply& reply, const std::string& code);

/// The attempts of one request: AWS_MAX_ATTEMPTS, or 10. One that cleans up goes on after a signal, for a few more.
class Attempts {
 public:
  explicit Attempts(bool cleans_up = false);
  /// After a failed attempt: waits (longer each time, by chance within the bound, so that ranks do not come back
  /// together) and says true when it is worth another. Errors: the Error of an interrupt.
  bool again(const HttpReply& reply, const std::string& code);
  /// Another attempt whatever the reply was.
  bool again_after_wait();
  int made() const { return made_; }

 private:
  int made_ = 1;
  int most_;
  bool cleans_up_;
};

}  // namespace evclean::s3
