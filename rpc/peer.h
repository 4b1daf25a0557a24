// Who is at the other end of a connection: rpc/net/peer.h.
#pragma once

#include "rpc/net/peer.h"

namespace rpc {

using net::Peer;
using net::PeerCertificate;
using net::PeerCredentials;

}  // namespace rpc
