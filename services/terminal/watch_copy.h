// A copy of a descriptor that others share, for coroutines to wait for.
//
// Internal to input.cc and output.cc. Watching a descriptor makes it non-blocking, for everybody
// who shares it: a shell whose terminal no longer blocks reads an end where there is none. So that
// is undone at once; a Pollable does not need it.
#pragma once

#include <optional>

#include "rpc/rpc.h"

namespace terminal {

// Empty when `fd` is not open. Throws std::logic_error on a thread without a loop.
void WatchCopy(int fd, std::optional<rpc::Pollable>* pollable);

}  // namespace terminal
