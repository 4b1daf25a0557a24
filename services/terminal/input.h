// Standard input, or another descriptor, for coroutines: the next bytes, or the next line.
//
//     Input input;                                            // standard input
//     absl::StatusOr<std::string> bytes = co_await input.Read();
//     if (!bytes.ok() || bytes->empty()) ...                  // empty: the end
//
//     absl::StatusOr<std::optional<std::string>> line = co_await input.ReadLine();
//     if (line.ok() && line->has_value()) Use(**line);        // nothing: the end
//
// A terminal, a pipe, a file, a socket or /dev/null, all the same. It reads from a copy of the
// descriptor and leaves the original, and whether that blocks, alone: the shell shares it.
//
// Threads: made and used on one loop; one read at a time. Lifetime: it outlives its reads.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/rpc.h"

namespace terminal {

class Input {
 public:
  static constexpr size_t kReadSizeMax = 64 << 10;
  static constexpr size_t kLineSizeMax = 1 << 20;

  // Throws std::logic_error on a thread without a loop. A descriptor that is not open is like one
  // at its end.
  explicit Input(int fd = STDIN_FILENO);
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // What is there, of at most kReadSizeMax bytes; waits until there is something. Empty at the end.
  // CANCELLED when the call that the coroutine serves is over; else a sentence of what failed.
  rpc::Task<absl::StatusOr<std::string>> Read();

  // Without its line feed; the last line may lack one. Nothing at the end. RESOURCE_EXHAUSTED for a
  // line of more than kLineSizeMax bytes, which is then passed over with the next ReadLine.
  rpc::Task<absl::StatusOr<std::optional<std::string>>> ReadLine();

 private:
  // The line that begins what is held, if it is whole.
  std::optional<std::string> TakeLine();
  absl::Status PassOver();

  std::optional<rpc::Pollable> pollable_;  // none for a descriptor that is not open
  std::string held_;                       // read, and not taken by ReadLine yet
  size_t searched_ = 0;                    // of held_, without a line feed
  size_t line_ = 1;                        // the number of the next line
  bool passes_over_ = false;               // the rest of a line that was too long
  bool ended_ = false;
};

}  // namespace terminal
