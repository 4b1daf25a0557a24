// What is sent to and fro: letters that do not repeat soon.
#pragma once

#include <cstddef>
#include <string>

namespace bench {

inline std::string Payload(size_t size) {
  std::string payload(size, ' ');
  for (size_t i = 0; i < size; ++i) payload[i] = static_cast<char>('a' + (i * 7 + i / 64) % 26);
  return payload;
}

}  // namespace bench
