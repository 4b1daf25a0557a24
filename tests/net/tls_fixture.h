// TLS connections on a test's loop: made, and what has come of them.
#pragma once

#include <memory>
#include <string>

#include "rpc/net/socket.h"
#include "rpc/net/tls.h"
#include "rpc/net/tls_openssl.h"
#include "rpc/net/transport.h"
#include "tests/net/loop_fixture.h"
#include "tests/net/tls_pair.h"
#include "tests/net/transport_end.h"

namespace rpc::net {

class TlsFixture : public LoopFixture {
 protected:
  static const TlsTestFiles& files() { return TlsTestFiles::Get(); }
  static const TestCertificate& ca() { return files().ca(); }

  // With the options below, which are to be good.
  Tls ClientTls() const { return *Tls::Client(client_options_); }
  Tls ServerTls() const { return *Tls::Server(server_options_); }

  // Handshakes until both sides are done; without a failure both ends have started.
  void Connect(const Tls& client, const Tls& server, const std::string& host = "localhost");
  void Connect(const std::string& host = "localhost") { Connect(ClientTls(), ServerTls(), host); }
  // As Connect, over a pair of sockets: closing one end with bytes unread resets it.
  void ConnectOverSockets();
  // Lets go of both ends, when they have told each other so.
  void Disconnect();

  // What the one side was told of the failure; the other side may be content.
  std::string ClientError() const { return std::string(client_status_.message()); }
  std::string ServerError() const { return std::string(server_status_.message()); }

  void ConnectOver(const Tls& client, const Tls& server, TransportPair below,
                   const std::string& host);

  TlsOptions client_options_ = files().Client();
  TlsOptions server_options_ = files().Server();
  absl::Status client_status_;
  absl::Status server_status_;
  TransportEnd near_;  // the client
  TransportEnd far_;
};

// The other end of a connection under test, with OpenSSL and nothing of ours: to misbehave with.
class BareTls {
 public:
  // Trusts everybody.
  static SslContext NewClientContext();
  static SslContext NewServerContext(const TlsOptions& options);

  BareTls(SslContext context, bool server, std::unique_ptr<Transport> below);

  SSL* ssl() { return ssl_.get(); }
  TransportEnd& end() { return end_; }
  // Goes on with the handshake as far as that goes now.
  bool Handshake();
  void Write(std::string_view bytes);
  // All that can be read now.
  std::string Read();
  // What OpenSSL has made goes to the other end, and what came from it to OpenSSL.
  void Move();
  // What OpenSSL has made.
  std::string TakeOutput();

 private:
  SslContext context_;
  Ssl ssl_;
  TransportEnd end_;
  size_t fed_ = 0;  // of the end's input
};

}  // namespace rpc::net
