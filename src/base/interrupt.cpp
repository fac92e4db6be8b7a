// SPDX-License-Identifier: Apache-2.0
#include "evclean/interrupt.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>

namespace evclean {
namespace {

/// Paths stand in memory of their own that is never freed while marked: a handler may read it at any moment.
struct Mark {
  std::atomic<char*> path{nullptr};
  bool folder = false;
};

std::array<Mark, 4096> marks;
volatile std::sig_atomic_t arrived = 0;

}  // namespace

int interrupt_signal() noexcept { return arrived; }

void note_interrupt(int signal) noexcept {
  for (std::size_t i = marks.size(); i-- > 0;) {  // newest first: files before the folders made for them
    const char* path = marks[i].path.load();
    if (path == nullptr) continue;
    if (marks[i].folder) {
      ::rmdir(path);
    } else {
      ::unlink(path);
    }
  }
  arrived = signal;
}

void remove_on_signal(const std::string& path, bool folder) {
  for (Mark& mark : marks) {
    if (mark.path.load() != nullptr) continue;
    mark.folder = folder;
    mark.path = ::strdup(path.c_str());
    return;
  }
}

void keep_on_signal(const std::string& path) noexcept {
  for (Mark& mark : marks) {
    char* marked = mark.path.load();
    // The text stays allocated: a handler that runs now may still hold it.
    if (marked != nullptr && path == marked) mark.path = nullptr;
  }
}

}  // namespace evclean
