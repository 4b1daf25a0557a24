// Standard output, for who has to wait until it is taken: a command that prints what it found, or a
// log that must not run ahead of its reader.
//
//     Printer printer(stop_fd);
//     if (absl::Status s = printer.Print("a line\n"); !s.ok()) ...
//
//     if (absl::Status s = terminal::Print(text); !s.ok()) return Complain("files", s, 1);
//
// Whoever does not read keeps the thread waiting, until `stop` can be read from. Nothing is
// buffered: what Print has returned for is with the system.
//
// Threads: one at a time. Nothing else is to print between.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/rpc.h"

namespace terminal {

class Printer {
 public:
  // `stop` stays the caller's; with -1 there is none.
  explicit Printer(int stop = -1);

  // All of it. UNAVAILABLE when nobody reads any more (SIGPIPE has to be ignored: see program.h),
  // CANCELLED when it was stopped, INTERNAL with what the system says; after that it prints nothing
  // any more, and returns the same.
  const absl::Status& Print(std::string_view text);

  const absl::Status& status() const { return status_; }

 private:
  // False: it was stopped.
  bool AwaitRoom();

  const rpc::Descriptor own_;  // of a terminal
  const int fd_;
  const int stop_;
  const size_t size_max_;  // of one write
  absl::Status status_;
};

absl::Status Print(std::string_view text);

}  // namespace terminal
