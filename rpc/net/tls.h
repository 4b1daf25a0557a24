// TLS for servers and channels: certificates, keys and whom to trust, read from PEM files.
//
//     absl::StatusOr<rpc::Tls> tls = rpc::Tls::Server(
//         {.certificate_file = "server.pem", .key_file = "server.key"});
//     if (!tls.ok()) return rpc::Fail(tls.status());
//     server.Listen("tls://*:7443", {.tls = &*tls});
//
//     absl::StatusOr<rpc::Tls> tls = rpc::Tls::Client({.ca_file = "ca.pem"});
//     rpc::Channel channel("tls://example.com:7443", {.tls = &*tls});
//
// TLS 1.2 and 1.3, forward secrecy only, no renegotiation. A client checks that the certificate
// comes from a CA that it trusts and bears the name that it asked for; it resumes earlier sessions.
// A server with a ca_file asks clients for certificates in turn: see net::Peer. A connection that
// is idle costs each side some 16 KiB.
//
// Threads: any. Copies are one; whoever is given a Tls keeps a copy of it.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/net/tls_options.h"

namespace rpc::net {

class Tls {
 public:
  // Reads the files. Errors name the file and what is wrong with it: INVALID_ARGUMENT, NOT_FOUND,
  // PERMISSION_DENIED; FAILED_PRECONDITION for a key that does not belong to its certificate, and
  // for a certificate that is not valid today.
  static absl::StatusOr<Tls> Server(const TlsOptions& options);
  static absl::StatusOr<Tls> Client(const TlsOptions& options = {});

  // Reads the files again, for connections from now on: those that are open keep what they have,
  // and no earlier session is resumed. When that fails nothing has changed.
  absl::Status Reload() const;

  bool md5_waived() const;
  // Made by Client.
  bool is_client() const;

  // Handshakes that went the short way, because both sides remembered an earlier one.
  uint64_t sessions_resumed() const;

  // For rpc/net.
  class Core;
  const std::shared_ptr<Core>& core() const { return core_; }

 private:
  explicit Tls(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  std::shared_ptr<Core> core_;
};

}  // namespace rpc::net
