// How much memory the program has taken and not given back, for tests that bound it.
//
// Linking this library replaces the program's operator new and delete.
#pragma once

#include <cstddef>

namespace rpc::session {

size_t HeapSize();

// False where a sanitizer has taken operator new for itself.
bool HeapIsCounted();

}  // namespace rpc::session
