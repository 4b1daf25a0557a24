// How many calls are handled at once, and how many more wait their turn.
//
// Internal. Threads: any; the calls of all loops of a server share one.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "absl/status/status.h"

namespace rpc::runtime {

class ServerCall;

class Limiter {
 public:
  enum class Entry : uint8_t { kEntered, kWaits, kFull };

  // `name` is what the sentence of a refusal speaks of.
  Limiter(std::string name, size_t handled_max, size_t waiting_max)
      : name_(std::move(name)), handled_max_(handled_max), waiting_max_(waiting_max) {}

  // kWaits: the call is told by OnAdmitted, on its loop, unless it withdraws.
  Entry Enter(ServerCall* call);
  // One that had entered, or was admitted, is done.
  void Leave();
  // False when the call does not wait any more: it has been admitted, and will be told.
  bool Withdraw(ServerCall* call);

  absl::Status Refusal() const;

 private:
  const std::string name_;
  const size_t handled_max_;
  const size_t waiting_max_;
  std::mutex mutex_;
  size_t handled_ = 0;               // guarded by the mutex
  std::deque<ServerCall*> waiting_;  // guarded by the mutex
};

}  // namespace rpc::runtime
