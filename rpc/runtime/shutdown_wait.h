// A handler's wait for the shutdown of its server: what ServerContext::Shutdown() gives.
//
// Internal. Threads: the loop of the call.
#pragma once

#include "rpc/net/list.h"
#include "rpc/runtime/status_wait.h"

namespace rpc::runtime {

class ServerLoop;

class ShutdownWait final : public StatusWait {
 public:
  // Its place among those that wait on a server's loop.
  struct Place : net::ListNode {
    explicit Place(ShutdownWait* of) : wait(of) {}
    ShutdownWait* const wait;
  };

  explicit ShutdownWait(ServerLoop* server) : server_(server) {}

 private:
  void Listen() override;
  void OnGivenUp() override { place_.Leave(); }

  ServerLoop* const server_;
  Place place_{this};
};

using ShutdownOperation = Operation<ShutdownWait, ServerLoop*>;

}  // namespace rpc::runtime
