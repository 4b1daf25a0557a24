// The system's own settings of sockets: rpc/net/socket_options.h.
#pragma once

#include "rpc/net/socket_options.h"

namespace rpc {

using net::SocketOptions;

}  // namespace rpc
