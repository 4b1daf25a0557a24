// The ways in which a client reaches a server, each with an address of its own.
#pragma once

#include <string>
#include <vector>

#include "rpc/rpc.h"

namespace rpc {

enum class Way { kTcp, kIpv6, kUnix, kAbstract, kTls, kMutualTls, kUdp, kInProcess };

std::string WayName(Way way);

// Those that carry streams. IPv6 only where this machine has it.
std::vector<Way> StreamWays();

// Has `server` listen that way; its address, or nothing for calls within the process.
std::string ListenOver(Way way, Server* server);

// A channel to a server that listens so.
Channel ChannelOver(Way way, Server* server, const std::string& address, ChannelOptions options);

// The certificates of kTls and kMutualTls: of `localhost`, from one CA; the client is `alice`.
const Tls& ServerTls(Way way);
const Tls& ClientTls(Way way);

}  // namespace rpc
