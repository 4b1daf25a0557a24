// A handler's wait for the shutdown of its server: what ServerContext::Shutdown() gives.
//
// Internal. Threads: the loop of the call.
#pragma once

#include <coroutine>

#include "absl/status/status.h"
#include "rpc/net/list.h"
#include "rpc/runtime/scope.h"

namespace rpc::runtime {

class ServerLoop;

class ShutdownWait final : public Wait {
 public:
  // Its place among those that wait on a server's loop.
  struct Place : net::ListNode {
    explicit Place(ShutdownWait* of) : wait(of) {}
    ShutdownWait* const wait;
  };

  explicit ShutdownWait(ServerLoop* server) : server_(server) {}

  bool await_ready() const { return false; }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    if (!Suspend(coroutine)) return false;
    Listen();
    return true;
  }

  absl::Status await_resume() const {
    return cancelled() ? absl::CancelledError("cancelled while it waited") : absl::OkStatus();
  }

 private:
  void Listen();
  void OnGivenUp() override { place_.Leave(); }

  ServerLoop* const server_;
  Place place_{this};
};

class [[nodiscard]] ShutdownOperation {
 public:
  explicit ShutdownOperation(ServerLoop* server) : server_(server) {}
  ShutdownWait operator co_await() const { return ShutdownWait(server_); }

 private:
  ServerLoop* server_;
};

}  // namespace rpc::runtime
