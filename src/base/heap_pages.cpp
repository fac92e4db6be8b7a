// SPDX-License-Identifier: Apache-2.0
#include "evclean/heap_pages.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace evclean {
namespace {

/// Addresses, not memory.
constexpr std::size_t kFirstPart = std::size_t{512} << 20;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
/// As far as the C library itself goes ahead.
constexpr int kUsualStep = 128 << 10;

struct Range {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};
Range first_part;
std::atomic<bool> wished = false;

bool is_unlimited(__rlimit_resource resource) {
  rlimit limit{};
  return getrlimit(resource, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

/// Where the system counts addresses as memory, taking them ahead would take them from others.
bool addresses_are_free() {
  constexpr long kNeverOvercommit = 2;
  long mode = kNeverOvercommit;
  if (FILE* file = std::fopen("/proc/sys/vm/overcommit_memory", "re"); file != nullptr) {
    if (std::fscanf(file, "%ld", &mode) != 1) mode = kNeverOvercommit;
    std::fclose(file);
  }
  return mode != kNeverOvercommit && is_unlimited(RLIMIT_AS) && is_unlimited(RLIMIT_DATA);
}

Range reserve_first_part() {
  mallopt(M_TOP_PAD, kFirstPart);
  void* const first = std::malloc(kHugePage);  // more than the heap has left, so it grows
  mallopt(M_TOP_PAD, kUsualStep);
  const auto begin = (reinterpret_cast<std::uintptr_t>(first) + kHugePage - 1) & ~(kHugePage - 1);
  const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0)) & ~(kHugePage - 1);
  const bool in_heap = first != nullptr && begin < end && end - begin <= kFirstPart + 2 * kHugePage;
  std::free(first);
  return in_heap ? Range{begin, end} : Range{};
}

/// Whether the host takes free huge pages back from this virtual machine: giving one again takes it milliseconds, more
/// than its small pages together. The balloon says so (virtio 1.2, 5.5.3: feature 5, free page reporting).
bool look_at_balloon() {
  constexpr std::size_t kReporting = 5;
  std::error_code failed;
  const std::filesystem::path driver = "/sys/bus/virtio/drivers/virtio_balloon";
  for (std::filesystem::directory_iterator entry(driver, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::ifstream file(entry->path() / "features");
    std::string features;
    if (file >> features && features.size() > kReporting && features[kReporting] == '1') return true;
  }
  return false;
}

bool host_takes_pages_back() {
  static const bool kTakes = look_at_balloon();
  return kTakes;
}

}  // namespace

/// Blocks, frames and batches come and go a thousand times: keep their pages instead of giving them back and faulting
/// them in again. Arrow's own pool gives back within milliseconds what a join needs again, so it takes its memory here
/// too. 32 MiB is the largest threshold that the C library takes.
void settle_heap_pages() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * kFirstPart));
  setenv("ARROW_DEFAULT_MEMORY_POOL", "system", 0);
  if (addresses_are_free()) first_part = reserve_first_part();
}

/// Measured with a join and group of two tables from 650 MB of JSON lines, 2 ranks: 0.71 s before, 0.61 s on huge
/// pages; where the host takes pages back, 1.5 s of system time on huge pages after other programs, 0.7 s on small
/// ones.
void keep_much_in_heap() {
  if (wished.exchange(true) || first_part.begin == first_part.end) return;
  wish_huge_pages(reinterpret_cast<void*>(first_part.begin), first_part.end - first_part.begin);
}

void wish_huge_pages(void* memory, std::size_t bytes) {
  if (!host_takes_pages_back()) madvise(memory, bytes, MADV_HUGEPAGE);
}

}  // namespace evclean
