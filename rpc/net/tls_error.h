// What went wrong with TLS, in sentences that a person can act on.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "rpc/net/tls_context.h"
#include "rpc/net/tls_openssl.h"

namespace rpc::net {

class TlsLink;

// A transport's name, over TLS: `tls://` in place of `tcp://`.
std::string TlsAddress(const std::string& below);

// Why the certificate that is being verified is not to be trusted, while OpenSSL says so.
// `verified_name` is what it must bear.
std::string DistrustSentence(X509_STORE_CTX* verifying, const TlsContext& context,
                             const std::string& verified_name);

// Right after SSL_do_handshake has failed on this thread, or the input has ended. UNAUTHENTICATED
// where certificates are the matter and trying again would not help, UNAVAILABLE for the rest.
absl::Status HandshakeError(const TlsLink& link);

// The first bytes are neither a handshake nor an alert: a peer that does not speak TLS.
absl::Status NoTlsError(const TlsLink& link);

// Right after SSL_read or SSL_write has failed on this thread.
absl::Status StreamError(const TlsLink& link);

// The input has ended before the peer has said that it does.
absl::Status CutOffError(const TlsLink& link);

// Handshake messages without end.
absl::Status FloodError(const TlsLink& link);

}  // namespace rpc::net
