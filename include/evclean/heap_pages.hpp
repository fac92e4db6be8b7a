// SPDX-License-Identifier: Apache-2.0
// How the C library's heap asks the system for memory. Only speed depends on it: nothing here fails.
#pragma once

#include <cstddef>

namespace evclean {

/// Keeps pages that were freed, and reserves addresses for the heap's first part in one piece. To be called once,
/// before anything large is allocated.
void settle_heap_pages();

/// From now on the heap's first part grows on huge pages, where the system gives them when asked
/// (/sys/kernel/mm/transparent_hugepage/enabled: madvise or always). For jobs that keep much in memory: blocks that
/// come and go keep their pages anyway. May be called again, and by any thread; without settle_heap_pages() it does
/// nothing.
void keep_much_in_heap();

/// Huge pages for mapped memory that is filled once and read in order, unless the host takes free memory back and a new
/// huge page costs more than its small ones.
void wish_huge_pages(void* memory, std::size_t bytes);

}  // namespace evclean
