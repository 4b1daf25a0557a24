// Standard output, or another descriptor, for coroutines that have much to write: whoever does not
// read keeps the coroutine waiting, and not its loop.
//
//     Output output;                                          // standard output
//     absl::Status written = co_await output.Write(bytes);    // all of them
//
// It writes to a copy of the descriptor and leaves the original, and whether that blocks, alone.
//
// Threads: made and used on one loop; one write at a time. Lifetime: it outlives its writes.
#pragma once

#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/rpc.h"

namespace terminal {

class Output {
 public:
  // Throws std::logic_error on a thread without a loop. `name` is what errors call it.
  explicit Output(int fd = STDOUT_FILENO, std::string name = "the standard output");
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // All of the bytes, which stay where they are until then. UNAVAILABLE when nobody reads any more
  // (SIGPIPE has to be ignored: see program.h), CANCELLED when the call that the coroutine serves
  // is over.
  rpc::Task<absl::Status> Write(std::string_view bytes);

 private:
  const std::string name_;
  std::optional<rpc::Pollable> pollable_;  // none for a descriptor that is not open
};

}  // namespace terminal
