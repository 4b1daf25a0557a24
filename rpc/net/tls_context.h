// One reading of what TlsOptions name, ready for connections. It does not change: Tls::Reload makes
// another one, and connections keep theirs.
//
// Threads: any.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/net/tls_openssl.h"
#include "rpc/net/tls_options.h"
#include "rpc/net/tls_sessions.h"

namespace rpc::net {

enum class TlsSide { kServer, kClient };

struct TlsContext {
  TlsSide side = TlsSide::kServer;
  SslContext ssl = {};
  bool has_certificate = false;
  std::string trusted = {};   // `the CAs in ca.pem`
  TlsSessions sessions = {};  // of a client; a server's are in the tickets that its clients keep
};

// What can be said of the options without reading a file.
absl::Status CheckTlsOptions(TlsSide side, const TlsOptions& options);

absl::StatusOr<std::shared_ptr<TlsContext>> ReadTlsContext(TlsSide side, const TlsOptions& options);

}  // namespace rpc::net
