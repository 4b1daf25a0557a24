// What a certificate says, in words.
#pragma once

#include <string>

#include "rpc/net/peer.h"
#include "rpc/net/tls_openssl.h"

namespace rpc::net {

PeerCertificate ReadCertificate(X509* certificate);

// `CN=alice,O=Example`, as RFC 2253 writes it.
std::string SubjectOf(X509* certificate);

// All that it is for: `DNS:a.example, IP:127.0.0.1, URI:spiffe://example/a`, or `no name at all`.
std::string NamesOf(X509* certificate);

// What is wrong with it today: `expired on 2024-05-01 12:00:00 UTC`, `is valid only from ...`, or
// nothing.
std::string WhyNotToday(X509* certificate);

// `host` without what is not part of a name in a certificate: a last dot, the zone of an IPv6
// address.
std::string NameToVerify(const std::string& host);
bool IsIpAddress(const std::string& host);

}  // namespace rpc::net
