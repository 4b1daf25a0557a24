// Compresses and expands the body of a message with zstd.
//
// A bomb stays harmless: expansion stops at a size that the caller gives, memory is taken as the
// bytes come out, and the window that a stream may ask for is bounded (kZstdWindowLogMax).
//
// Threads: an object is used by one thread at a time. It keeps its working memory for the next
// body, up to 1 MiB of a Compressor and, because a peer chooses the window, 10 MiB of an Expander:
// have one for a loop rather than for a connection.
//
// Both throw std::bad_alloc when there is no memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace rpc::wire {

class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // Appends `body`, compressed, to *out as one zstd frame, which says how long `body` is.
  void Compress(std::string_view body, std::string* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Expander {
 public:
  Expander();
  ~Expander();
  Expander(const Expander&) = delete;
  Expander& operator=(const Expander&) = delete;

  // Appends to *out what `compressed`, exactly one whole zstd frame, expands to.
  // Fails with RESOURCE_EXHAUSTED (both numbers in the sentence) when that is more than size_max
  // bytes, and with DATA_LOSS when it does not expand. After a failure *out is as it was, though
  // its capacity may have grown, to little more than twice size_max.
  absl::Status Expand(std::string_view compressed, uint64_t size_max, std::string* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rpc::wire
