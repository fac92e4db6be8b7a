// SPDX-License-Identifier: Apache-2.0
// Waits a little: first by giving the core away, later by sleeping, so that idle ranks cost others nothing.
#pragma once

#include <sched.h>

#include <ctime>

namespace evclean {

class Patience {
 public:
  /// `turns`: before it sleeps.
  explicit Patience(int turns = 200) : yields_(turns) {}
  void wait() {
    if (++turns_ < yields_) {
      sched_yield();
      return;
    }
    const timespec pause{0, turns_ < 10 * yields_ ? 20'000 : 200'000};
    nanosleep(&pause, nullptr);
  }

 private:
  int yields_;
  int turns_ = 0;
};

}  // namespace evclean
