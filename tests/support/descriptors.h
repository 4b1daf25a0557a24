// How many file descriptors this process has, for a test that none stays behind. It counts the one
// that it looks with, too.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace rpc {

inline ptrdiff_t CountDescriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

}  // namespace rpc
