// Turns a connected transport into one over TLS.
//
// Threads: the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "rpc/net/loop.h"
#include "rpc/net/tls.h"
#include "rpc/net/transport.h"

namespace rpc::net {

// One handshake. Destroyed before it is done, it is given up, and its connection is closed. It has
// no time limit of its own.
class TlsHandshake {
 public:
  using Done = std::function<void(absl::StatusOr<std::unique_ptr<Transport>>)>;

  virtual ~TlsHandshake() = default;

 protected:
  TlsHandshake() = default;
  TlsHandshake(const TlsHandshake&) = delete;
  TlsHandshake& operator=(const TlsHandshake&) = delete;
};

// The server's side. `below` has not been started. `done` runs on the loop, in a turn, never within
// this function, and may destroy the handshake: with the transport over TLS, whose peer() has the
// certificate if there is one, or with a sentence that says what went wrong. It is UNAUTHENTICATED
// where a certificate is the matter, of either side; UNAVAILABLE for the rest.
std::unique_ptr<TlsHandshake> TlsAccept(Loop* loop, const Tls& tls,
                                        std::unique_ptr<Transport> below, TlsHandshake::Done done);

// The client's side. In TLS 1.3 a server refuses a client's certificate, or the lack of one, after
// the client is done: the transport's OnInputEnd says so then. `host` is the name or address that
// the server's certificate must bear, unless the options name another; `address` is what sessions
// are kept under, to be resumed.
std::unique_ptr<TlsHandshake> TlsConnect(Loop* loop, const Tls& tls, const std::string& host,
                                         const std::string& address,
                                         std::unique_ptr<Transport> below, TlsHandshake::Done done);

}  // namespace rpc::net
