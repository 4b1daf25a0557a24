// Accepts connections on a listening socket, on one loop.
#pragma once

#include <functional>
#include <memory>

#include "rpc/net/loop.h"
#include "rpc/net/socket.h"

namespace rpc::net {

class Listener {
 public:
  using OnAccept = std::function<void(Descriptor)>;
  using OnFailure = std::function<void()>;

  // Each connection that is accepted goes to `on_accept`, on the loop, within a turn; it may not
  // destroy the listener. When the process has no descriptors left, `on_failure` is told, stderr
  // says so once, and accepting pauses for 100 ms; a connection that vanished before it was
  // accepted is passed over.
  Listener(Loop* loop, Descriptor socket, OnAccept on_accept, OnFailure on_failure = {});
  // Accepts what is in the queue already, then closes the socket: nobody who was connected is
  // reset. The file of a unix socket is removed, if it is still the one that was bound.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  class Queue;
  std::unique_ptr<Queue> queue_;
};

}  // namespace rpc::net
