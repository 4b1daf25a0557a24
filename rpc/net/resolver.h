// Finds the socket addresses of an Address, without keeping the loop waiting.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/net/address.h"
#include "rpc/net/loop.h"
#include "rpc/net/socket_address.h"

namespace rpc::net {

// One lookup, for an address to connect to. Destroyed before it is done, it tells nothing. What
// libuv's thread pool has begun goes on until the system answers; a loop of its own waits for that
// when it is destroyed.
class Resolver {
 public:
  // In the order in which they are best tried: the system's, with the families taking turns. Never
  // empty.
  using Addresses = std::vector<SocketAddress>;
  using Done = std::function<void(absl::StatusOr<Addresses>)>;

  // `done` runs on the loop, never within the constructor; it may destroy the resolver. A name that
  // is not known is UNAVAILABLE, `cannot resolve "no.such.host": <the system's reason>`; an address
  // that nobody can connect to (`*`, port 0, a path that is too long) INVALID_ARGUMENT.
  Resolver(Loop* loop, const Address& address, Done done);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

 private:
  struct Request;
  Request* request_;  // null when it is done
};

}  // namespace rpc::net
