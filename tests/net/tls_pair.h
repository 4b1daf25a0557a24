// Both ends of a TLS connection for tests, and the certificates that they show.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/net/loop.h"
#include "rpc/net/tls.h"
#include "rpc/net/tls_handshake.h"
#include "rpc/net/transport.h"
#include "tests/support/certificates.h"

namespace rpc::net {

// A CA, what it has issued, and the files with them: made once for all tests of a program.
class TlsTestFiles {
 public:
  static const TlsTestFiles& Get();

  const TestCertificate& ca() const { return ca_; }
  const TemporaryFolder& folder() const { return folder_; }

  // The certificate is for localhost, 127.0.0.1 and ::1.
  TlsOptions Server() const;
  // That asks for the client's certificate.
  TlsOptions MutualServer() const;
  TlsOptions Client() const;
  // That has a certificate: alice, spiffe://example/alice.
  TlsOptions MutualClient() const;

  // Writes a certificate and its key, and names them in the options.
  void Show(const TestCertificate& certificate, const std::string& name, TlsOptions* options) const;

 private:
  TlsTestFiles();

  TestCertificate ca_;
  TemporaryFolder folder_;
};

// The client's end, then the server's.
using TransportPair = std::pair<std::unique_ptr<Transport>, std::unique_ptr<Transport>>;

// Two handshakes, with each other.
class TlsPair {
 public:
  TlsPair(Loop* loop, const Tls& client, const Tls& server, TransportPair below,
          const std::string& host = "localhost", const std::string& address = "tls://localhost:1");

  bool done() const { return client_done_ && server_done_; }
  // REQUIRES: done, and neither has failed.
  TransportPair Take();
  absl::StatusOr<std::unique_ptr<Transport>>& client() { return client_; }
  absl::StatusOr<std::unique_ptr<Transport>>& server() { return server_; }

 private:
  absl::StatusOr<std::unique_ptr<Transport>> client_;
  absl::StatusOr<std::unique_ptr<Transport>> server_;
  bool client_done_ = false;
  bool server_done_ = false;
  std::unique_ptr<TlsHandshake> accepting_;
  std::unique_ptr<TlsHandshake> connecting_;
};

}  // namespace rpc::net
