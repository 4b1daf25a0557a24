// A libuv loop that servers and channels may share with the rest of a program.
//
//     rpc::Loop loop(uv_default_loop());
//     rpc::Server server({.loop = &loop});
//     rpc::Channel channel("tcp://127.0.0.1:7000", {.loop = &loop});
//     uv_run(uv_default_loop(), UV_RUN_DEFAULT);
//
// Most programs need none: a server makes its own, and channels have one in the background. The
// contract is in rpc/net/loop.h; a loop outlives the servers, channels and calls that use it.
#pragma once

#include "rpc/net/loop.h"

namespace rpc {

using Loop = net::Loop;

}  // namespace rpc
