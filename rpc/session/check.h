// Check: what must hold because of our own code, in release builds too. Never for a peer's bytes.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace rpc::session {

inline void Check(bool holds, const char* sentence) {
  if (holds) [[likely]] {
    return;
  }
  std::fprintf(stderr, "uvrpc: this does not hold, but must: %s\n", sentence);
  std::abort();
}

}  // namespace rpc::session
