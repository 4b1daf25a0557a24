// How much memory the program has taken and not given back, for tests that bound it.
//
// Linking this library replaces the program's operator new and delete.
#pragma once

#include <cstddef>

namespace rpc::session {

size_t HeapSize();

}  // namespace rpc::session
