// A transport over TLS, once the handshake is done (tls_handshake.h makes it).
#pragma once

#include <memory>

#include "rpc/net/peer.h"
#include "rpc/net/tls_link.h"
#include "rpc/net/transport.h"

namespace rpc::net {

// Input is decrypted straight into its user's space. Output is gathered to records of 16 KiB; at
// most 64 KiB of it, encrypted, waits for room below, and more is not taken before all of that has
// gone.
//
// Input that ends without the peer's close_notify is a failure: somebody may have cut it off.
//
// REQUIRES: the link's handshake is done.
std::unique_ptr<Transport> NewTlsTransport(std::unique_ptr<TlsLink> link,
                                           std::shared_ptr<const Peer> peer);

}  // namespace rpc::net
