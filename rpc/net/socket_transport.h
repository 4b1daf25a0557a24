// A transport over a connected stream socket: TCP or unix.
#pragma once

#include <memory>

#include "rpc/net/loop.h"
#include "rpc/net/socket.h"
#include "rpc/net/transport.h"

namespace rpc::net {

// Reads into its user's space and writes pieces as they are, with one system call each and no copy:
// it polls the descriptor itself, because libuv's own streams copy what does not go at once into
// requests of theirs.
//
// REQUIRES: `socket` is connected and non-blocking.
std::unique_ptr<Transport> NewSocketTransport(Loop* loop, Descriptor socket);

}  // namespace rpc::net
