#pragma once

#include <cstdlib>  // defines __GLIBC__

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace ucb {

// Gives memory that was freed back to the system where the allocator would keep it. May take milliseconds: for rare
// occasions on which much is freed.
inline void GiveBackFreedMemory() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

}  // namespace ucb
