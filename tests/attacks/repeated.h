// The same frame again and again.
#pragma once

#include <cstddef>
#include <string>

namespace rpc::attacks {

// As often as it takes to have `size` bytes at least.
inline std::string Repeated(const std::string& frame, size_t size) {
  std::string all;
  while (all.size() < size) all += frame;
  return all;
}

}  // namespace rpc::attacks
