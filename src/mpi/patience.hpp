// SPDX-License-Identifier: Apache-2.0
// Waits a little: first by giving the core away, later by sleeping, so that idle ranks cost others nothing.
#pragma once

#include <sched.h>

#include <ctime>

namespace evclean {

class Patience {
 public:
  void wait() {
    if (++turns_ < 200) {
      sched_yield();
      return;
    }
    const timespec pause{0, turns_ < 2000 ? 20'000 : 200'000};
    nanosleep(&pause, nullptr);
  }

 private:
  int turns_ = 0;
};

}  // namespace evclean
