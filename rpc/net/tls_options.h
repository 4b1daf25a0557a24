// What a server's or a client's side of TLS is made of; tls.h says how it is used.
#pragma once

#include <string>

namespace rpc::net {

struct TlsOptions {
  // Our own certificate, followed by those between it and the CA; and its key. A server needs them,
  // a client only where the server asks for one.
  std::string certificate_file = {};
  std::string key_file = {};

  // The CAs that the peer's certificate has to come from. Empty: for a client those that the system
  // trusts, for a server none, and clients are not asked for a certificate.
  std::string ca_file = {};

  // Servers with a ca_file: clients may come without a certificate. What they show is verified.
  bool client_certificate_optional = false;

  // Clients: the name that the server's certificate must bear, in place of the address's host.
  std::string server_name = {};

  // Bodies that come over TLS need no md5, as TLS guards them already: said to the peer, which
  // leaves it out then. Each side decides for what it receives.
  bool md5_waived = false;
};

}  // namespace rpc::net
