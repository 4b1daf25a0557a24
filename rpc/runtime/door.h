// The way into a server from within its process. It outlives the server: then nobody answers.
//
// Internal. Threads: any.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "rpc/net/local_transport.h"
#include "rpc/runtime/server_loop.h"

namespace rpc::runtime {

class Door {
 public:
  void Open(std::vector<ServerLoop*> loops) {
    std::lock_guard lock(mutex_);
    loops_ = std::move(loops);
  }
  // Nobody who came through it is on their way to the loops any more, but in what was posted to
  // them.
  void Close() {
    std::lock_guard lock(mutex_);
    loops_.clear();
  }

  // A connection between `client` and the next of the server's loops; null when there is no server.
  std::unique_ptr<net::Transport> Enter(net::Loop* client) {
    std::lock_guard lock(mutex_);
    if (loops_.empty()) return nullptr;
    ServerLoop* server = loops_[next_++ % loops_.size()];
    auto [near, far] = net::NewLocalTransports(client, server->loop());
    const auto shared = std::make_shared<std::unique_ptr<net::Transport>>(std::move(far));
    if (!server->loop()->Post(
            [server, shared] { server->Accept(std::move(*shared), server->limits()); })) {
      return nullptr;
    }
    return std::move(near);
  }

 private:
  std::mutex mutex_;
  std::vector<ServerLoop*> loops_;  // guarded by the mutex
  size_t next_ = 0;                 // guarded by the mutex
};

}  // namespace rpc::runtime
