// The other end of a connection, as far as it is known: what a handler may ask who calls.
//
// Threads: not changed once the connection is there.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rpc::net {

// The process behind a unix socket, as it was when it connected. Told by the system: it cannot be
// forged.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

// The certificate that the other end of a TLS connection has shown, once it has been verified.
struct PeerCertificate {
  std::string common_name = {};
  std::string subject = {};                 // `CN=alice,O=Example`, as RFC 2253 writes it
  std::vector<std::string> dns_names = {};  // of the subject's alternative names
  std::vector<std::string> uris = {};       // such as `spiffe://example/alice`
  std::string sha256 = {};                  // of the whole certificate, in lower-case hex digits
};

struct Peer {
  // `tcp://127.0.0.1:4711`, `tls://127.0.0.1:4711`, `unix:///run/echo.sock`,
  // `udp://127.0.0.1:4711`, `local`. Of an accepted unix socket, which has no name, the path that
  // was listened on.
  std::string address = {};
  // Over unix sockets.
  std::optional<PeerCredentials> credentials = {};
  // Over TLS, when the peer has shown one.
  std::shared_ptr<const PeerCertificate> certificate = {};
};

}  // namespace rpc::net
