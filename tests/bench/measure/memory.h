// For programs that are to show what the system costs, and not what it costs to ask it for memory:
// what is freed stays in the process, also where it was large.
#pragma once

#include <malloc.h>

namespace bench {

inline void KeepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc takes
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
}

}  // namespace bench
