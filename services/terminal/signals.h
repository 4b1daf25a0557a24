// The signals of this process, for a coroutine.
//
//     Signals signals({SIGINT, SIGWINCH, SIGTERM});
//     for (;;) {
//       absl::StatusOr<int> signal = co_await signals.Next();
//       if (!signal.ok()) co_return;                          // CANCELLED
//       if (*signal == SIGWINCH) screen.Resize();
//     }
//
// While it lives these signals do nothing but this. SIGCONT comes after RawMode has made the
// terminal raw again.
//
// Threads: made and used on one loop; one Next at a time. Each signal may be awaited by one Signals
// at a time: a second one throws std::logic_error. Lifetime: it outlives its waits.
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/rpc.h"

namespace terminal {

class Signals {
 public:
  explicit Signals(std::initializer_list<int> numbers);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The number of the next. None is lost but what comes when 60,000 wait. CANCELLED when the
  // call that the coroutine serves is over.
  rpc::Task<absl::StatusOr<int>> Next();

 private:
  struct Pipe;
  explicit Signals(std::unique_ptr<Pipe> pipe);

  std::vector<int> numbers_;
  rpc::Descriptor told_;  // where the handler writes
  rpc::Pollable heard_;
};

}  // namespace terminal
