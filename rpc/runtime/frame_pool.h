// Memory of coroutine frames, kept by size and by thread: a call that runs again allocates nothing.
#pragma once

#include <cstddef>

namespace rpc::runtime {

// Frames may be freed on another thread than the one that made them.
void* NewFrame(size_t size);
void FreeFrame(void* frame, size_t size);

}  // namespace rpc::runtime
