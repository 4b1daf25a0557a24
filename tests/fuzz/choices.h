// A fuzz target's input, read as a list of choices, and what a target demands.
//
//     Choices choices(data, size);
//     while (!choices.done()) Act(choices.UpTo(5), choices.Bytes(choices.Byte()));
//     Require(book.empty(), "a call was never answered");
//
// At the end of the input every choice is 0 and all bytes are none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace rpc {

class Choices {
 public:
  Choices(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool done() const { return rest_.empty(); }

  uint8_t Byte() {
    const std::string_view byte = Bytes(1);
    return byte.empty() ? 0 : static_cast<uint8_t>(byte[0]);
  }

  // From 0 to max, which is below 256.
  size_t UpTo(size_t max) { return Byte() % (max + 1); }

  // A view of the input: so many bytes, or what is left.
  std::string_view Bytes(size_t size) {
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

 private:
  std::string_view rest_;
};

inline void Require(bool holds, const char* sentence) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", sentence);
  std::abort();
}

}  // namespace rpc
