// An address as a user writes it, and as the sentences that name it say it.
//
//     tcp://host:port   tcp://[::1]:port   tcp://*:0   unix:///path.sock   unix:@abstract
//     tls://host:port   udp://host:port
//
// `*` as a host means every address of this machine; port 0, when listening, picks one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace rpc::net {

enum class Scheme : uint8_t { kTcp, kTls, kUdp, kUnix };

// `tcp`, `tls`, `udp`, `unix`; with a zero byte behind it.
std::string_view SchemeName(Scheme scheme);

struct Address {
  Scheme scheme = Scheme::kTcp;
  std::string host = {};  // a name, an IPv4 or IPv6 address without brackets, or `*`; not for unix
  uint16_t port = 0;      // not for unix
  std::string path = {};  // unix: begins with `/`, or with `@` for an abstract name
};

// INVALID_ARGUMENT with the text, what is wrong with it and the forms there are.
absl::StatusOr<Address> ParseAddress(std::string_view text);

// The form that ParseAddress reads.
std::string ToString(const Address& address);

}  // namespace rpc::net
